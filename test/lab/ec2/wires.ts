/**
 * A VPC as Nitro makes it: each instance is alone on its wire, and everything between two of them is routed, also within a
 * subnet. The lab's namespace is the router; people and Pulumi are in a namespace of their own on the internet's side. Routes
 * between VPCs, and addresses of several interfaces, are not simulated.
 */
import * as fs from "node:fs";
import { run } from "../../support/run";
import { hostNamespace, labNamespace } from "../network";
import { addressIn } from "./account";
import { macOf, METADATA_ADDRESS } from "./metadata";

/** EC2 User Guide, "Network MTU": jumbo frames within a VPC. */
const MTU = 9001;
/** Where people and Pulumi are: in the range that `Pulumi.dev.yaml` lets in (RFC 5737). */
export const operator = { address: "203.0.113.10", router: "203.0.113.1", prefix: 24 } as const;
/** Where the region's endpoints are, seen from everywhere (RFC 5737). */
export const SERVICES_ADDRESS = "192.0.2.10";
/** Where S3 is: addresses of its own, which a gateway endpoint is a route to. */
export const S3_ADDRESS = "192.0.2.11";

export function operatorNamespace(id: string): string {
  return `labops-${id}`;
}

/**
 * The command line that runs a command where people are. `ip netns exec` lays the namespace's own resolv.conf over the
 * machine's (ip-netns(8)).
 */
export function atOperator(id: string, command: readonly string[]): string[] {
  return ["ip", "netns", "exec", operatorNamespace(id), ...command];
}

function operatorFolder(id: string): string {
  return `/etc/netns/${operatorNamespace(id)}`;
}

async function ipBatch(namespace: string, lines: readonly string[]): Promise<void> {
  await run(["ip", "-n", namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

async function sysctl(namespace: string, ...settings: string[]): Promise<void> {
  await run(["ip", "netns", "exec", namespace, "sysctl", "-qw", ...settings]);
}

/** What there is before any VPC: the metadata service's and the endpoints' addresses, and the operator's network. */
export async function createSurroundings(id: string, resolver: string): Promise<void> {
  const [router, operators] = [labNamespace(id), operatorNamespace(id)];
  await removeSurroundings(id);
  await run(["ip", "netns", "add", operators]);
  await ipBatch(router, [
    ...[METADATA_ADDRESS, SERVICES_ADDRESS, S3_ADDRESS, resolver].map(
      (address) => `addr replace ${address}/32 dev lo`,
    ),
    `link add ops0 type veth peer name eth0 netns ${operators}`,
    `addr add ${operator.router}/${operator.prefix} dev ops0`,
    "link set ops0 up",
  ]);
  await ipBatch(operators, [
    "link set lo up",
    `addr add ${operator.address}/${operator.prefix} dev eth0`,
    "link set eth0 up",
    `route add default via ${operator.router}`,
  ]);
  fs.mkdirSync(operatorFolder(id), { recursive: true });
  fs.writeFileSync(`${operatorFolder(id)}/resolv.conf`, `nameserver ${operator.router}\n`);
  await sysctl(router, "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0");
  // A target may be its own client, by way of the router.
  await sysctl(router, "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0");
}

export async function removeSurroundings(id: string): Promise<void> {
  await run(["ip", "netns", "delete", operatorNamespace(id)], { allowFailure: true });
  await run(["ip", "-n", labNamespace(id), "link", "delete", "ops0"], { allowFailure: true });
  fs.rmSync(operatorFolder(id), { recursive: true, force: true });
}

/** Takes addresses of balancers' nodes and of endpoints onto the router, which answers for them in their subnets, and gives others up. */
export async function answerFor(
  id: string,
  before: readonly string[],
  addresses: readonly string[],
): Promise<void> {
  const gone = before.filter((address) => !addresses.includes(address));
  await ipBatch(labNamespace(id), [
    ...gone.map((address) => `addr delete ${address}/32 dev lo`),
    ...addresses.map((address) => `addr replace ${address}/32 dev lo`),
  ]);
}

export function deviceOf(index: number): string {
  return `e${index}`;
}

/** Plugs an instance's host in, as at each of its boots. */
export async function plugIn(
  id: string,
  host: string,
  index: number,
  address: string,
  subnet: string,
): Promise<void> {
  const [router, own, device] = [labNamespace(id), hostNamespace(id, host), deviceOf(index)];
  const gateway = addressIn(subnet, 1);
  await unplug(id, host, index);
  await run(["ip", "netns", "add", own]);
  await ipBatch(router, [
    `link add ${device} mtu ${MTU} type veth peer name eth0 address ${macOf(address)} netns ${own}`,
    `addr replace ${gateway}/32 dev lo`,
    `link set ${device} up`,
    `route replace ${address}/32 dev ${device} src ${gateway}`,
  ]);
  // By it the router answers for the whole subnet, and packets between two of its instances come by here.
  await sysctl(router, `net.ipv4.conf.${device}.proxy_arp=1`, `net.ipv4.conf.${device}.rp_filter=0`);
  await ipBatch(own, [
    "link set lo up",
    `link set eth0 mtu ${MTU}`,
    `addr add ${address}/${subnet.split("/")[1]} dev eth0`,
    "link set eth0 up",
    `route add default via ${gateway}`,
  ]);
}

export async function unplug(id: string, host: string, index: number): Promise<void> {
  await run(["ip", "netns", "delete", hostNamespace(id, host)], { allowFailure: true });
  // The kernel takes the interfaces of a deleted namespace away some time later, and the name is in use until then.
  await run(["ip", "-n", labNamespace(id), "link", "delete", deviceOf(index)], { allowFailure: true });
}
