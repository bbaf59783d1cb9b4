/**
 * A cluster on paper behind SSH hosts: Nodes and leases are files, etcd is a list of members and a file for each that runs.
 * Scripts of the library run in real shells against `kubectl` and `crictl` that read and change these files.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { intended } from "../../../model/lifecycle/intended";
import { RECORD_FILE } from "../../../model/node/shell";
import type { Connection, Operation } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { leave } from "../../../host/steps/leave";
import { preflight } from "../../../host/steps/preflight";
import type { ClusterSettings, Machine as Settings } from "../../../model/settings/resolved";
import { Machine, otherHostKey, SshHost } from "./sshHost";
import { nodeIdentity, knownCluster } from "../../support/fromSettings";
import { checkedMachines, nodeStepSpec, preflightSpec } from "../../../components/machines/specs";

const CLUSTER = "ab".repeat(32);
const RECORD = "var/lib/pulumi-kubeadm/intended.json";

/**
 * etcdctl by etcd's own rules: nothing answers without a quorum, and a member that runs is let go where the others that run
 * are a quorum of what is left (mayRemoveMember, server/etcdserver/server.go of v3.6).
 */
const ETCD = `
all=
[ ! -e "$CLUSTER/members" ] || all=$(<"$CLUSTER/members")
runs() { [ -e "$CLUSTER/running/$1" ]; }
total=0 active=0
while IFS=", " read -r id _ name _; do
  [ -z "$id" ] || total=$((total + 1))
  ! runs "$name" || active=$((active + 1))
done <<<"$all"
quorum() { [ "$active" -gt $((total / 2)) ]; }
`;

const STUBS: Readonly<Record<string, string>> = {
  crictl: `${ETCD}
case "$*" in
  "ps "*) ! runs "$SELF" || echo 0123abcd; exit 0 ;;
esac
quorum || { echo "context deadline exceeded" >&2; exit 1; }
case "$*" in
  *"member list"*) echo "$all" ;;
  *"endpoint health --cluster"*)
    while IFS=, read -r _ _ name _ client _; do
      if runs "\${name# }"; then echo "\${client# } is healthy: successfully committed proposal: took = 9ms"; else echo "\${client# } is unhealthy" >&2; bad=1; fi
    done <"$CLUSTER/members"
    [ -z "\${bad:-}" ] ;;
  *"member remove "*)
    id=\${!#}
    left= name=
    while IFS= read -r member; do
      [ "\${member%%,*}" != "$id" ] || { IFS=", " read -r _ _ name _ <<<"$member"; continue; }
      left+=$member$'\\n'
    done <<<"$all"
    if runs "$name" && [ $((active - 1)) -lt $((1 + (total - 1) / 2)) ]; then echo "Error: etcdserver: unhealthy cluster" >&2; exit 1; fi
    printf %s "$left" >"$CLUSTER/members.new"
    mv "$CLUSTER/members.new" "$CLUSTER/members"
    rm -f "$CLUSTER/running/$name"
    echo "etcd $name removed by $SELF" >>"$CLUSTER/log" ;;
esac`,
  kubectl: `${ETCD}
quorum || { echo "Error from server: etcdserver: request timed out" >&2; exit 1; }
case "$*" in
  *"/readyz"*) exit 0 ;;
  *"get nodes --selector "*)
    for one in "$CLUSTER"/nodes/w*; do
      name=\${one##*/} mark= ready=yes
      [ ! -s "$CLUSTER/marks/$name" ] || mark=yes
      [ ! -e "$CLUSTER/unready/$name" ] || ready=
      [ ! -e "$one" ] || echo "$name|$mark||$ready"
    done ;;
  "get node "*"go-template="*) [ ! -e "$CLUSTER/marks/$3" ] || printf %s "$(<"$CLUSTER/marks/$3")" ;;
  "get node "*unschedulable*) [ ! -e "$CLUSTER/cordoned/$3" ] || echo true ;;
  "annotate node "*"/upgrading="*) printf %s "\${4#*=}" >"$CLUSTER/marks/$3"; echo "mark $3" >>"$CLUSTER/log" ;;
  "annotate node "*"/upgrading-") [ ! -e "$CLUSTER/marks/$3" ] || echo "unmark $3" >>"$CLUSTER/log"; rm -f "$CLUSTER/marks/$3" ;;
  "get node "*) name=$3; [ ! -e "$CLUSTER/nodes/$name" ] || echo "node/$name" ;;
  *"get lease "*) [ ! -e "$CLUSTER/leases/$5" ] || printf %s "$(<"$CLUSTER/leases/$5")" ;;
  "cordon "*) : >"$CLUSTER/cordoned/$2"; echo "cordon $2" >>"$CLUSTER/log" ;;
  "uncordon "*) rm -f "$CLUSTER/cordoned/$2"; echo "uncordon $2" >>"$CLUSTER/log" ;;
  "drain "*) echo "drain $2" >>"$CLUSTER/log"; [ ! -e "$CLUSTER/drain-fails" ] ;;
  "delete node "*) for fails in "$CLUSTER"/delete-times-out*; do [ -e "$fails" ] || break; rm "$fails"; echo "Error from server: etcdserver: request timed out" >&2; exit 1; done
    rm -f "$CLUSTER/nodes/$3"; echo "node $3 deleted" >>"$CLUSTER/log" ;;
esac`,
  // A port that answers is a file. Every other use is a job's.
  timeout: `case "$*" in
  *"/dev/tcp/"*) where=\${4#*/dev/tcp/}; [ -e "$CLUSTER/ports/\${where//\//-}" ] ;;
  *) exec /usr/bin/timeout "$@" ;;
esac`,
  // The host's clock goes on by twice what is slept, so that a wait of half a minute is over after a few looks.
  sleep: `echo "$((\${1%.*} * 2))" >>"$CLUSTER/slept-$SELF"; exec /bin/sleep 0.01`,
  date: `[ "$*" = +%s ] || exec /bin/date "$@"
printf -v now "%(%s)T" -1
if [ -e "$CLUSTER/slept-$SELF" ]; then while read -r seconds; do now=$((now + seconds)); done <"$CLUSTER/slept-$SELF"; fi
echo "$now"`,
};

