import { spawn } from "node:child_process";
import { text as readAll } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { guarded, putBackScript } from "../../../model/node/undo";
import { setupSecretFiles } from "../../../model/node/setupSecrets";
import { osProfiles } from "../../../model/node/os";
import type { OsFamily } from "../../../model/settings/resolved";
import { have } from "../../support/have";
import { shellcheck } from "../../support/shellcheck";
import { bash, machineOf, settingsOf, threeControlPlaneNodes, withBalancer } from "./support";
import { renderNode } from "../../support/fromSettings";
import { setupUndo } from "../../support/fromSettings";

const endpoints = {
  address: {
    machines: threeControlPlaneNodes,
    endpoint: { kind: "address", host: "api.example.com", port: 6443 },
  },
  nodeLocal: { machines: threeControlPlaneNodes, endpoint: { kind: "nodeLocal" } },
  loadBalancer: { machines: withBalancer, endpoint: { kind: "loadBalancer", machine: "lb1" } },
} as const;
const firewalls = {
  none: {},
  nftables: {
    firewall: "nftables",
    access: { ssh: ["198.51.100.0/24"], api: ["198.51.100.0/24"], nodePorts: ["203.0.113.0/24"] },
  },
} as const;
/** Everything that renders more lines. */
const rich = {
  proxy: { http: "http://proxy:3128", https: "http://proxy:3128" },
  containerd: { dropIn: '[debug]\n  level = "it\'s"\n' },
  images: { mirrors: { "docker.io": ["http://192.0.2.2:5000"] } },
  ignorePreflightErrors: ["Mem", "DiskSpace"],
};

const combinations = (Object.keys(endpoints) as (keyof typeof endpoints)[]).flatMap((endpoint) =>
  (Object.keys(firewalls) as (keyof typeof firewalls)[]).flatMap((firewall) =>
    ["cp1", "w1", ...(endpoint === "loadBalancer" ? ["lb1"] : [])].map((name, index) => ({
      title: `${name}, ${endpoint}, firewall ${firewall}`,
      name,
      os: undefined as OsFamily | undefined,
      raw: { ...endpoints[endpoint], ...firewalls[firewall], ...(index === 0 ? rich : {}) },
    })),
  ),
);
const byFamily = (Object.keys(osProfiles) as OsFamily[]).map((os) => ({
  title: `w1 on ${os}`,
  name: "w1",
  os,
  raw: { ...endpoints.nodeLocal, ...firewalls.nftables },
}));

async function output(command: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return stdout + stderr;
}

async function check(script: string): Promise<void> {
  expect(await output("bash", ["-n"], script)).toBe("");
  expect(shellcheck(script)).toBe("");
}

/** Every role, endpoint, firewall and package manager once: shellcheck takes a second for each, `bash -n` a moment. */
const SHELLCHECKED: readonly { readonly title: string; readonly os?: OsFamily }[] = [
  { title: "cp1, nodeLocal, firewall nftables", os: "ubuntu-24.04" },
  { title: "cp1, loadBalancer, firewall none", os: "rhel-9" },
  { title: "w1, address, firewall nftables", os: "amazon-linux-2023" },
  { title: "lb1, loadBalancer, firewall nftables" },
];

