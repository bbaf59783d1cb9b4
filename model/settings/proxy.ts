import { endpointHosts } from "../aws/endpoints/settings";
import { isPrivate, parseAddress, rangeOf } from "../network/addresses";
import type { ClusterNetwork, EndpointSettings, Machine, ProxySettings } from "./resolved";
import type { AwsSettings } from "../aws/settings";

/** EC2's metadata service, which answers on the instance alone. */
const METADATA = "169.254.169.254";

/**
 * The settings of hosts with networks in place of workers' addresses, which are known by now. Programs that call workers are Go's, which take ranges (golang.org/x/net/http/httpproxy); neighbours in a private
 * network are reached directly anyway. So a worker more in a network where there is one changes no file of other hosts, and restarts nothing
 * there. The others' addresses stay exact, since other programs may call them, as curl before 7.86, which takes no range.
 */
export function withNetworks(proxy: ProxySettings, machines: readonly Machine[]): ProxySettings {
  const workers = new Set(
    machines.filter(({ role }) => role === "worker").map(({ nodeAddress }) => nodeAddress),
  );
  const direct = proxy.noProxy.map((entry) => {
    const address = workers.has(entry) ? parseAddress(entry) : undefined;
    const network = address === undefined ? undefined : rangeOf(address, 24);
    return network !== undefined && isPrivate(network) ? network.text : entry;
  });
  return { ...proxy, noProxy: [...new Set(direct)] };
}

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
