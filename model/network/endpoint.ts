import type { EndpointSettings, Machine } from "../settings/resolved";

/** Where nodes reach the API, and what its name leads to. */
export interface EndpointSpec {
  readonly name: string;
  /** Suffix of the names that the library makes. */
  readonly domain: string;
  readonly endpoint: EndpointSettings;
  /** Control-plane nodes and load balancers at least. */
  readonly machines: readonly Pick<Machine, "name" | "role" | "nodeAddress">[];
}

/** `api.<name>.<domain>`: the API server's name where the settings give none. */
export function apiName(name: string, domain: string): string {
  return `api.${name}.${domain}`;
}

/** `host:port` of the API server as nodes know it: kubeadm's controlPlaneEndpoint. */
export function controlPlaneEndpoint({
  endpoint,
}: {
  readonly endpoint: { readonly host: string; readonly port: number };
}): string {
  return `${endpoint.host}:${endpoint.port}`;
}

/**
 * What the endpoint's name must resolve to in each node's hosts file; nothing when the name is the user's own and
 * somebody else's DNS answers for it.
 */
export function endpointAddresses(settings: EndpointSpec): readonly string[] {
  const { endpoint } = settings;
  if (endpoint.kind === "addresses") return endpoint.addresses;
  const address = endpointAddress(settings);
  return address === undefined ? [] : [address];
}

function endpointAddress(settings: EndpointSpec): string | undefined {
  const { endpoint, machines } = settings;
  if (endpoint.host !== apiName(settings.name, settings.domain)) return undefined;
  switch (endpoint.kind) {
    case "nodeLocal":
      return "127.0.0.1";
    case "loadBalancer":
      return machines.find((machine) => machine.name === endpoint.machine)?.nodeAddress;
    case "address":
    case "addresses":
      return machines.find((machine) => machine.role === "controlPlane")?.nodeAddress;
  }
}
