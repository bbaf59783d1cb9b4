/** Who leaves stays in the firewalls of the others until he has left: the parts of setup and of the step at the end, run in a folder. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  inUse,
  inUseScript,
  keepLeaving,
  firewallAddresses,
  tightenScript,
} from "../../../model/node/leaving";
import { HANGS_AFTER } from "../../support/patience";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { nodeSetupSpec } from "../../../model/settings/specs";
import type { Machine } from "../../../model/settings/resolved";

const TABLE = "inet pulumi-kubeadm";
const [cp1, cp2, w1, w2] = [
  controlPlaneNode("cp1", 11),
  controlPlaneNode("cp2", 12),
  machine("w1"),
  machine("w2", { nodeAddress: "10.40.0.22" }),
];

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "leaving-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function run(script: string, status = 0): string {
  const moved = script
    .replaceAll("/etc/", `${root}/etc/`)
    .replace(/^export LC_ALL=C PATH=\S+/m, "export LC_ALL=C");
  const ran = spawnSync("bash", ["-s"], { input: moved, encoding: "utf8", timeout: HANGS_AFTER });
  expect(ran.status, ran.stderr).toBe(status);
  return ran.stdout;
}

/** Setup with the machines of the settings, and what it wrote. */
function setUp(machines: readonly Machine[]): string {
  const { firewall } = nodeSetupSpec({ ...settingsOf(), firewall: "nftables", machines }, w1);
  if (firewall === undefined) throw new Error("there is a firewall");
  const file = firewallAddresses(firewall);
  const put = `put() { local path=$1; mkdir -p "$(dirname "$path")"; cat >"$path.new"; mv "$path.new" "$path"; }\n`;
  const members = `put ${file.path} <<'END'\n${file.content}END\n`;
  run(`set -euo pipefail\n${put}${keepLeaving(members)}`);
  return leaving();
}

const leaving = (): string => {
  const folder = path.join(root, "etc/pulumi-kubeadm");
  return fs.readFileSync(path.join(folder, "firewall-leaving.nft"), "utf8");
};

function tighten(used: readonly string[], reloads = true): string {
  const stubs = `systemctl() { echo "systemctl $*"; [ "$1" != reload ] || ${reloads}; }\n`;
  const [head = "", ...rest] = tightenScript(used).split("\n");
  return run(`${head}\n${stubs}${rest.join("\n")}`, reloads ? 0 : 1);
}

describe("a host's firewall", () => {
  it("lets nobody stay at first, and none of those that are there", () => {
    expect(setUp([cp1, w1])).toBe("");
    expect(setUp([cp1, w1, w2])).toBe("");
  });

  it("lets who is taken out stay, as what it was", () => {
    setUp([cp1, cp2, w1]);
    expect(setUp([cp1])).toBe(
      [
        "# controlPlane 10.40.0.12",
        `add element ${TABLE} leaving_controlplane { 10.40.0.12 }`,
        "# node 10.40.0.12",
        `add element ${TABLE} leaving_node { 10.40.0.12 }`,
        "# node 10.40.0.21",
        `add element ${TABLE} leaving_node { 10.40.0.21 }`,
        "",
      ].join("\n"),
    );
  });

  it("lets a replaced machine's old address stay beside the new one", () => {
    setUp([cp1, w1]);
    expect(setUp([cp1, { ...w1, nodeAddress: "10.40.0.99" }])).toContain("leaving_node { 10.40.0.21 }");
  });

  it("keeps who leaves over runs that were cut off, and forgets who comes back", () => {
    setUp([cp1, w1, w2]);
    setUp([cp1, w1]);
    expect(setUp([cp1])).toMatch(/10\.40\.0\.21[^]*10\.40\.0\.22/);
    expect(setUp([cp1, w1])).not.toContain("10.40.0.21");
  });

  it("is closed for those that nobody in the cluster has any more, and for no other", () => {
    setUp([cp1, cp2, w1]);
    setUp([cp1]);
    const said = tighten(["node 10.40.0.11", "controlPlane 10.40.0.11", "node 10.40.0.12"]);
    expect(leaving()).toBe(`# node 10.40.0.12\nadd element ${TABLE} leaving_node { 10.40.0.12 }\n`);
    expect(said).toContain("systemctl reload pulumi-kubeadm-firewall.service");
    expect(said).toContain("##stay node 10.40.0.12");
    expect(tighten(["node 10.40.0.11"])).not.toContain("##stay");
    expect(leaving()).toBe("");
    expect(tighten([])).toBe("");
  });

  it("is closed by the next run where its rules could not be loaded", () => {
    setUp([cp1, w1]);
    setUp([cp1]);
    const before = leaving();
    expect(tighten([], false)).toContain("does not take its new rules");
    expect(leaving()).toBe(before);
    expect(tighten([])).toContain("systemctl reload");
    expect(leaving()).toBe("");
  });

  it("is not closed by an address that only begins like one in use", () => {
    setUp([cp1, machine("w9", { nodeAddress: "10.40.0.1" })]);
    setUp([cp1]);
    tighten(["node 10.40.0.11"]);
    expect(leaving()).toBe("");
  });
});

describe("who is in the cluster", () => {
  it("is every Node and every member of etcd", () => {
    const bin = path.join(root, "bin");
    fs.mkdirSync(bin);
    const write = (name: string, body: string): void =>
      fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    write("kubectl", "printf '10.40.0.11\\n10.40.0.21\\n'");
    write(
      "crictl",
      `case "$*" in "ps "*) echo 0123 ;; *) echo "8e9e, started, cp1, https://10.40.0.11:2380, https://10.40.0.11:2379, false"; echo "91bc, unstarted, , https://10.40.0.12:2380, , true" ;; esac`,
    );
    const output = run(inUseScript().replace("set -Eeuo pipefail", `set -Eeuo pipefail\nPATH=${bin}:$PATH`));
    expect(inUse(output)).toEqual([
      "node 10.40.0.11",
      "node 10.40.0.21",
      "controlPlane 10.40.0.11",
      "controlPlane 10.40.0.12",
    ]);
  });
});
