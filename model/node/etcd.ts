/** What a control-plane node is asked of etcd, and how its members are told to go. */
import type { ClusterMachine } from "../machine";
import { nodeScript } from "./paths";
import { prelude } from "./shell";

/** One line of `etcdctl member list`, and whether the member takes part. */
export interface EtcdMember {
  readonly id: string;
  /** The Node's name; "" until the member has started for the first time. */
  readonly name: string;
  readonly peers: readonly string[];
  /** Does not vote yet: its join was cut off, or is under way. */
  readonly learner: boolean;
  /** `etcdctl endpoint health` says that it commits proposals. */
  readonly healthy: boolean;
}

/** Words of `remove_dead` in `etcd.sh`. */
export function deadMembers(members: readonly EtcdMember[]): string[] {
  return members.flatMap((member) => [member.id, memberName(member)]);
}

/**
 * Prints etcd's members and which of them are healthy; changes nothing. It fails where etcd does not answer, which it does
 * only with a quorum.
 */
export function etcdScript(): string {
  return `${prelude()}${nodeScript("etcd-members")}`;
}

/** Reads what `etcdScript` printed. */
export function etcdMembers(output: string): EtcdMember[] {
  const lines = output.split("\n").map((line) => line.trim());
  const rest = (prefix: string): string[] =>
    lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  const healthy = new Set(rest("##healthy "));
  return rest("##member ").map((line) => {
    const [id = "", , name = "", peers = "", clients = "", learner = ""] = line.split(", ");
    return {
      id,
      name,
      peers: peers.split(",").filter(Boolean),
      learner: learner === "true",
      healthy: clients.split(",").some((url) => healthy.has(url)),
    };
  });
}

/** Whether the member is that machine's. */
export function isMemberOf(
  member: EtcdMember,
  machine: Pick<ClusterMachine, "nodeName" | "nodeAddress">,
): boolean {
  return member.name === machine.nodeName || member.peers.includes(`https://${machine.nodeAddress}:2380`);
}

/** How a message calls a member. */
export function memberName(member: EtcdMember): string {
  return member.name === "" ? (member.peers[0] ?? member.id) : member.name;
}
