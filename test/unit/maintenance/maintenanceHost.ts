import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import {
  lockProgramText,
  MAINTENANCE_ANNOTATIONS,
  maintenanceConfig,
  maintenanceProgramText,
  type MaintenanceBounds,
} from "../../../model/maintenance/files";
import type { MaintenanceSettings } from "../../../model/maintenance/settings";

export interface FakePod {
  readonly name: string;
  readonly node: string;
  /** Default: of a ReplicaSet, and evicted at once. */
  readonly of?: "DaemonSet" | "mirror";
  /** A disruption budget has no room for it. */
  readonly guarded?: boolean;
  readonly ready?: boolean;
}

export interface FakeNode {
  readonly metadata: { annotations: Record<string, string>; labels: Record<string, string> };
  readonly spec: { unschedulable?: boolean };
  ready: boolean;
}

interface FakeLease {
  readonly metadata: { readonly annotations: Record<string, string> };
  readonly spec: { readonly holderIdentity: string };
}

export interface FakeState {
  nodes: Record<string, FakeNode>;
  pods: FakePod[];
  lease?: FakeLease;
  /** Every change, in its order. */
  events: string[];
  /** Requests that the API server does not allow whoever made them. */
  forbidden: string[];
}

/**
 * Stands in for `kubectl` and the API server, whose state is a file; in the program's process, since to start one costs more than
 * all else. A kubelet may do what the node authorizer and the admission plugin NodeRestriction let it: read and write its Node, read
 * and evict the pods that are bound to it.
 */
const KUBECTL = `
import fcntl

def kubectl(words, what, give=""):
    try:
        return fake_kubectl(KUBECTL + words, give) or ""
    except SystemExit as error:
        raise Problem("%s: %s" % (what, error))

def fake_kubectl(words, give):
    file = os.environ["API_FILE"]
    who = words[words.index("--as") + 1]
    words = words[words.index("--as") + 2:]
    now = stamp(moment())

    def value(name):
        return words[words.index(name) + 1]

    def seen(name, node):
        beat = now if node["ready"] else "2020-01-01T00:00:00Z"
        ready = {"type": "Ready", "status": "True" if node["ready"] else "False", "message": "as the test says", "lastHeartbeatTime": beat}
        return {"metadata": dict(node["metadata"], name=name), "spec": node["spec"], "status": {"conditions": [ready]}}

    def pod_of(pod):
        kind = pod.get("of")
        owner = [{"kind": kind or "ReplicaSet", "name": pod["name"] + "-owner", "controller": True}] if kind != "mirror" else []
        ready = [{"type": "Ready", "status": "True" if pod.get("ready", True) else "False"}]
        running = [{"state": {"running": {"startedAt": now}}}]
        note = {"kubernetes.io/config.mirror": "x"} if kind == "mirror" else {}
        return {"metadata": {"name": pod["name"], "namespace": "default", "ownerReferences": owner, "annotations": note}, "status": {"phase": "Running", "conditions": ready, "containerStatuses": running}}

    with open(file + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(file) as text:
            state = json.load(text)
        def save():
            with open(file + ".new", "w") as new:
                json.dump(state, new)
            os.replace(file + ".new", file)
        def forbid(what):
            state["forbidden"].append("%s: %s" % (who, what))
            save()
            sys.exit("Error from server (Forbidden): " + what)
        def own(name):
            if who not in ("admin", name):
                forbid("node %s is not %s" % (name, who))
            if name not in state["nodes"]:
                sys.exit("Error from server (NotFound): nodes %s not found" % name)
            return state["nodes"][name]
        def event(text):
            state["events"].append(text)
            save()
        plain = [word for word in words if not word.startswith("--")]
        if "lease" in words or ("--filename" in words and "--raw" not in words):
            if who != "admin":
                forbid("leases")
            kept = state.get("lease")
            if "get" in words:
                return json.dumps(kept) if kept else ""
            given = json.loads(give)
            if "create" in words and kept:
                sys.exit("Error from server (AlreadyExists): leases already exists")
            if "replace" in words and (not kept or given["metadata"]["resourceVersion"] != kept["metadata"]["resourceVersion"]):
                sys.exit("Error from server (Conflict): the object has been modified")
            given["metadata"]["resourceVersion"] = str(int(given["metadata"].get("resourceVersion", "0")) + 1)
            state["lease"] = given
            save()
        elif "--raw" in words and "/readyz" in words:
            return "ok"
        elif "--raw" in words:
            name = re.search("/pods/([^/]+)/eviction", value("--raw")).group(1)
            pod = next((one for one in state["pods"] if one["name"] == name), None)
            if pod is None:
                sys.exit("Error from server (NotFound): pods not found")
            if who not in ("admin", pod["node"]):
                forbid("eviction of " + name)
            if pod.get("guarded"):
                sys.exit("Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.")
            state["pods"].remove(pod)
            event("evict %s" % name)
        elif "pods" in words:
            node = value("--field-selector").split("=")[1]
            if who not in ("admin", node):
                forbid("pods of " + node)
            return json.dumps({"items": [pod_of(pod) for pod in state["pods"] if pod["node"] == node]})
        elif "nodes" in words:
            if who != "admin":
                forbid("reading all nodes")
            return json.dumps({"items": [seen(name, node) for name, node in state["nodes"].items()]})
        elif "cordon" in words or "uncordon" in words:
            name = plain[plain.index("cordon" if "cordon" in words else "uncordon") + 1]
            node = own(name)
            node["spec"]["unschedulable"] = "cordon" in words
            event(" ".join(plain[-2:]))
        elif "annotate" in words:
            at = plain.index("node")
            node = own(plain[at + 1])
            for word in plain[at + 2:]:
                if word.endswith("-") and "=" not in word:
                    node["metadata"]["annotations"].pop(word[:-1], None)
                else:
                    key, _, text = word.partition("=")
                    node["metadata"]["annotations"][key] = text
            save()
        elif "node" in words:
            name = plain[plain.index("node") + 1]
            return json.dumps(seen(name, own(name)))
        else:
            sys.exit("the test has no such kubectl: %s" % words)
`;

