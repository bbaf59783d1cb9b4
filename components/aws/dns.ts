import * as aws from "@pulumi/aws";
import type { DnsRecord } from "../cloud";

/** An alias record in Route 53 for a network load balancer: free of charge, and allowed at the top of a zone, where a CNAME is not. */
export const aliasRecord: DnsRecord = (name, { zoneId, name: record, target }, opts) => {
  const balancers = aws.lb.getHostedZoneIdOutput({ loadBalancerType: "network" }, opts);
  const aliases = [{ name: target, zoneId: balancers.id, evaluateTargetHealth: true }];
  return new aws.route53.Record(name, { zoneId, name: record, type: "A", aliases }, opts);
};
