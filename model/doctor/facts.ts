import { parseSnapshotName } from "../etcd/backup/names";
import { recordIn, type RotationRecord } from "../rotation/phases";

/** What the doctor saw: of each host by its probe, of the cluster by the API. Free of secrets. */

/** One file of a host. */
export interface FileFact {
  readonly path: string;
  /** `noFolder`: nor is the folder it would be in, so what it is for is not on the host. */
  readonly state: "there" | "missing" | "noFolder";
  /** In octal digits, as `644`. */
  readonly mode?: string;
  readonly sha256?: string;
}

export interface DiskFact {
  readonly path: string;
  readonly kib: number;
  readonly freeKib: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

export interface CertificateFact {
  readonly path: string;
  /** Seconds until it ends; negative: it ended. */
  readonly seconds: number;
  /** The authority on the host signed it. */
  readonly trusted: boolean;
}

/**
 * `unreachable`: somebody answered that there is no way; `silent`: nothing came back; `stalls`: it connects, and large packets do not
 * arrive; `failed`: the host cannot ask.
 */
export type Answer = "open" | "refused" | "unreachable" | "silent" | "stalls" | "failed";

export interface ProbeFact {
  /** As the probe was asked: a machine's name and what is at the port. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly answer: Answer;
}

export interface EtcdFact {
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly alarms: readonly string[];
  /** Names of the members. */
  readonly members: readonly string[];
}

/** What a control-plane node says of backups. */
export interface BackupFact {
  /** Name of the newest snapshot that it finds at the target; "": none. */
  readonly newest: string;
  /** Seconds since it was taken. */
  readonly age: number;
  /** Why the target does not say what it has. */
  readonly problem?: string;
  /** Why the last run on this host failed. */
  readonly failed?: string;
}

/** What the host's program of maintenance wrote. */
export interface MaintenanceFact {
  /** Seconds since the phase that is under way began; undefined: none is. */
  readonly underWay?: number;
  /** `done`, `nothing`, `late`, `blocked`, `failed` or `unwell`; "": there was none yet. */
  readonly result: string;
  readonly why: string;
  /** Windows in a row in which it did not come to what it had to do. */
  readonly missed: number;
  readonly rebootNeeded: readonly string[];
  /** What reboots the host without a drain; "": nothing. */
  readonly rebootsItself: string;
}

/** What one host is like. */
export interface HostFacts {
  /** Milliseconds by which its clock is ahead of the machine that looked. */
  readonly clockAhead: number;
  readonly files: readonly FileFact[];
  readonly links: Readonly<Record<string, string>>;
  readonly units: readonly { readonly name: string; readonly active: string; readonly enabled: string }[];
  readonly sysctls: readonly { readonly key: string; readonly value: string; readonly writable: boolean }[];
  readonly swap: boolean;
  readonly disks: readonly DiskFact[];
  readonly addresses: readonly { readonly interface: string; readonly address: string }[];
  readonly mtus: Readonly<Record<string, number>>;
  readonly hosts: string;
  /** flannel's subnet.env. */
  readonly subnet: Readonly<Record<string, string>>;
  /** Names in /etc/cni/net.d. */
  readonly cniFiles: readonly string[];
  /** SHA-256 of the cluster's CA; "" where there is none. */
  readonly cluster: string;
  readonly certificates: readonly CertificateFact[];
  /** Address of `--node-ip`. */
  readonly kubeletAddress: string;
  /** Text of the kubelet's configuration. */
  readonly kubeletConfig: string;
  /** Flags of the control plane that ranges depend on. */
  readonly flags: Readonly<Record<string, readonly string[]>>;
  readonly manifests: readonly string[];
  /** Units that a setup still has to restart. */
  readonly pending: readonly string[];
  /** A change was cut off, and its former files still wait. */
  readonly unfinished: boolean;
  /** The last rotation of certificates that reached the host, or has begun there. */
  readonly rotation?: Pick<RotationRecord, "rotation" | "phase" | "authority">;
  /** Patches and reboots; undefined: the host has none, or has not come to any. */
  readonly maintenance?: MaintenanceFact;
  /** Tables of nftables, as `inet pulumi-kubeadm`. */
  readonly tables: readonly string[];
  readonly etcd?: EtcdFact;
  /** Undefined: the host takes no backups. */
  readonly backup?: BackupFact;
  readonly probes: readonly ProbeFact[];
}

const MARK = "##facts ";

/** What the host said of its clock, when it was asked and when it had answered; milliseconds since 1970. */
export interface ClockAsked {
  readonly clock: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads what the probe printed.
 * @throws RangeError when it is something else
 */
export function readFacts(output: string, asked: ClockAsked): HostFacts {
  const line = output.split("\n").find((one) => one.startsWith(MARK));
  if (line === undefined) throw new RangeError("the host did not answer with facts");
  const sections = JSON.parse(line.slice(MARK.length)) as Readonly<Record<string, string>>;
  const text = (name: string): string => sections[name] ?? "";
  const rows = (name: string): string[][] =>
    text(name)
      .split("\n")
      .filter((one) => one !== "")
      .map((one) => one.split("\t"));
  const words = (name: string): string[] => rows(name).map(([first = ""]) => first.trim());
  const backup = backupFact(rows("backup"), asked.to);
  const etcd = etcdFact(text("etcdStatus"), text("etcdAlarms"), text("etcdMembers"));
  return {
    clockAhead: clockAhead(asked),
    files: rows("files").map(([path = "", mode = "", sha256]) =>
      sha256 === undefined
        ? { path, state: mode === "nofolder" ? "noFolder" : "missing" }
        : { path, state: "there", mode, sha256 },
    ),
    links: Object.fromEntries(rows("links").map(([path = "", target = ""]) => [path, target])),
    units: rows("units").map(([name = "", active = "", enabled = ""]) => ({ name, active, enabled })),
    sysctls: rows("sysctls").map(([key = "", value = "", state]) => ({
      key,
      value: value.trim(),
      writable: state === "writable",
    })),
    swap: text("swap").trim() !== "",
    disks: rows("disks").map(([path = "", ...numbers]) => {
      const [kib = 0, freeKib = 0, inodes = 0, freeInodes = 0] = numbers.map(Number);
      return { path, kib, freeKib, inodes, freeInodes };
    }),
    addresses: rows("addresses").map(([name = "", address = ""]) => ({
      interface: name,
      address: address.split("/")[0] ?? "",
    })),
    mtus: Object.fromEntries(rows("interfaces").map(([name = "", mtu = ""]) => [name, Number(mtu)])),
    hosts: text("hosts"),
    subnet: assignments(text("subnet")),
    cniFiles: words("cni"),
    cluster: text("cluster").trim(),
    certificates: rows("certificates").map(([path = "", seconds = "", trusted]) => ({
      path,
      seconds: Number(seconds),
      trusted: trusted === "yes",
    })),
    kubeletAddress: text("kubeletAddress").trim(),
    kubeletConfig: text("kubeletConfig"),
    flags: flagsOf(words("flags")),
    manifests: words("manifests"),
    pending: words("pending"),
    unfinished: text("unfinished").trim() !== "",
    ...rotationOf(text("rotation")),
    ...maintenanceFact(text("maintenanceLast"), text("maintenanceNow")),
    tables: words("tables").map((one) => one.replace(/^table /, "")),
    ...(etcd === undefined ? {} : { etcd }),
    ...(backup === undefined ? {} : { backup }),
    probes: rows("probes").map(([name = "", address = "", port = "", answer = ""]) => ({
      name,
      address,
      port: Number(port),
      answer: answer as Answer,
    })),
  };
}

/** A record that a power cut damaged says nothing. */
function rotationOf(text: string): Pick<HostFacts, "rotation"> {
  const record = recordIn(text);
  return record === undefined ? {} : { rotation: record };
}

/** The host answered some time between; only what lies outside is certain. */
function clockAhead({ clock, from, to }: ClockAsked): number {
  if (clock < from) return clock - from;
  return clock > to ? clock - to : 0;
}

function assignments(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => /^(\w+)=(.*)$/.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match === null ? [] : [[match[1], match[2]]])));
}

