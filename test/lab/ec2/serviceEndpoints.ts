/**
 * Endpoints of a VPC: interfaces by which services answer within it, and a route to S3 (AWS PrivateLink Guide, "Access AWS services
 * through AWS PrivateLink" and "Gateway endpoints").
 *
 * - A call to an interface's address leaves by a rule of its sender's groups and arrives by one of the endpoint's.
 * - With private DNS the service's name leads to these addresses in the whole VPC.
 * - A gateway makes S3's addresses reachable from subnets of its route tables.
 *
 * Not simulated: policies of endpoints, names of their own (`vpce-...`), endpoints in a zone that is cut off, which go on, and the minutes
 * until one is there.
 */
import type { AccountData } from "../../engine/providers/aws/account";
import { text, texts } from "../../engine/providers/aws/scope";
import { objectsOf, routeTableOf } from "./account";

const KIND = "ec2.VpcEndpoint";

export interface ServiceEndpoint {
  readonly id: string;
  /** End of the service's name: `ec2`, `ecr.dkr`. */
  readonly service: string;
  readonly groups: readonly string[];
  readonly addresses: readonly string[];
  readonly privateDns: boolean;
}

/** Those that are interfaces. */
export function endpointsOf(account: AccountData): ServiceEndpoint[] {
  const interfaces = Object.values(objectsOf(account, "interface"));
  return Object.entries(objectsOf(account, KIND))
    .filter(([, state]) => state["vpcEndpointType"] === "Interface")
    .map(([id, state]) => {
      const own = interfaces.filter(({ owner }) => owner === id);
      return {
        id,
        service: text(state["serviceName"]).split(".").slice(3).join("."),
        groups: [...new Set(own.flatMap((one) => texts(one["groups"])))],
        addresses: own.map((one) => text(one["address"])),
        privateDns: state["privateDnsEnabled"] === true,
      };
    });
}

/** Whether a subnet's route table leads to S3 by a gateway. */
export function leadsToS3(account: AccountData, subnetId: string): boolean {
  const table = routeTableOf(account, subnetId);
  return Object.values(objectsOf(account, KIND)).some(
    (one) =>
      one["vpcEndpointType"] === "Gateway" &&
      text(one["serviceName"]).endsWith(".s3") &&
      texts(one["routeTableIds"]).includes(table),
  );
}

/**
 * The zone of AWS' names in a region, as a VPC's name server answers for it.
 * @param serial higher than that of any zone before it
 */
export function serviceZone(
  region: string,
  endpoints: readonly ServiceEndpoint[],
  { serial, services, s3 }: { readonly serial: number; readonly services: string; readonly s3: string },
): string {
  const names = endpoints
    .filter(({ privateDns, addresses }) => privateDns && addresses.length > 0)
    .flatMap(({ service, addresses }) => namesOf(service).map((name) => ({ name, addresses })));
  // Names above a wildcard are not covered by one further up (RFC 4592).
  const known = ["*", "*.ecr", "*.dkr.ecr"].filter((name) => names.every((one) => one.name !== name));
  const records = [
    ...known.map((name) => ({ name, addresses: [services] })),
    ...["s3", "*.s3"].map((name) => ({ name, addresses: [s3] })),
    ...names,
  ];
  return [
    `$ORIGIN ${region}.amazonaws.com.`,
    "$TTL 60",
    `@ IN SOA ns hostmaster ${serial} 60 60 60 60`,
    "@ IN NS ns",
    `ns IN A ${services}`,
    ...records.flatMap(({ name, addresses }) => addresses.map((address) => `${name} IN A ${address}`)),
    "",
  ].join("\n");
}

/** Names that private DNS covers, below the region's. */
function namesOf(service: string): string[] {
  switch (service) {
    case "ecr.api":
      return ["api.ecr"];
    case "ecr.dkr":
      return ["*.dkr.ecr"];
    default:
      return [service];
  }
}