describe.skipIf(!have("shellcheck")).concurrent("rendered scripts pass bash -n and shellcheck", () => {
  const setupOn = (raw: Record<string, unknown>, name: string, os?: OsFamily): string => {
    const settings = settingsOf(raw);
    return renderNode(settings, machineOf(settings, name, os)).setupScript;
  };
  const setups = [...combinations, ...byFamily].map(({ raw, name, os, title }) => ({
    title,
    script: setupOn(raw, name, os),
  }));
  it.each(setups)("bash -n: setup of $title", async ({ script }) => {
    expect(await output("bash", ["-n"], script)).toBe("");
  });

  it.each(SHELLCHECKED)("shellcheck: setup of $title, on $os", ({ title, os }) => {
    const one = combinations.find((combination) => combination.title === title);
    if (one === undefined) throw new Error(`no such setup: ${title}`);
    expect(shellcheck(setupOn(one.raw, one.name, os))).toBe("");
  });

  it("setup of a living node, which goes back", async () => {
    const settings = settingsOf(firewalls.nftables);
    const own = machineOf(settings, "w1");
    const undo = setupUndo(settings, own);
    await check(guarded({ ...undo, change: "true", check: "true", well: "true" }));
    await check(putBackScript(undo));
  });

  it.each(["cp1", "lb1"])("setup of %s with a proxy and registries that ask for logins", async (name) => {
    const settings = settingsOf({
      ...endpoints.loadBalancer,
      proxy: { https: "http://proxy:3128", credentials: "proxy" },
      images: { registries: { "a.example": { credentials: "a" }, "b.example:5000": { token: "b" } } },
    });
    const own = machineOf(settings, name);
    const secret = setupSecretFiles(settings, own.role, { proxy: "me:it's", a: "me:it's", b: "$x" });
    expect(secret).toHaveLength(name === "lb1" ? 1 : 3);
    await check(renderNode(settings, own, secret).setupScript);
  });

  it.each(["cp1", "w1", "lb1"])("preflight and cleanup of %s", async (name) => {
    const settings = settingsOf({
      ...endpoints.loadBalancer,
      network: { serviceCidr: "10.96.0.0/16", mtu: 1450 },
    });
    const rendered = renderNode(settings, machineOf(settings, name));
    await check(rendered.preflightScript);
    await check(rendered.cleanupScript);
    const hosts = rendered.files.find((file) => file.path.endsWith("/hosts-block"));
    if (name !== "lb1") await check(hosts?.content ?? "");
  });
});

describe("what decides a script", () => {
  const setupOf = (raw: Record<string, unknown>, name: string): string => {
    const settings = settingsOf(raw);
    return renderNode(settings, machineOf(settings, name)).setupScript;
  };

  it("is the same for the same settings", () => {
    expect(setupOf({}, "cp1")).toBe(setupOf({}, "cp1"));
  });

  it("does not change on other machines when a worker comes, unless the host filters by addresses", () => {
    const { w2: _w2, ...fewer } = threeControlPlaneNodes;
    for (const name of ["cp1", "w1"]) {
      expect(setupOf({ machines: fewer }, name)).toBe(setupOf({ machines: threeControlPlaneNodes }, name));
    }
    const filtered = (machines: unknown) => setupOf({ machines, ...firewalls.nftables }, "cp1");
    expect(filtered(fewer)).not.toBe(filtered(threeControlPlaneNodes));
  });

  it("changes with a version", () => {
    expect(setupOf({ kubernetesVersion: "1.35.8" }, "w1")).not.toBe(setupOf({}, "w1"));
  });

  it("gives a load balancer nginx and nothing of Kubernetes", () => {
    const script = setupOf(endpoints.loadBalancer, "lb1");
    expect(script).toContain("needs=(ip nginx nginx-stream)\n");
    expect(script).not.toMatch(/\/etc\/containerd|kubelet\.service\.d|dl\.k8s\.io/);
  });

  it("embeds every file it names", () => {
    const settings = settingsOf({ ...endpoints.nodeLocal, ...firewalls.nftables, ...rich });
    const { files, setupScript } = renderNode(settings, machineOf(settings, "cp1"));
    for (const file of files) {
      expect(setupScript).toMatch(new RegExp(`put(_service \\S+)? ${file.path} ${file.mode}`));
      // The list of modules is a variable, which they are loaded by too.
      const modules = file.path.startsWith("/etc/modules-load.d/");
      const words = `modules=(${file.content.trim().split("\n").join(" ")})`;
      expect(setupScript).toContain(modules ? words : file.content);
    }
    expect(new Set(files.map((file) => file.path)).size).toBe(files.length);
  });

  it("says what failed when a command fails without a word", () => {
    const settings = settingsOf();
    const start = renderNode(settings, machineOf(settings, "w1")).setupScript.split('if [ "$(id -u)"')[0];
    const ran = bash(`${start}\nphase trial\nbroken() { false; }\nbroken\necho never\n`);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/^##phase trial\n##error exit status 1 of line \d+: false\n$/);
  });

  it("refuses a machine whose architecture has no downloads", () => {
    const settings = settingsOf();
    const machine = { ...machineOf(settings, "w1"), architecture: "arm64" as const };
    expect(renderNode(settings, machine).setupScript).toContain("die 'no downloads are known for arm64'");
  });
});
