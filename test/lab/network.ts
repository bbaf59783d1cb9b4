import * as fs from "node:fs";
import { run, type RunOptions, type RunResult } from "../support/run";

/** A network of a lab: a bridge that the hosts' interfaces are ports of. */
export type NetworkName = "node" | "second";

/** What is fixed about a lab's networks. They overlap between labs, which is harmless: each lab has its own namespace. */
export const networks: Readonly<
  Record<NetworkName, { bridge: string; cidr: string; prefix: string; gateway: string; interface: string }>
> = {
  node: { bridge: "br0", cidr: "10.40.0.0/24", prefix: "10.40.0", gateway: "10.40.0.1", interface: "eth0" },
  second: { bridge: "br1", cidr: "10.41.0.0/24", prefix: "10.41.0", gateway: "10.41.0.1", interface: "eth1" },
};

/** Where the lab's mirror, registry and name server listen. */
export const labAddress = networks.node.gateway;

/** Address of the host with that number in a network. */
export function hostAddress(network: NetworkName, index: number): string {
  return `${networks[network].prefix}.${10 + index}`;
}

/** Name of the namespace in which a lab's bridges are, and from which its hosts are reached. */
export function labNamespace(id: string): string {
  return `labnet-${id}`;
}

/** Name of a host's network namespace. */
export function hostNamespace(id: string, host: string): string {
  return `lab-${id}-${host}`;
}

/** The command line that runs a command in a network namespace, all else (mounts, cgroups) as it is. */
export function inNamespace(namespace: string, command: readonly string[]): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`, "--", ...command];
}

/** Runs a command where a lab's hosts can be reached. */
export function runInLab(id: string, command: readonly string[], options?: RunOptions): Promise<RunResult> {
  return run(inNamespace(labNamespace(id), command), options);
}

/** Makes a lab's namespace and bridges. Nothing in it leads out of this machine. */
export async function createNetworks(id: string): Promise<void> {
  const namespace = labNamespace(id);
  await run(["ip", "netns", "add", namespace]);
  const batch = ["link set lo up"];
  for (const { bridge, gateway } of Object.values(networks)) {
    batch.push(
      `link add ${bridge} type bridge`,
      `addr add ${gateway}/24 dev ${bridge}`,
      `link set ${bridge} up`,
    );
  }
  // With forwarding on and no way out, a host that tries to leave is told so at once instead of waiting.
  batch.push("route add unreachable default");
  await ipBatch(namespace, batch);
  await runInLab(id, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
}

/** Makes a host's namespace with an interface on each of its networks; a fresh one at every boot, as a real boot has. */
export async function attachHost(
  id: string,
  host: string,
  index: number,
  wanted: readonly NetworkName[],
): Promise<void> {
  const namespace = hostNamespace(id, host);
  await detachHost(id, host);
  await run(["ip", "netns", "add", namespace]);
  const outside: string[] = [];
  const inside = ["link set lo up"];
  for (const [position, name] of wanted.entries()) {
    const { bridge, interface: device } = networks[name];
    const port = `h${index}n${position}`;
    // A lasting hardware address: other hosts' neighbour tables stay right over a reboot.
    const mac = `02:4${name === "node" ? 0 : 1}:00:00:00:${index.toString(16).padStart(2, "0")}`;
    // The kernel takes the interfaces of a deleted namespace away some time later, and the name is in use until then.
    await run(["ip", "-n", labNamespace(id), "link", "delete", port], { allowFailure: true });
    outside.push(
      `link add ${port} type veth peer name ${device} address ${mac} netns ${namespace}`,
      `link set ${port} master ${bridge}`,
      `link set ${port} up`,
    );
    inside.push(`addr add ${hostAddress(name, index)}/24 dev ${device}`, `link set ${device} up`);
  }
  inside.push(`route add default via ${networks[wanted[0]].gateway}`);
  await ipBatch(labNamespace(id), outside);
  await ipBatch(namespace, inside);
}

/** Removes a host's namespace, and with it its interfaces. */
export async function detachHost(id: string, host: string): Promise<void> {
  await deleteNamespace(hostNamespace(id, host));
}

/** Removes a lab's namespace and bridges. */
export async function removeNetworks(id: string): Promise<void> {
  await deleteNamespace(labNamespace(id));
}

/** Whether a namespace is there. */
export function namespaceExists(namespace: string): boolean {
  return fs.existsSync(`/run/netns/${namespace}`);
}

/** Whether this process is already in a lab's namespace. */
export function isInsideLab(id: string): boolean {
  const file = `/run/netns/${labNamespace(id)}`;
  return fs.existsSync(file) && fs.statSync("/proc/self/ns/net").ino === fs.statSync(file).ino;
}

async function deleteNamespace(namespace: string): Promise<void> {
  if (namespaceExists(namespace)) await run(["ip", "netns", "delete", namespace]);
}

async function ipBatch(namespace: string, lines: readonly string[]): Promise<void> {
  await run(["ip", "-n", namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}