/** The program with that in place of the host's kubectl. */
function withFake(program: string): string {
  const [before = "", after = ""] = program.split("\nif __name__");
  return `${before}\n${KUBECTL}\nif __name__${after}`;
}

/** Simulates upgrades out of the file `upgrades`: lines as apt prints them. */
const APT = `#!/bin/bash
case " $* " in
  *" update "*) if [ -e "$ROOT/no-lists" ]; then echo "E: Failed to fetch" >&2; exit 100; fi ;;
  *" -s "*) cat "$ROOT/upgrades" 2>/dev/null || true ;;
  *" install "* | *" upgrade "*)
    case " $* " in *--fix-broken*) exit 0 ;; esac
    if [ -e "$ROOT/broken" ]; then echo "E: Sub-process /usr/bin/dpkg returned an error code (1)" >&2; exit 100; fi
    echo "$NODE apt $*" >>"$ROOT/apt.log"
    rm -f "$ROOT/upgrades"
    if [ -e "$ROOT/wants-reboot" ]; then mkdir -p "$ROOT/run"; echo linux-image >"$ROOT/run/reboot-required.pkgs"; : >"$ROOT/run/reboot-required"; fi
    ;;
esac
`;

/** A reboot ends the program at once, and empties /run. */
const SYSTEMCTL = `#!/bin/bash
case $1 in
  list-units) cat "$ROOT/jobs" 2>/dev/null ;;
  reboot) echo "$NODE" >>"$ROOT/reboots"; rm -rf "$ROOT/run"; mkdir "$ROOT/run"; rm -f "$ROOT/wants-reboot"; kill -9 "$PPID" ;;
esac
true
`;

