import * as aws from "@pulumi/aws";
import type { CreateDnsRecords } from "../cloud";

/**
 * Creates alias records in Route 53 for a network load balancer. They are free, and allowed at the top of a zone,
 * unlike a CNAME.
 */
export const aliasRecords: CreateDnsRecords = (records, target, opts) => {
  const balancers = aws.lb.getHostedZoneIdOutput({ loadBalancerType: "network" }, opts);
  const aliases = [{ name: target, zoneId: balancers.id, evaluateTargetHealth: true }];
  return Object.fromEntries(
    records.map(({ resource, zoneId, name }) => [
      name,
      new aws.route53.Record(resource, { zoneId, name, type: "A", aliases }, opts),
    ]),
  );
};
