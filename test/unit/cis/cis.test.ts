import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CHECKS } from "../../../model/cis/checks";
import { cisScript } from "../../../model/cis/script";
import { clusterConfiguration, kubeletConfiguration } from "../../../model/kubeadm";
import { toYaml } from "../../../model/yaml";
import { have } from "../../support/have";
import { shellcheck } from "../../support/shellcheck";
import { settingsOf } from "../../support/kubeadmSettings";
import { ScriptHost } from "../kubeadm/scriptHost";

/** How many numbers each section of kube-bench's cfg/cis-1.12 has. */
const NUMBERS: Readonly<Record<string, number>> = {
  "1.1": 21,
  "1.2": 30,
  "1.3": 7,
  "1.4": 2,
  "2": 7,
  "3.1": 3,
  "3.2": 2,
  "4.1": 10,
  "4.2": 14,
  "4.3": 1,
  "5.1": 13,
  "5.2": 12,
  "5.3": 2,
  "5.4": 2,
  "5.5": 1,
  "5.6": 4,
};

const all = Object.values(CHECKS).flat();
const settings = settingsOf();

/** What kubeadm writes beside the library's flags (app/phases/controlplane/manifests.go, app/phases/etcd/local.go). */
const KUBEADMS: Readonly<Record<string, readonly string[]>> = {
  "kube-apiserver": [
    "authorization-mode=Node,RBAC",
    "client-ca-file=/etc/kubernetes/pki/ca.crt",
    "etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt",
    "etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt",
    "etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key",
    "kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt",
    "kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key",
    "service-account-key-file=/etc/kubernetes/pki/sa.pub",
    "tls-cert-file=/etc/kubernetes/pki/apiserver.crt",
    "tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
  ],
};

describe("checks of the CIS benchmark", () => {
  it("have every number of kube-bench once", () => {
    const expected = Object.entries(NUMBERS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, at) => `${section}.${at + 1}`),
    );
    expect(all.map((one) => one.id).sort()).toEqual(expected.sort());
  });

  it("say why wherever no test decides", () => {
    for (const one of all.filter(({ test }) => test === undefined)) expect(one.reason, one.id).toBeTruthy();
  });

  it.skipIf(!have("shellcheck"))("are a script that shellcheck passes", () => {
    expect(shellcheck(cisScript())).toBe("");
  });
});

describe("the script on a host", () => {
  let host: ScriptHost;
  const verdictsIn = (output: string): Map<string, string> =>
    new Map(
      output
        .split("\n")
        .map((line) => line.split(/ +/))
        .map(([verdict = "", id = ""]) => [id, verdict]),
    );
  const verdicts = (): Map<string, string> => verdictsIn(host.run().output);
  const flags = (change: (lines: string[]) => string[] = (lines) => lines): void => {
    const own = (clusterConfiguration(settings).apiServer?.extraArgs ?? []).map(
      ({ name, value }) => `${name}=${value}`,
    );
    const lines = change([...own, ...(KUBEADMS["kube-apiserver"] ?? [])]).map((one) => `    - --${one}\n`);
    host.write("/etc/kubernetes/manifests/kube-apiserver.yaml", `  - command:\n${lines.join("")}`, 0o600);
  };
  const kubelet = (change: object = {}): void => {
    const config = { ...kubeletConfiguration(settings), ...change };
    host.write("/var/lib/kubelet/config.yaml", toYaml(config), 0o600);
  };

  beforeEach(() => {
    const folders = ["/etc/kubernetes", "/var/lib/kubelet", "/etc/systemd/system/kubelet"];
    host = new ScriptHost({ path: "/cis", mode: "0755", content: cisScript() }, folders);
    flags();
    kubelet();
  });
  afterEach(() => host.remove());

  it("passes what the library's flags and the kubelet's configuration set", () => {
    const found = verdicts();
    const ours = all.filter(({ id, reason }) => /^(1\.2|4\.2)\./.test(id) && reason === undefined);
    // These look at files that are not on this host.
    const elsewhere = ["1.2.28", "4.2.3"];
    expect(ours.length).toBeGreaterThan(30);
    for (const { id } of ours.filter((one) => !elsewhere.includes(one.id)))
      expect(`${id} ${found.get(id)}`).toBe(`${id} pass`);
    expect(found.get("1.2.9")).toBe("left");
    expect(found.get("1.2.20")).toBe("people");
  });

  /** What fails now that did not before `change`. */
  const failing = (change: () => void): string[] => {
    const before = verdicts();
    change();
    const { status, output } = host.run();
    expect(status).toBe(1);
    const after = [...verdictsIn(output)];
    return after.filter(([id, verdict]) => verdict === "fail" && before.get(id) !== "fail").map(([id]) => id);
  };

  // Each flag that fails a check, in groups that do not contradict one another: exactly these checks fail.
  it.each<Readonly<Record<string, readonly [without: string, more: string]>>>([
    {
      "1.2.2": ["", "token-auth-file=/x"],
      "1.2.3": ["enable-admission-plugins", "enable-admission-plugins=NodeRestriction"],
      "1.2.6": ["authorization-mode", "authorization-mode=AlwaysAllow,Node,RBAC"],
      "1.2.15": ["profiling", ""],
      "1.2.17": ["audit-log-maxage", "audit-log-maxage=7"],
      "1.2.21": ["", "service-account-lookup=false"],
      "1.2.29": ["tls-cipher-suites", "tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"],
      "1.2.30": ["service-account-extend-token-expiration", ""],
    },
    { "1.2.7": ["authorization-mode", "authorization-mode=RBAC"], "1.2.29": ["tls-cipher-suites", ""] },
  ])("fails exactly the checks of wrong flags: %j", (wrong) => {
    const changes = Object.values(wrong);
    const failed = failing(() =>
      flags((lines) => [
        ...lines.filter((line) => !changes.some(([without]) => without === line.split("=")[0])),
        ...changes.map(([, more]) => more).filter(Boolean),
      ]),
    );
    expect(failed).toEqual(Object.keys(wrong));
  });

  it("fails exactly the checks of a wrong kubelet configuration", () => {
    const wrong = {
      "4.2.1": { authentication: { anonymous: { enabled: true } } },
      "4.2.2": { authorization: { mode: "AlwaysAllow" } },
      "4.2.4": { readOnlyPort: 10255 },
      "4.2.10": { rotateCertificates: false },
      "4.2.11": { featureGates: { RotateKubeletServerCertificate: false } },
      "4.2.12": { tlsCipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"] },
      "4.2.13": { podPidsLimit: -1 },
      "4.2.14": { seccompDefault: false },
    };
    const change = Object.assign({}, ...Object.values(wrong)) as object;
    // 5.6.2 asks for the same default profile as 4.2.14.
    expect(failing(() => kubelet(change))).toEqual(["5.6.2", ...Object.keys(wrong)]);
  });

  it("looks at modes", () => {
    const found = verdicts();
    expect([found.get("1.1.1"), found.get("4.1.9")]).toEqual(["pass", "pass"]);
    host.write("/var/lib/kubelet/config.yaml", "x: 1", 0o644);
    spawnSync("chmod", ["644", `${host.root}/var/lib/kubelet/config.yaml`]);
    expect(verdicts().get("4.1.9")).toBe("fail");
  });

  it("is refused where there is no node", () => {
    spawnSync("rm", [`${host.root}/var/lib/kubelet/config.yaml`]);
    const { status, output } = host.run();
    expect([status, output]).toEqual([2, expect.stringContaining("this host is not a node")]);
  });
});
