import type { ClusterNetwork, EndpointSettings, Machine, ProxySettings } from "./resolved";

/** The proxy settings of hosts, with everything of the cluster's own going direct. */
export function proxySettings(
  given: { readonly http?: string; readonly https?: string; readonly noProxy?: readonly string[] },
  own: {
    readonly network: ClusterNetwork;
    readonly domain: string;
    readonly machines: readonly Machine[];
    readonly endpoint: EndpointSettings;
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
    ...(given.noProxy ?? []),
  ];
  return {
    ...(given.http === undefined ? {} : { http: given.http }),
    ...(given.https === undefined ? {} : { https: given.https }),
    noProxy: [...new Set(direct)],
  };
}