/** What runs in place of a reset, which would change this machine. */
function reset(folder: string, name: string): string {
  return `echo "##phase kubeadm reset"
echo "${name} reset" >>"${folder}/log"
rm -rf "${folder}/running/${name}" /var/lib/etcd/member /etc/kubernetes ${RECORD_FILE}
`;
}

export class PaperCluster {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "paper-cluster-"));
  readonly servers = new Map<string, SshHost>();
  readonly said: string[] = [];
  private readonly hosts = new Map<string, Machine>();
  private readonly gone = new Set<string>();
  private readonly connections: Record<string, Connection> = {};

  private constructor(readonly settings: ClusterSettings) {}

  /** All machines are members and well. */
  static async start(settings: ClusterSettings): Promise<PaperCluster> {
    const cluster = new PaperCluster(settings);
    for (const folder of ["running", "nodes", "leases", "ports", "marks", "unready", "cordoned"])
      fs.mkdirSync(path.join(cluster.folder, folder));
    for (const own of settings.machines) await cluster.add(own);
    cluster.wants(settings.machines);
    return cluster;
  }

  private async add(own: Settings): Promise<void> {
    const { name } = own;
    const host = new Machine(["/etc/", "/var/lib/"], (script) =>
      script.includes('phase "kubeadm reset"') ? reset(this.folder, name) : script,
    );
    this.hosts.set(name, host);
    for (const [program, body] of Object.entries(STUBS))
      host.program(program, `CLUSTER=${this.folder} SELF=${name}\n${body}`);
    host.program("ss", "exit 0");
    host.program("hostname", `echo ${name}`);
    host.write("etc/kubernetes/kubelet.conf", "");
    host.write(
      RECORD_FILE,
      JSON.stringify({ ...nodeIdentity(this.settings, own, CLUSTER), state: "joined" }),
    );
    this.put(`nodes/${name}`, "");
    this.put(`leases/${name}`, "2026-01-01T00:00:00.000000Z");
    if (own.role === "controlPlane") {
      host.write("var/lib/etcd/member/wal", "");
      this.put(`running/${name}`, "");
      const at = `https://${own.nodeAddress}`;
      this.put(
        "members",
        `${this.read("members")}${id(name)}, started, ${name}, ${at}:2380, ${at}:2379, false\n`,
      );
    }
    const server = await SshHost.start({ exec: host.exec() });
    this.servers.set(name, server);
    this.connections[name] = server.connection();
  }

  /** What preflight leaves on the control-plane nodes that it reaches. */
  wants(machines: readonly Settings[], hostKeys: Readonly<Record<string, string>> = {}): void {
    const keys = Object.fromEntries(
      machines.map(({ name }) => [name, this.servers.get(name)?.hostKey ?? ""]),
    );
    const record = intended(CLUSTER, machines, { ...keys, ...hostKeys }, Date.now());
    for (const [name, host] of this.hosts)
      if (!this.gone.has(name) && this.running().includes(name)) host.write(RECORD, JSON.stringify(record));
  }

  /** The host loses its power. */
  async stop(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.gone.add(name);
      fs.rmSync(path.join(this.folder, "running", name), { force: true });
      await this.servers.get(name)?.stop();
    }
  }

  /** The host is there and well, and cannot be reached from here. */
  async cutOff(name: string): Promise<void> {
    await this.servers.get(name)?.stop();
  }

  host(name: string): Machine {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(name);
    return host;
  }

  /** Another way to the machine. */
  connect(name: string, connection: Connection): void {
    this.connections[name] = connection;
  }

  wrongKey(name: string): void {
    this.connect(name, { ...this.connections[name], hostKey: otherHostKey() });
  }

  /** Runs the step of a machine that leaves, as Pulumi does with the settings of the run before. */
  async leave(
    name: string,
    over: {
      machines?: readonly Settings[];
      bastion?: Connection;
      operation?: Operation;
      /** Hosts are a cloud's instances, and the step's was that one. */
      instance?: string;
    } = {},
  ): Promise<void> {
    const machines = over.machines ?? this.settings.machines;
    const own = machines.find((one) => one.name === name);
    if (own === undefined) throw new Error(name);
    const known = machines.filter((one) => one.role === "controlPlane" || one.name === name);
    const settings = { ...this.settings, machines: known };
    const connections = Object.fromEntries(known.map((one) => [one.name, this.connections[one.name]]));
    const input = { connections, files: [], ...(over.bastion ? { bastion: over.bastion } : {}) };
    const say = (line: string): void => void this.said.push(line);
    const hosts = new Hosts(input, 100, say);
    const { role, revision } = own;
    if (role === "loadBalancer") throw new Error(`${name} is not a node`);
    const { instance } = over;
    const spec = {
      ...nodeStepSpec(settings, own),
      machines: knownCluster(settings).machines,
      ...(instance === undefined ? {} : { cloud: true as const }),
    };
    try {
      await leave({
        operation: "delete",
        spec,
        input,
        hosts,
        cluster: CLUSTER,
        previous: { machine: name, revision, ...(instance === undefined ? {} : { machineId: instance }) },
        values: {},
        say,
      });
    } finally {
      hosts.close();
    }
  }

  /** Runs preflight with the settings as they are now. */
  async look(machines: readonly Settings[]): Promise<void> {
    const settings = { ...this.settings, machines: [...machines] };
    const input = { connections: this.connections, files: [] };
    const say = (line: string): void => void this.said.push(line);
    const hosts = new Hosts(input, 100, say);
    const looked = checkedMachines(settings);
    const spec = { ...preflightSpec(settings, looked), machines: looked };
    try {
      const operation = "update";
      await preflight({ operation, spec, input, hosts, cluster: CLUSTER, previous: {}, values: {}, say });
    } finally {
      hosts.close();
    }
  }

  members(): string[] {
    return this.read("members")
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(", ")[2] ?? "");
  }

  running(): string[] {
    return fs.readdirSync(path.join(this.folder, "running")).sort();
  }

  nodes(): string[] {
    return fs.readdirSync(path.join(this.folder, "nodes")).sort();
  }

  /** What was done, in its order. */
  log(): string[] {
    return this.read("log").split("\n").filter(Boolean);
  }

  put(file: string, content: string): void {
    fs.writeFileSync(path.join(this.folder, file), content);
  }

  read(file: string): string {
    const target = path.join(this.folder, file);
    return fs.existsSync(target) ? fs.readFileSync(target, "utf8") : "";
  }

  async close(): Promise<void> {
    for (const server of this.servers.values()) await server.stop().catch(() => undefined);
    for (const host of this.hosts.values()) host.remove();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function id(name: string): string {
  return Buffer.from(name.padEnd(8, "0")).toString("hex").slice(0, 16);
}
