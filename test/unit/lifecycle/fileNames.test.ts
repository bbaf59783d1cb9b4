import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configurationNow } from "../../../host/steps/configuration";
import { Hosts } from "../../../host/runner";
import { apiServerFolder, paths } from "../../../model/kubeadm";
import { clusterDocumentOf, missingFiles } from "../../../model/lifecycle/fileNames";
import { CLUSTER_DOCUMENT } from "../../../model/lifecycle/parts";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { Machine, SshHost } from "../host/sshHost";
import { factsOf, NodeHost } from "./support";
import { convergeScript, filesOfNode } from "../../support/fromSettings";

const cp1 = controlPlaneNode("cp1", 11);
const before = settingsOf();
const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
const after = settingsOf({ audit: { ...before.audit, policy } });

const named = (settings: ClusterSettings, oidcCa = "") =>
  filesOfNode(settings, cp1, oidcCa).filter((file) => file.path.startsWith(`${apiServerFolder}/`));
const document = (settings: ClusterSettings) =>
  filesOfNode(settings, cp1).find((file) => file.path === CLUSTER_DOCUMENT)?.content ?? expect.fail();

describe("files of the API server", () => {
  it("have names that go with their content, and the flags name them", () => {
    expect(missingFiles(document(before), filesOfNode(before, cp1))).toEqual([]);
    for (const { path } of named(before)) expect(document(before)).toContain(path);
    const [old, now] = [named(before), named(after)].map((files) => files.map((file) => file.path));
    expect(old.filter((path) => !now.includes(path))).toEqual([
      expect.stringMatching(/audit-policy-[0-9a-f]{12}\.yaml$/),
    ]);
    expect(now.filter((path) => !old.includes(path))).toHaveLength(1);
    expect(named(settingsOf())).toEqual(named(before));
  });

  it("include the issuer's CA: another one is another file", () => {
    const oidc = {
      issuerUrl: "https://id.example.org",
      clientId: "kubernetes",
      usernameClaim: "sub",
      ca: "ca",
    };
    const settings = settingsOf({ oidc });
    const of = (ca: string) => named(settings, ca).map((file) => file.path);
    expect(of("one")).not.toEqual(of("two"));
  });

  it("include those of the settings, which flags and documents name", () => {
    const withFiles = (text: string) =>
      settingsOf({
        apiServer: {
          extraArgs: {
            "audit-webhook-config-file": "hook.yaml",
            "tls-sni-cert-key": "a.crt,a.key:a.example.com",
          },
          files: {
            "hook.yaml": { content: text },
            "a.crt": { content: "CERTIFICATE" },
            "a.key": { secret: "sni" },
          },
          admissionConfiguration: { ImagePolicyWebhook: { imagePolicy: { kubeConfigFile: "hook.yaml" } } },
          certSans: [],
        },
        scheduler: {
          extraArgs: { config: "scheduler.yaml" },
          files: { "scheduler.yaml": { content: text } },
        },
      });
    const [one, two] = [withFiles("one"), withFiles("two")];
    const pathsOf = (settings: ClusterSettings) =>
      filesOfNode(settings, cp1)
        .map((file) => file.path)
        .filter((path) => /hook|scheduler\/|a-.*crt/.test(path));
    expect(pathsOf(one)).toHaveLength(3);
    expect(pathsOf(one).filter((path) => pathsOf(two).includes(path))).toEqual([
      expect.stringMatching(/a-[0-9a-f]{12}\.crt$/),
    ]);
    const [hook = "", crt = "", config = ""] = ["hook", "/a-", "scheduler/"].map(
      (part) => pathsOf(one).find((path) => path.includes(part)) ?? "",
    );
    const text = document(one);
    expect(text).toContain(`value: ${hook}`);
    expect(text).toContain(`value: ${crt},${apiServerFolder}/a.key:a.example.com`);
    expect(text).toContain(`value: ${config}`);
    expect(text).toContain("mountPath: /etc/kubernetes/pulumi-kubeadm/scheduler");
    const admission = named(one).find((file) => file.path.includes("/admission-"))?.content;
    expect(admission).toContain(`kubeConfigFile: ${hook}`);
    expect(missingFiles(text, filesOfNode(one, cp1), [`${apiServerFolder}/a.key`])).toEqual([]);
    const gone = missingFiles(text, filesOfNode(two, cp1), [`${apiServerFolder}/a.key`]);
    expect(gone).toEqual([expect.stringContaining("/admission-"), hook, config]);
  });
});

