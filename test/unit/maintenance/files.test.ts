import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkMaintenance,
  dropFormerMaintenance,
  lockProgram,
  maintenanceFiles,
  maintenanceProgram,
  type MaintenanceSpec,
} from "../../../model/maintenance/files";
import type { MaintenanceSettings } from "../../../model/maintenance/settings";

const settings: MaintenanceSettings = {
  packages: "security",
  reboot: "whenNeeded",
  timeZone: "UTC",
  windows: [],
  now: "1",
};

function spec(role: "controlPlane" | "worker", over: Partial<MaintenanceSpec> = {}): MaintenanceSpec {
  const machine = { name: "m1", nodeName: "m1", role, pool: "general", nodeAddress: "10.0.0.5" } as const;
  return { machine, drainTimeoutSeconds: 60, maintenance: settings, ...over };
}

const paths = (one: MaintenanceSpec): string[] => maintenanceFiles(one).map((file) => file.path);
const text = (one: MaintenanceSpec, end: string): string =>
  maintenanceFiles(one).find((file) => file.path.endsWith(end))?.content ?? expect.fail(end);

describe("files of maintenance", () => {
  it("are none without the setting", () => {
    const { maintenance: _, ...without } = spec("worker");
    expect(maintenanceFiles(without)).toEqual([]);
  });

  it("of a worker lead to the API by the kubelet's credentials alone, and give no lock", () => {
    expect(paths(spec("worker"))).not.toContain(lockProgram);
    const all = maintenanceFiles(spec("worker"))
      .map(({ content }) => content)
      .join();
    expect(all).toContain("/etc/kubernetes/kubelet.conf");
    expect(all).not.toContain("admin.conf");
    expect(paths(spec("controlPlane"))).toContain(lockProgram);
  });

  it("go out by the proxy of the settings, whose password is in no unit", () => {
    const proxy = { https: "http://proxy.example.com:3128", noProxy: ["10.0.0.0/8"] };
    const service = text(spec("worker", { maintenanceProxy: proxy }), "maintenance.service");
    expect(service).toMatch(/^Environment="https_proxy=http:\/\/proxy.example.com:3128"$/im);
    expect(service).toMatch(/^Environment=HOME=/m);
    const secret = text(
      spec("worker", { maintenanceProxy: { ...proxy, credentials: "login" } }),
      "maintenance.service",
    );
    expect(secret).toContain("EnvironmentFile=/etc/pulumi-kubeadm/proxy.env");
    expect(secret).not.toContain("proxy.example.com");
  });
});

/** Runs a part of a script with programs in place of those of a host. */
function bash(
  script: string,
  programs: Readonly<Record<string, string>>,
): { status: number | null; output: string; left: string[] } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "maintenance-files-"));
  const put = (file: string, content: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content, { mode: 0o755 });
  };
  for (const [file, content] of Object.entries(programs)) put(file, content);
  const moved = script.replaceAll(/\/(etc|usr|var)\//g, `${root}/$1/`);
  const head = `set -euo pipefail\nexport PATH=${root}/bin:$PATH\nphase() { echo "phase $1"; }\ndie() { echo "died: $1"; exit 1; }\n`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", head + moved], { encoding: "utf8" });
  const left = fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => fs.statSync(path.join(root, file)).isFile() && !file.startsWith("bin/"));
  fs.rmSync(root, { recursive: true });
  return { status, output: (stdout + stderr).replaceAll(root, ""), left };
}

describe("what a node step does", () => {
  it("ends with what the host cannot do", () => {
    const fails =
      "#!/bin/bash\necho Traceback >&2\necho 'this host does not know the time zone' >&2\nexit 1\n";
    const script = checkMaintenance(maintenanceFiles(spec("worker")));
    const { status, output } = bash(script, { [maintenanceProgram]: fails });
    expect([status, output]).toEqual([1, "died: this host does not know the time zone\n"]);
    expect(checkMaintenance([])).toBe("");
  });

  it("takes everything away once the setting is gone, after pods may come back", () => {
    const tool = (name: string) => `#!/bin/bash\necho "${name} $*"\n`;
    const units = maintenanceFiles(spec("controlPlane")).map((file) => [file.path, file.content] as const);
    const script = dropFormerMaintenance({});
    const { status, output, left } = bash(script, {
      ...Object.fromEntries(units),
      [maintenanceProgram]: '#!/bin/bash\necho "$*" >"$(dirname "$0")/kept"\n',
      "var/lib/pulumi-kubeadm/maintenance/status.json": "{}",
      "bin/systemctl": tool("systemctl"),
      "bin/kubectl": tool("kubectl"),
    });
    expect([status, left], output).toEqual([0, ["usr/local/sbin/kept"]]);
    expect(output).toContain("kubectl --namespace kube-system delete lease pulumi-kubeadm-maintenance");
    expect(output.match(/disable --now/g)).toHaveLength(2);
  });

  it("touches nothing on a host that never had it", () => {
    expect(bash(dropFormerMaintenance({}), {})).toEqual({ status: 0, output: "", left: [] });
    expect(dropFormerMaintenance({ maintenance: settings })).toBe("");
  });
});
