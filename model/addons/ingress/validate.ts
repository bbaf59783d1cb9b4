import { whenEnabled } from "../../core/enabled";
import { parseAddress } from "../../network/addresses";
import type { Path, Problems } from "../../settings/problems";
import type { AddonSurroundings, ServicePool } from "../domain";
import { INGRESS_NAMESPACE } from "./manifests";
import { INGRESS_HOST_PORTS, type Exposure, type IngressInput, type IngressSettings } from "./settings";

const EXPOSE: Path = ["ingress", "expose"];

type LoadBalancer = Extract<Exposure, { type: "loadBalancer" }>;
type Ports = Exclude<Exposure, LoadBalancer>;

export function validateIngress(
  ingress: IngressInput,
  settings: IngressSettings,
  around: AddonSurroundings,
  problems: Problems,
): void {
  if (around.refused("ingress.expose.type")) return;
  const { expose } = settings;
  switch (expose.type) {
    case "loadBalancer":
      loadBalancerFits(around, ingress, expose, INGRESS_NAMESPACE[settings.kind], problems);
      break;
    case "nodePorts":
      nodePortsFit(around, expose, problems);
      break;
    case "hostPorts":
      hostPortsFit(around, ingress, expose, problems);
      break;
  }
  dnsFits(around, ingress, expose, problems);
  classesDiffer(settings, around, problems);
  backendFindsNode(around, ingress, problems);
  around.checkSelector(
    ingress.nodeSelector,
    ["ingress", "nodeSelector"],
    "its pods would not run anywhere",
    problems,
  );
  nodesAreLinux(ingress, problems);
  namesAreKeys(ingress, problems);
}

/** Both controllers' images are for Linux. */
function nodesAreLinux({ nodeSelector }: IngressInput, problems: Problems): void {
  const os = nodeSelector?.["kubernetes.io/os"];
  if (os === undefined || os === "linux") return;
  problems.add(["ingress", "nodeSelector", "kubernetes.io/os"], os, "has no controller image", {
    allowed: "linux",
  });
}

/** Keys of a ConfigMap (apimachinery, IsConfigMapKey). */
function namesAreKeys(ingress: IngressInput, problems: Problems): void {
  if (ingress.kind !== "ingress-nginx") return;
  for (const key of Object.keys(ingress.config ?? {})) {
    if (/^[A-Za-z0-9._-]{1,253}$/.test(key)) continue;
    problems.add(["ingress", "config", key], key, "is not a valid key of a ConfigMap", {
      allowed: "letters, digits, '-', '_' and '.', such as use-forwarded-headers",
    });
  }
}

/** Somebody must hand out the address, and on AWS it may be the whole internet's. */
function loadBalancerFits(
  around: AddonSurroundings,
  { expose: given }: IngressInput,
  expose: LoadBalancer,
  namespace: string,
  problems: Problems,
): void {
  const aws = around.platform === "aws";
  const written = given?.type === "loadBalancer" ? given : undefined;
  if (!aws && !around.givesAddresses) {
    problems.add(EXPOSE, given, "needs a load balancer, but nothing assigns it an address", {
      allowed:
        "metallb with a pool, or expose: {type: hostPorts}, or {type: nodePorts, http: 30080, https: 30443}",
    });
    return;
  }
  if (aws && written?.sourceRanges === undefined) {
    problems.add(
      [...EXPOSE, "sourceRanges"],
      undefined,
      "is missing: a load balancer on AWS is open to the ranges listed here",
      {
        allowed: 'ranges, as ["203.0.113.0/24"], or ["0.0.0.0/0"] for everybody',
      },
    );
  }
  if (!aws && written?.internal !== undefined) {
    problems.add([...EXPOSE, "internal"], written.internal, "applies to AWS load balancers only", {
      allowed: "leave it out on platform machines: the pool determines the address",
    });
  }
  for (const key of ["address", "pool"] as const) {
    if (!aws || expose[key] === undefined) continue;
    problems.add(
      [...EXPOSE, key],
      expose[key],
      "belongs to MetalLB; on AWS the cloud controller creates the load balancer",
      {
        allowed: "leave it out on platform aws",
      },
    );
  }
  if (!aws && around.pools !== undefined && !around.refused("ingress.kind"))
    poolFits(around.pools, expose, namespace, around, problems);
}

/**
 * MetalLB gives an address unasked from pools that are not held back, and that the Service's namespace may use; a pool that
 * is asked for may be held back (metallb v0.16.1, internal/allocator).
 */
function someAddressIsFree(
  all: readonly ServicePool[],
  namespace: string,
  asked: string | undefined,
  problems: Problems,
): void {
  const pools = all.filter(({ name }) => asked === undefined || name === asked);
  if (pools.length === 0) return;
  if (pools.some((pool) => (asked !== undefined || pool.autoAssign) && serves(pool, namespace))) return;
  const why =
    asked === undefined
      ? `needs a load balancer, but every pool has autoAssign: false or is for namespaces other than ${namespace}`
      : `is for namespaces other than ${namespace}`;
  problems.add([...EXPOSE, ...(asked === undefined ? [] : ["pool"])], asked, why, {
    allowed: `a pool with ${namespace} among its namespaces${asked === undefined ? ", or pool: with the name of a pool that has autoAssign: false" : ""}`,
  });
}

