/** Old versions of what setup downloads: the present one and the one before stay, and whatever is in use. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installRoot, linkFolder } from "../../../model/node/paths";
import { bash, machineOf, settingsOf } from "./support";
import { oldVersionsPhase } from "../../support/fromSettings";

let folder = "";
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "versions-")));
  fs.mkdirSync(`${folder}${linkFolder}`, { recursive: true });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const settings = settingsOf();
const present = settings.kubernetesVersion;

function run(): string {
  const script = oldVersionsPhase(settings, machineOf(settings, "w1"))
    .replaceAll(installRoot, folder + installRoot)
    .replaceAll(linkFolder, folder + linkFolder);
  const ran = bash(`set -Eeuo pipefail\nphase() { :; }\n${script}`);
  expect(ran.stderr).toBe("");
  return ran.stdout;
}

/** Versions of kubelet from the oldest to the newest. */
function installed(...versions: string[]): void {
  versions.forEach((version, index) => {
    const one = `${folder}${installRoot}/kubelet/${version}`;
    fs.mkdirSync(`${one}/bin`, { recursive: true });
    fs.copyFileSync("/bin/sleep", `${one}/bin/kubelet`);
    fs.chmodSync(`${one}/bin/kubelet`, 0o755);
    fs.utimesSync(one, 1_000 + index, 1_000 + index);
  });
}

const left = () => fs.readdirSync(`${folder}${installRoot}/kubelet`).sort();
const binary = (version: string) => `${folder}${installRoot}/kubelet/${version}/bin/kubelet`;

describe("old versions", () => {
  it("go but for the present one and the one before", () => {
    installed("1.33.1", "1.33.2", "1.34.0", present);
    expect(run().match(/^removed /gm)).toHaveLength(2);
    expect(left()).toEqual(["1.34.0", present].sort());
    expect(run()).toBe("");
  });

  it("stay where a link uses one: a member's Kubernetes is switched later", () => {
    installed("1.33.1", "1.33.2", "1.34.0", present);
    fs.symlinkSync(binary("1.33.1"), `${folder}${linkFolder}/kubelet`);
    run();
    expect(left()).toEqual(["1.33.1", "1.34.0", present].sort());
  });

  it("stay where a program of one still runs", async () => {
    installed("1.33.1", "1.33.2", "1.34.0", present);
    const running = spawn(binary("1.33.2"), ["600"], { stdio: "ignore" });
    await new Promise((started, failed) => running.once("spawn", started).once("error", failed));
    run();
    running.kill("SIGKILL");
    expect(left()).toEqual(["1.33.2", "1.34.0", present].sort());
  });

  it("are looked for in names that begin alike without a mix-up", () => {
    installed("1.3", "1.30", "1.29", present);
    fs.symlinkSync(binary("1.30"), `${folder}${linkFolder}/kubelet`);
    run();
    expect(left()).toEqual(["1.29", "1.30", present].sort());
  });

  it("are none on a host without downloads", () => {
    expect(run()).toBe("");
  });
});
