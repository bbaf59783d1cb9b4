import { endpointHosts } from "../aws/endpoints/settings";
import type { ClusterNetwork, EndpointSettings, Machine, ProxySettings } from "./resolved";
import type { AwsSettings } from "./resolvedAws";

/** EC2's metadata service, which answers on the instance alone. */
const METADATA = "169.254.169.254";

/** The proxy settings of hosts, with everything of the cluster's own going direct. */
export function proxySettings(
  given: {
    readonly http?: string;
    readonly https?: string;
    readonly noProxy?: readonly string[];
    readonly credentials?: string;
  },
  own: {
    readonly network: ClusterNetwork;
    readonly domain: string;
    readonly machines: readonly Machine[];
    readonly endpoint: EndpointSettings;
    readonly aws?: AwsSettings | undefined;
  },
): ProxySettings {
  const direct = [
    "localhost",
    "127.0.0.0/8",
    own.network.podCidr,
    own.network.serviceCidr,
    ".svc",
    `.${own.network.clusterDomain}`,
    `.${own.domain}`,
    own.endpoint.host,
    ...own.machines.map((machine) => machine.nodeAddress),
    ...(own.aws === undefined ? [] : [own.aws.vpc.cidr, METADATA]),
    ...(own.aws?.vpc.endpoints === undefined ? [] : endpointHosts(own.aws.vpc.endpoints, own.aws.region)),
    ...(given.noProxy ?? []),
  ];
  return {
    ...(given.http === undefined ? {} : { http: given.http }),
    ...(given.https === undefined ? {} : { https: given.https }),
    noProxy: [...new Set(direct)],
    ...(given.credentials === undefined ? {} : { credentials: given.credentials }),
  };
}