function serves({ namespaces }: ServicePool, namespace: string): boolean {
  return namespaces.length === 0 || namespaces.includes(namespace);
}

function poolFits(
  all: readonly ServicePool[],
  { address, pool }: LoadBalancer,
  namespace: string,
  { refused }: AddonSurroundings,
  problems: Problems,
): void {
  if (refused("ingress.expose.pool")) return;
  const names = all.map(({ name }) => name);
  if (pool !== undefined && !names.includes(pool)) {
    problems.add([...EXPOSE, "pool"], pool, "is not a pool of MetalLB", { allowed: names.join(", ") });
    return;
  }
  const number = parseAddress(address ?? "");
  if (number === undefined) {
    if (!refused("ingress.expose.address")) someAddressIsFree(all, namespace, pool, problems);
    return;
  }
  const pools = all.filter(({ name }) => pool === undefined || name === pool);
  const holder = pools.find(({ ranges }) =>
    ranges.some(({ first, last }) => first <= number && number <= last),
  );
  if (holder !== undefined) {
    if (serves(holder, namespace)) return;
    const message = `is of pool ${holder.name}, which is for namespaces other than ${namespace}`;
    problems.add([...EXPOSE, "address"], address, message, {
      allowed: `an address of another pool, or ${namespace} among the pool's namespaces`,
    });
    return;
  }
  problems.add(
    [...EXPOSE, "address"],
    address,
    `is not in any ${pool === undefined ? "pool" : `range of pool ${pool}`}`,
    { allowed: pools.flatMap(({ ranges }) => ranges.map(({ text }) => text)).join(", ") },
  );
}

function portsDiffer({ http, https }: Ports, problems: Problems): boolean {
  if (http !== https) return true;
  problems.add([...EXPOSE, "https"], https, "is also the port for HTTP", { allowed: "another port" });
  return false;
}

function nodePortsFit({ nodePortRange }: AddonSurroundings, expose: Ports, problems: Problems): void {
  if (!portsDiffer(expose, problems) || nodePortRange === undefined) return;
  for (const key of ["http", "https"] as const) {
    const port = expose[key];
    if (nodePortRange.from <= port && port <= nodePortRange.to) continue;
    problems.add([...EXPOSE, key], port, "lies outside network.nodePortRange", {
      allowed: `${nodePortRange.from} to ${nodePortRange.to}`,
    });
  }
}

function hostPortsFit(
  around: AddonSurroundings,
  ingress: IngressInput,
  expose: Ports,
  problems: Problems,
): void {
  if (ingress.replicas !== undefined) {
    problems.add(
      ["ingress", "replicas"],
      ingress.replicas,
      "has no effect: with host ports every node runs one pod",
      {
        allowed: "nodeSelector, to use only some nodes",
      },
    );
  }
  if (!portsDiffer(expose, problems)) return;
  for (const key of ["http", "https"] as const) {
    const port = expose[key];
    const owner = around.ownerOfTcp(port);
    if (owner === undefined) continue;
    problems.add([...EXPOSE, key], port, `is the port of ${owner} on the nodes`, {
      allowed: `a free port, such as ${INGRESS_HOST_PORTS[key]}`,
    });
  }
}

function dnsFits(
  { platform }: AddonSurroundings,
  { dns }: IngressInput,
  expose: Exposure,
  problems: Problems,
): void {
  if (dns === undefined) return;
  const path: Path = ["ingress", "dns"];
  if (platform !== "aws") {
    problems.add(path, dns, "are Route 53 records for an AWS load balancer", {
      allowed: "leave it out on platform machines: expose.address tells you the address in advance",
    });
  } else if (expose.type !== "loadBalancer") {
    problems.add(path, dns, `point to a load balancer, but traffic arrives through ${expose.type}`, {
      allowed: "expose: {type: loadBalancer}",
    });
  }
}

/** Two providers in one controller would both serve one class. */
function classesDiffer(ingress: IngressSettings, { refused }: AddonSurroundings, problems: Problems): void {
  if (ingress.kind !== "traefik" || !ingress.nginxClass || ingress.className !== "nginx") return;
  if (refused("ingress.className")) return;
  problems.add(
    ["ingress", "className"],
    "nginx",
    "is the class that nginxClass serves: every rule would apply twice",
    {
      allowed: "another name, such as traefik",
    },
  );
}

/** Upstream's default backend is built for amd64 alone. */
function backendFindsNode(
  { machines }: AddonSurroundings,
  { defaultBackend }: IngressInput,
  problems: Problems,
): void {
  const nodes = machines.filter((machine) => machine.role !== "loadBalancer");
  const backend = whenEnabled(defaultBackend);
  if (backend === undefined || "image" in backend || nodes.length === 0) return;
  if (nodes.some((machine) => machine.architecture !== "arm64")) return;
  problems.add(["ingress", "defaultBackend"], backend, "has an amd64 image only, but every node is arm64", {
    allowed: "{image: your own image, port: the port it listens on}",
  });
}
