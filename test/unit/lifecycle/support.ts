import type { NodeIdentity } from "../../../model/lifecycle/identity";
import { ownerOf } from "../../../model/immutableSettings";
import { binaryPath } from "../../../model/node/paths";
import type { ClusterSettings, Machine } from "../../../model/settings/resolved";
import { ScriptHost, type Result } from "../kubeadm/scriptHost";
import { immutableSettings } from "../../../model/settings/specs";

/** Folders that scripts of node step name; a host's own must never be touched by a test. */
const FOLDERS = ["/etc/", "/var/", "/run/", "/opt/", "/usr/local/", "/proc/", "/sys/fs/"];
/** Programs that would change this machine, or ask a cluster. */
const PROGRAMS = [
  "kubeadm",
  "kubectl",
  "crictl",
  "systemctl",
  "curl",
  "ip",
  "nft",
  "iptables-save",
  "iptables-restore",
  "umount",
  "mountpoint",
  "python3",
  "sleep",
  "openssl",
];

/** Time goes on by what a script sleeps, which takes none. */
const CLOCK = 'sleep() { host_sleep "$@"; SECONDS=$((SECONDS + ${1%.*})); }\n';

/** A script that gives up after three tries wherever it waits. */
export function impatient(text: string): string {
  return text.replaceAll("local retry_left=$1", "local retry_left=3");
}

/** A folder that plays a host on which scripts run, one after the other. */
export class NodeHost {
  readonly files: ScriptHost;

  constructor() {
    this.files = new ScriptHost({ path: "", mode: "0755", content: "true" }, FOLDERS);
    this.files.write("/usr/local/bin/node-setup-was-here", "");
    for (const program of PROGRAMS) this.files.command(program, "exit 0");
  }

  /** Binaries as node setup leaves them; kubeadm's are run by their whole path too. */
  install(version: string): void {
    for (const name of ["kubeadm", "kubelet", "kubectl"] as const) {
      const body = `exec "$ROOT/bin/${name}" "$@"`;
      this.files.write(binaryPath(name, version), `#!/bin/sh\n${body}\n`, 0o755);
    }
  }

  run(script: string): Result {
    const moved = FOLDERS.reduce(
      (text, folder) => text.replaceAll(folder, this.files.root + folder),
      script.replaceAll("unix:///run/", "unix:run/"),
    );
    this.files.write("/script", CLOCK + moved, 0o755);
    this.files.write("/calls", "");
    return this.files.run();
  }

  member(): Record<string, unknown> | undefined {
    const text = this.files.read("/var/lib/pulumi-kubeadm/node.json");
    return text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }
}

export function factsOf(settings: ClusterSettings, machine: Machine): NodeIdentity {
  return {
    cluster: "ab".repeat(32),
    machine: machine.name,
    revision: machine.revision,
    owner: ownerOf(machine),
    ...immutableSettings(settings),
    version: settings.kubernetesVersion,
    nodeAddress: machine.nodeAddress,
    digest: "digest",
  };
}