describe("a changed file", () => {
  let host: NodeHost;
  beforeEach(() => {
    host = new NodeHost();
    host.install(before.kubernetesVersion);
    host.files.write("/etc/kubernetes/pki/apiserver.crt", "");
    host.files.command("openssl", "echo DNS:x");
    host.files.write(`${apiServerFolder}/audit-policy.yaml`, "of an older release");
    host.files.write(paths.encryption, "keys");
    host.files.write("/var/lib/pulumi-kubeadm/node.json", "{}");
    for (const file of named(before)) host.files.write(file.path, file.content);
  });
  afterEach(() => host.files.remove());

  const there = () =>
    fs.readdirSync(host.files.root + apiServerFolder).map((name) => `${apiServerFolder}/${name}`);
  const converge = () =>
    host.run(convergeScript(after, cp1, factsOf(after, cp1), filesOfNode(after, cp1), []));

  it("lies beside the old one until the API server is well with it, and the old ones go then", () => {
    host.files.command(
      "kubeadm",
      `[ "$1 $2" != "upgrade node" ] || ls "$ROOT${apiServerFolder}" >"$ROOT/during"`,
    );
    const { status, output } = converge();
    expect(status, output).toBe(0);
    const during = host.files
      .read("/during")
      .trim()
      .split("\n")
      .map((name) => `${apiServerFolder}/${name}`);
    for (const { path } of [...named(before), ...named(after)]) expect(during).toContain(path);
    expect(there().sort()).toEqual([...named(after).map((file) => file.path), paths.encryption].sort());
  });

  it("leaves the old ones where kubeadm put the old manifest back", () => {
    host.files.command("kubeadm", '[ "$1 $2" != "upgrade node" ] || exit 1');
    expect(converge().status).not.toBe(0);
    for (const { path } of named(before)) expect(there()).toContain(path);
  });
});

describe("a control-plane node that joins while others are still to be changed", () => {
  let machine: Machine;
  let server: SshHost;
  let hosts: Hosts;
  beforeEach(async () => {
    machine = new Machine(["/etc/"]);
    for (const file of named(before)) machine.write(file.path, file.content);
    machine.write(CLUSTER_DOCUMENT, document(before));
    machine.write("uploaded", clusterDocumentOf(document(before)));
    machine.program("kubectl", 'cat "$ROOT/uploaded"');
    server = await SshHost.start({ exec: machine.exec() });
    hosts = new Hosts({ connections: { cp1: server.connection() }, files: [] }, 20_000, () => undefined);
  });
  afterEach(async () => {
    hosts.close();
    await server.stop();
    machine.remove();
  });

  const now = (settings: ClusterSettings) => configurationNow(hosts, "cp1", filesOfNode(settings, cp1));

  it("gets the files that the cluster's configuration names, and is changed itself afterwards", async () => {
    const gone = named(before).filter((file) => !named(after).some(({ path }) => path === file.path));
    expect(await now(after)).toEqual({ files: gone, outdated: true });
  });

  it("gets nothing more where the cluster is as the settings say", async () => {
    expect(await now(before)).toEqual({ files: [], outdated: false });
  });

  it("is changed afterwards where a flag is another one, or a run was cut off before it uploaded the configuration", async () => {
    const flag = settingsOf({ scheduler: { extraArgs: { v: "4" } } });
    expect(await now(flag)).toEqual({ files: [], outdated: true });
    machine.write(CLUSTER_DOCUMENT, document(after));
    expect((await now(after)).outdated).toBe(true);
  });
});
