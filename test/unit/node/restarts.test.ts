import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as fs from "node:fs";
import { kubeletFiles } from "../../../model/node/kubelet";
import { filesList, pendingFolder } from "../../../model/node/paths";
import { RESTARTS } from "../../../model/node/restarts";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { NodeHost } from "../lifecycle/support";
import { machineOf, settingsOf } from "./support";
import { containerdFiles, linksOf, restartCheck } from "../../support/fromSettings";

const dropIn = { containerd: { dropIn: "[debug]\n" } };
let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
});
afterEach(() => host.files.remove());

/** What node setup of these settings leaves. */
function setUp(settings: ClusterSettings): void {
  const machine = machineOf(settings, "w1");
  const files = [...containerdFiles(settings, machine).service, ...kubeletFiles(settings)];
  for (const { path, content } of files) host.files.write(path, content);
  // The script's own paths are moved into the folder that plays the host, so those of the list are too.
  const list = files
    .map(
      ({ path }) => `${host.files.root}${path} containerd.service
`,
    )
    .join("");
  host.files.write(
    filesList,
    `${list}/etc/hosts.x 
`,
  );
  for (const { path, target } of linksOf(settings, machine, ["containerd", "runc"])) {
    host.files.write(path, "");
    fs.rmSync(host.files.root + path);
    fs.symlinkSync(host.files.root + target, host.files.root + path);
  }
}

function reasons(settings: ClusterSettings): string[] {
  const { status, output } = host.run(restartCheck(settings, machineOf(settings, "w1")));
  expect(status, output).toBe(0);
  return output
    .split("\n")
    .filter((line) => line.startsWith(RESTARTS))
    .map((line) => line.slice(RESTARTS.length + 1).replaceAll(host.files.root, ""));
}

describe("what would restart the runtime or the kubelet of a node", () => {
  it("is nothing where the last setup was of the same settings", () => {
    setUp(settingsOf());
    expect(reasons(settingsOf())).toEqual([]);
  });

  it("is nothing for what they do not read at their start", () => {
    setUp(settingsOf());
    const mirrors = { "docker.io": ["http://192.0.2.8:5000"] };
    expect(reasons(settingsOf({ images: { mirrors } }))).toEqual([]);
  });

  it.each([
    ["a drop-in", dropIn, "/etc/containerd/conf.d/90-settings.toml"],
    [
      "a proxy",
      { proxy: { http: "http://192.0.2.8:3128" } },
      "/etc/systemd/system/containerd.service.d/http-proxy.conf",
    ],
    [
      "another containerd",
      { versions: { containerd: "2.3.3" }, downloads: sums("containerd") },
      "/usr/local/bin/containerd",
    ],
    ["another runc", { versions: { runc: "1.4.2" }, downloads: sums("runc") }, "/usr/local/bin/runc"],
  ])("is %s that comes", (_, raw, path) => {
    setUp(settingsOf());
    expect(reasons(settingsOf(raw))).toContain(path);
  });

  it("is a file that goes", () => {
    setUp(settingsOf(dropIn));
    expect(reasons(settingsOf())).toEqual(["/etc/containerd/conf.d/90-settings.toml"]);
  });

  it("is a restart that a run was cut off before", () => {
    setUp(settingsOf());
    host.files.write(`${pendingFolder}/containerd.service`, "");
    expect(reasons(settingsOf())).toEqual(["containerd.service"]);
  });
});

function sums(name: string): Record<string, unknown> {
  return { checksums: { [name]: { amd64: "0".repeat(64) } } };
}
