/** Whether a control-plane node may leave: what etcd says of its members, held against what the settings want. */
import type { ClusterMachine } from "../machine";
import { isMemberOf, memberName, type EtcdMember } from "../node/etcd";
import type { Intended, IntendedMachine } from "./intended";

export interface Departure {
  /** The machine that leaves, as its step knows it. */
  readonly machine: ClusterMachine;
  /** Whether its host was logged on to. */
  readonly reached: boolean;
  readonly members: readonly EtcdMember[];
  /** Control-plane nodes that the machine's step knows: the settings of the run before. */
  readonly former: readonly ClusterMachine[];
  /** What the settings say now; undefined: not known, so that all former ones count as wanted. */
  readonly intended: Intended | undefined;
  /** Whether somebody insists on that machine's removal. */
  readonly insisted: (machine: Pick<IntendedMachine, "name" | "removal">) => boolean;
}

export interface Verdict {
  /** Why the machine may not leave; undefined: it may. */
  readonly refused?: string;
  /** Members that are dead and on their way out as well: they leave first. */
  readonly first: readonly EtcdMember[];
}

type Known = Pick<IntendedMachine, "name" | "nodeName" | "nodeAddress" | "revision" | "removal">;

/**
 * A member that stays has to be healthy: the cluster would otherwise be one failure from its end, or past it. A dead member
 * whose machine leaves as well goes first, whatever the order in which Pulumi deletes, since etcd lets no healthy one go while
 * another is dead.
 */
export function departure(ask: Departure): Verdict {
  const { machine, members } = ask;
  const own = members.find((member) => isMemberOf(member, machine));
  // It is out already, by an earlier run or by the step of another machine: nothing that happens to it concerns etcd.
  if (own === undefined) return { first: [] };
  if (own.healthy && !ask.reached)
    return { refused: `its etcd takes part in the cluster, so ${machine.name} is alive`, first: [] };
  const others = members.filter((member) => member !== own);
  if (others.length === 0)
    return { refused: `${machine.name} is etcd's only member: removing it would delete all data`, first: [] };
  const away = replacedTogether(ask);
  if (away !== undefined) return { refused: away, first: [] };
  const dead = others.filter((member) => !member.healthy);
  const stays = dead.filter((member) => !leaves(member, ask));
  if (stays.length > 0) return { refused: unhealthy(stays, ask), first: [] };
  if (others.length === dead.length)
    return { refused: "no other etcd member is healthy: removing it would lose all data", first: [] };
  return { first: dead };
}

function wantedMachine(member: EtcdMember, { former, intended }: Departure): Known | undefined {
  const wanted: readonly Known[] = intended?.machines ?? former;
  return wanted.find((one) => isMemberOf(member, one));
}

/** Whether the dead member is known to leave: its machine is out of the settings, or somebody insists on its removal. */
function leaves(member: EtcdMember, ask: Departure): boolean {
  const wanted = wantedMachine(member, ask);
  if (wanted !== undefined) return ask.insisted(wanted);
  // A stranger, added by hand, is not for us to remove.
  return ask.former.some((one) => isMemberOf(member, one));
}

function unhealthy(stays: readonly EtcdMember[], ask: Departure): string {
  const names = stays.map(memberName).join(", ");
  const [be, them] = stays.length === 1 ? ["is", "it"] : ["are", "them"];
  const wanted = stays.some((member) => wantedMachine(member, ask) !== undefined);
  const todo = wanted
    ? `Repair ${them} first, or remove ${them} from the settings too: dead nodes leave first`
    : `The settings have no machine of that name: repair ${them}, or remove ${them} with etcdctl member remove`;
  return `etcd member ${names} ${be} unhealthy, so ${ask.machine.name} cannot leave. ${todo}`;
}

/** With a raised revision the machine comes back: until it has, no other one may be away. */
function replacedTogether({ machine, members, former, intended }: Departure): string | undefined {
  const again = intended?.machines.find((one) => one.name === machine.name);
  if (again === undefined || again.revision <= machine.revision) return undefined;
  const missing = (intended?.machines ?? []).filter(
    (one) =>
      one.role === "controlPlane" &&
      one.name !== machine.name &&
      former.some(({ name }) => name === one.name) &&
      !members.some((member) => isMemberOf(member, one)),
  );
  if (missing.length === 0) return undefined;
  const names = missing.map(({ name }) => name).join(", ");
  return `${names} ${missing.length === 1 ? "has" : "have"} left and not rejoined: replace control-plane nodes one at a time`;
}

/** Why the last control-plane node of its step's settings may not be reset; undefined: nothing but itself is lost. */
export function lastOne(
  machine: ClusterMachine,
  members: readonly EtcdMember[],
  now: Intended | undefined,
): string | undefined {
  const others = members.filter((member) => !isMemberOf(member, machine));
  if (others.length > 0)
    return `its etcd has other members (${others.map(memberName).join(", ")}), but none of their machines answers`;
  const plane = (now?.machines ?? []).filter((one) => one.role === "controlPlane");
  const own = plane.find((one) => one.name === machine.name);
  if (own !== undefined && own.revision > machine.revision)
    return `it is the only control-plane node: removing it would delete etcd and the cluster. Add two control-plane nodes first, or create a new cluster`;
  if (own === undefined && plane.length > 0)
    return `the settings have other control-plane nodes (${plane.map(({ name }) => name).join(", ")}), but none of them has joined yet: all data is here`;
  return undefined;
}