/** A cluster for the programs of maintenance: its API, and a folder for each host. */
export class MaintenanceCluster {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "maintenance-"));
  private readonly file = path.join(this.root, "api.json");
  private readonly kubelet: http.Server;
  private readonly children = new Set<ChildProcess>();

  private constructor(readonly settings: MaintenanceSettings) {
    this.kubelet = http.createServer((_, answer) => answer.end("ok"));
  }

  static async create(
    names: readonly string[],
    settings: Partial<MaintenanceSettings> = {},
  ): Promise<MaintenanceCluster> {
    const open = { days: [0, 1, 2, 3, 4, 5, 6], start: 0, minutes: 1440 };
    const cluster = new MaintenanceCluster({
      packages: "security",
      reboot: "whenNeeded",
      timeZone: "UTC",
      windows: [open],
      ...settings,
    });
    await new Promise<void>((resolve) => cluster.kubelet.listen(0, "127.0.0.1", resolve));
    const state: FakeState = { nodes: {}, pods: [], events: [], forbidden: [] };
    for (const name of names) {
      const labels: Record<string, string> = name.startsWith("cp")
        ? { "node-role.kubernetes.io/control-plane": "" }
        : { "node-role.kubernetes.io/general": "" };
      state.nodes[name] = { metadata: { annotations: {}, labels }, spec: {}, ready: true };
      state.pods.push({ name: `agent-${name}`, node: name, of: "DaemonSet" });
      state.pods.push({ name: `app-${name}`, node: name });
    }
    cluster.save(state);
    for (const name of names) cluster.addHost(name);
    return cluster;
  }

  get state(): FakeState {
    return JSON.parse(fs.readFileSync(this.file, "utf8")) as FakeState;
  }

  /** Only while no program runs, since they write the same file. */
  change(edit: (state: FakeState) => void): void {
    const state = this.state;
    edit(state);
    this.save(state);
  }

  private save(state: FakeState): void {
    fs.writeFileSync(`${this.file}.test`, JSON.stringify(state));
    fs.renameSync(`${this.file}.test`, this.file);
  }

  host(name: string, ...parts: string[]): string {
    return path.join(this.root, name, ...parts);
  }

  write(name: string, file: string, content: string, mode = 0o644): void {
    fs.mkdirSync(path.dirname(this.host(name, file)), { recursive: true });
    fs.writeFileSync(this.host(name, file), content, { mode });
  }

  read(name: string, file: string): string {
    return fs.existsSync(this.host(name, file)) ? fs.readFileSync(this.host(name, file), "utf8") : "";
  }

  status(name: string): Record<string, unknown> {
    return JSON.parse(this.read(name, "state/status.json")) as Record<string, unknown>;
  }

  underWay(name: string): { readonly phase?: string } {
    return JSON.parse(this.read(name, "state/state.json") || "{}") as { readonly phase?: string };
  }

  configure(
    name: string,
    settings: MaintenanceSettings,
    drainTimeoutSeconds = 300,
    bounds?: MaintenanceBounds,
  ): void {
    const machine = {
      name,
      nodeName: name,
      role: name.startsWith("cp") ? "controlPlane" : "worker",
      pool: "general",
      nodeAddress: "10.0.0.1",
    } as const;
    this.write(
      name,
      "config.json",
      maintenanceConfig(settings, {
        machine,
        drainTimeoutSeconds,
        ...(bounds && { maintenanceBounds: bounds }),
      }),
    );
  }

  private addHost(name: string): void {
    for (const folder of ["run", "state"]) fs.mkdirSync(this.host(name, folder), { recursive: true });
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    this.write(name, "proc/1/stat", stat);
    this.write(name, "proc/stat", fs.readFileSync("/proc/stat", "utf8"));
    this.write(name, "etc/os-release", "ID=debian\n");
    const done = { dpkg: "exit 0", crictl: '[ "$1" != ps ] || echo c1; [ ! -e "$ROOT/etcd-ill" ]' };
    this.write(name, "bin/apt-get", APT, 0o755);
    this.write(name, "bin/systemctl", SYSTEMCTL, 0o755);
    for (const [tool, text] of Object.entries(done))
      this.write(name, `bin/${tool}`, `#!/bin/bash\n${text}\n`, 0o755);
    this.configure(name, this.settings);
    const place = {
      root: this.host(name),
      config: this.host(name, "config.json"),
      stateFolder: this.host(name, "state"),
      node: name,
      kubelet: `http://127.0.0.1:${(this.kubelet.address() as AddressInfo).port}/healthz`,
      apiServer: "",
      poll: 0.04,
      wellWithin: 0.3,
    };
    this.write(name, "agent.py", withFake(maintenanceProgramText({ ...place, kubectl: ["--as", name] })));
    this.write(name, "lock.py", withFake(lockProgramText({ ...place, kubectl: ["--as", "admin"] })));
  }

  /** Gives a host a package to upgrade. */
  upgradable(name: string, options: { readonly reboot?: boolean } = {}): void {
    this.write(
      name,
      "upgrades",
      "Inst openssl [3.0.1] (3.0.2 Debian-Security:12/stable-security [amd64])\nConf openssl (3.0.2 Debian-Security:12/stable-security [amd64])\n",
    );
    if (options.reboot === true) this.write(name, "wants-reboot", "");
  }

  private environment(name: string): NodeJS.ProcessEnv {
    const PATH = `${this.host(name, "bin")}:${process.env["PATH"] ?? ""}`;
    return { ...process.env, PATH, ROOT: this.host(name), NODE: name, API_FILE: this.file };
  }

  start(name: string, program: "agent" | "lock", ...words: string[]): ChildProcess {
    const file = this.host(name, `${program}.py`);
    const child = spawn("python3", ["-I", file, ...words], { env: this.environment(name) });
    this.children.add(child);
    child.once("close", () => this.children.delete(child));
    return child;
  }

  async run(
    name: string,
    program: "agent" | "lock",
    ...words: string[]
  ): Promise<{ status: number | null; output: string }> {
    const child = this.start(name, program, ...words);
    let output = "";
    child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, output };
  }

  /** As the timer does: again and again until the host has nothing under way and its run is recorded. */
  async untilRecorded(name: string): Promise<string> {
    let all = "";
    for (;;) {
      const { output } = await this.run(name, "agent", "run");
      all += output;
      if (this.underWay(name).phase === undefined && this.read(name, "state/status.json") !== "") return all;
    }
  }

  /** Control-plane nodes look until the promise is settled. They would look on while a node has the lock, and are killed then. */
  async whileLocksAreGiven<T>(names: readonly string[], work: Promise<T>): Promise<T> {
    let ended = false;
    const running = new Set<ChildProcess>();
    const loops = names.map(async (name) => {
      while (!ended) {
        const child = this.start(name, "lock", "run");
        child.stdout?.resume();
        child.stderr?.resume();
        running.add(child);
        await new Promise((resolve) => child.once("close", resolve));
        running.delete(child);
      }
    });
    try {
      return await work;
    } finally {
      ended = true;
      for (const child of running) child.kill("SIGKILL");
      await Promise.all(loops);
    }
  }

  /** Runs lines of Python after a program's own, which is not started. */
  python(name: string, program: "agent" | "lock", lines: string, input = ""): string {
    const text = fs
      .readFileSync(this.host(name, `${program}.py`), "utf8")
      .replace(/\nif __name__[^]*$/, "\n");
    const env = this.environment(name);
    const done = spawnSync("python3", ["-I", "-c", `${text}\n${lines}`], { env, input, encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout;
  }

  asks(name: string): Record<string, unknown> {
    const text = this.state.nodes[name]?.metadata.annotations[MAINTENANCE_ANNOTATIONS.asks];
    return JSON.parse(text ?? "{}") as Record<string, unknown>;
  }

  /** Nodes that have the drain lock, each with the run for which it has it. */
  held(): Record<string, { readonly run: string }> {
    const text = this.state.lease?.metadata.annotations[MAINTENANCE_ANNOTATIONS.holders] ?? "{}";
    return JSON.parse(text) as Record<string, { readonly run: string }>;
  }

  holders(): string[] {
    return Object.keys(this.held());
  }

  async down(): Promise<void> {
    await Promise.all(
      [...this.children].map((child) => {
        const closed = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGKILL");
        return closed;
      }),
    );
    await new Promise((resolve) => this.kubelet.close(resolve));
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
