/** What a control-plane node is asked of etcd, and how its members are told to go. */
import { API_PORT } from "../network/ports";
import type { ClusterMachine } from "../machine";
import { prelude } from "./shell";
import { sh } from "../text";

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

/** Rounds in which etcd is asked whether all of its members are well: one that just started needs some seconds. */
const ROUNDS = 6;
/** Tries of a removal: etcd counts a member as active after 5 s (HealthInterval, server/etcdserver/server.go). */
const TRIES = 6;

/**
 * Shell functions: `etcdctl` in etcd's own container, and `find_etcd`, which fails where none runs. From here on `kubectl` asks this
 * node's API server where that answers: by the endpoint it may reach the one whose etcd member was just removed, which answers nothing.
 */
export function etcdFunctions(): string {
  return `kubectl() {
  local own
  own=$(sed -n 's|^ *- --advertise-address=\\(.*\\)|https://\\1:${API_PORT}|p' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null || true)
  if [ -n "$own" ] && ! command kubectl --server "$own" get --raw /readyz >/dev/null 2>&1; then own=""; fi
  command kubectl "$@" \${own:+--server "$own"}
}
find_etcd() { etcd=$(crictl ps --quiet --name '^etcd$' | head -n 1) && [ -n "$etcd" ]; }
etcdctl() { crictl exec "$etcd" etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"; }
`;
}

/** The member's id by its node's name, or by its peer address when it never started; a shell command. */
export function memberIds(machine: Pick<ClusterMachine, "nodeName" | "nodeAddress">): string {
  const peer = sh(`https://${machine.nodeAddress}:2380`);
  return `awk -F ', ' -v name=${sh(machine.nodeName)} -v peer=${peer} '$3 == name || $4 == peer { print $1 }'`;
}

/**
 * A shell function `remove_member ID NAME`. etcd refuses what would cost its quorum; it also refuses for some seconds after
 * a member came back, so it is asked again before its answer counts; then `refuse` is called. What was done is told to `did`.
 */
export function removeMemberFunction(): string {
  return `remove_member() {
  local said="" list
  for _ in $(seq 1 ${TRIES}); do
    if said=$(etcdctl member remove "$1" 2>&1); then note "etcd member $2 ($1) is removed"; did "etcd member $2 was removed"; return 0; fi
    # The answer may have been lost on the way.
    if list=$(etcdctl member list) && ! grep -q "^$1," <<<"$list"; then did "etcd member $2 was removed"; return 0; fi
    sleep 5
  done
  refuse "etcd does not let member $2 go: $said"
}
`;
}

/** Takes members out that are dead and leave, with the functions above. */
export function deadOut(members: readonly EtcdMember[]): string {
  if (members.length === 0) return "";
  const each = members.map((member) => `remove_member ${sh(member.id)} ${sh(memberName(member))}\n`);
  return `phase "dead etcd members"\nfind_etcd || refuse "no etcd runs here"\n${each.join("")}`;
}

/**
 * Prints etcd's members and which of them are healthy; changes nothing. It fails where etcd does not answer, which it does
 * only with a quorum.
 */
export function etcdScript(): string {
  return `${prelude()}${etcdFunctions()}
find_etcd || die "no etcd runs here"
for round in $(seq 1 ${ROUNDS}); do
  [ "$round" = 1 ] || sleep 5
  answer=yes
  if ! list=$(etcdctl member list 2>&1); then answer=""; continue; fi
  # Its exit status says that one of them is not well, which is not a failure of the question.
  health=$(etcdctl endpoint health --cluster 2>/dev/null || true)
  [ "$(grep -c ' is healthy' <<<"$health" || true)" -lt "$(wc -l <<<"$list")" ] || break
done
[ -n "$answer" ] || die "etcd does not answer: $(tail -n 1 <<<"$list")"
mapfile -t lines <<<"$list"
printf '##member %s\\n' "\${lines[@]}"
sed -n 's/^\\(.*\\) is healthy.*/##healthy \\1/p' <<<"$health"
`;
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
