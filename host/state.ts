import { stateScript } from "../model/membership/state";
import { MEMBER_FILE, SETUP_FILE, STATE_DIR } from "../model/membership/shell";
import type { FixedFacts } from "../model/fixedFacts";
import { HostProblem } from "./problem";
import type { Member } from "./protocol";
import type { Hosts } from "./runner";

export interface SetupMark {
  readonly machine: string;
  readonly generation: number;
  readonly digest: string;
}

/** What a living node runs with by its own files, for records that do not have it; empty on a host that is not a node. */
export interface LivingValues {
  readonly facts: Partial<FixedFacts>;
  /** undefined: not found. */
  readonly nodeAddress?: string;
  /** Issuers of service-account tokens, the one of new tokens first; empty but on a control-plane node. */
  readonly issuers: readonly string[];
}

/** What a host is in, read in one go. */
export interface HostState {
  readonly member: Member | undefined;
  readonly setup: SetupMark | undefined;
  readonly machineId: string;
  /** /etc/kubernetes/kubelet.conf is there: the host is a node of some cluster. */
  readonly kubelet: boolean;
  /** The manifest of an API server is there, or something listens on 6443. */
  readonly apiServer: boolean;
  /** etcd has data, or something listens on 2379. */
  readonly etcd: boolean;
  /** Seconds since 1970 by the host's clock. */
  readonly now: number;
  readonly living: LivingValues;
}

interface RawState extends Omit<HostState, "member" | "setup" | "living"> {
  readonly member: Member | null;
  readonly setup: SetupMark | null;
}

function parsed(machine: string, text: string): RawState {
  try {
    return JSON.parse(text) as RawState;
  } catch {
    throw new HostProblem(
      machine,
      `${MEMBER_FILE} or ${SETUP_FILE} on it is no JSON: it was changed by hand. Restore it, or run kubeadm reset and delete ${STATE_DIR}`,
      [text],
    );
  }
}

/** Reads a host's state; it changes nothing. */
export async function readState(hosts: Hosts, machine: string): Promise<HostState> {
  const text = await hosts.query(machine, "reading the host's state", "/bin/bash -s", stateScript());
  const lines = text.split("\n");
  const line = lines.find((candidate) => candidate.startsWith("##state "));
  if (!line) throw new Error(`${machine}: no state in: ${text}`);
  const raw = parsed(machine, line.slice("##state ".length));
  return {
    ...raw,
    member: raw.member ?? undefined,
    setup: raw.setup ?? undefined,
    apiServer: raw.apiServer || lines.includes("##listens 6443"),
    etcd: raw.etcd || lines.includes("##listens 2379"),
    living: livingValues(lines),
  };
}

function livingValues(lines: readonly string[]): LivingValues {
  const found = lines.flatMap((line) => {
    const [, name, value] = /^##living (\w+) (.+)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value: value.trim() }];
  });
  const one = (name: string): string | undefined => found.find((line) => line.name === name)?.value;
  const mask = one("nodeMask");
  const facts = {
    clusterDomain: one("clusterDomain"),
    cgroupDriver: one("cgroupDriver"),
    nodeMask: mask === undefined ? undefined : Number(mask),
    cni: one("cni"),
  };
  const nodeAddress = one("nodeAddress");
  return {
    facts: Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
    ...(nodeAddress === undefined ? {} : { nodeAddress }),
    issuers: found.filter((line) => line.name === "issuer").map((line) => line.value),
  };
}