function flagsOf(lines: readonly string[]): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {};
  for (const line of lines) {
    const [name = "", ...value] = line.split("=");
    (found[name] ??= []).push(value.join("="));
  }
  return found;
}

function backupFact(rows: readonly string[][], now: number): BackupFact | undefined {
  if (rows.length === 0) return undefined;
  const said = (name: string): string | undefined => rows.find(([first]) => first === name)?.[1];
  const newest = said("newest") ?? "";
  const taken = parseSnapshotName(newest)?.time.getTime() ?? now;
  const [problem, failed] = [said("problem"), said("failed")];
  return {
    newest,
    age: Math.max(0, Math.round((now - taken) / 1_000)),
    ...(problem === undefined ? {} : { problem }),
    ...(failed === undefined ? {} : { failed }),
  };
}

/** Nothing can be told of a file that somebody else wrote. */
function maintenanceFact(last: string, now: string): Pick<HostFacts, "maintenance"> {
  if (last.trim() === "" && now.trim() === "") return {};
  let read: unknown;
  try {
    read = JSON.parse(last);
  } catch {
    read = {};
  }
  const said = new Map(Object.entries((read ?? {}) as Readonly<Record<string, unknown>>));
  const word = (name: string): string => {
    const value = said.get(name);
    return typeof value === "string" ? value : "";
  };
  const needed = said.get("rebootNeeded");
  return {
    maintenance: {
      ...(now.trim() === "" ? {} : { underWay: Number(now) }),
      result: word("result"),
      why: word("why"),
      missed: Number(said.get("missed") ?? 0) || 0,
      rebootNeeded: Array.isArray(needed) ? needed.map(String) : [],
      rebootsItself: word("rebootsItself"),
    },
  };
}

interface EtcdStatus {
  readonly Status: { readonly dbSize: number; readonly dbSizeInUse: number };
}

function etcdFact(status: string, alarms: string, members: string): EtcdFact | undefined {
  if (status === "") return undefined;
  const [first] = JSON.parse(status) as EtcdStatus[];
  if (first === undefined) return undefined;
  return {
    sizeBytes: first.Status.dbSize,
    usedBytes: first.Status.dbSizeInUse,
    alarms: alarms.split("\n").filter((line) => line.trim() !== ""),
    members: members.split("\n").flatMap((line) => line.split(", ")[2] ?? []),
  };
}
