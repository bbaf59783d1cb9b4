/**
 * What the model renders for kubeadm, the API server and the cluster, judged by the real ones: `kubeadm config validate`, a
 * real kube-apiserver that reads the files, and the approver against its API.
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as https from "node:https";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { corednsManifests } from "../../model/addons/coredns/manifests";
import { flannelManifests } from "../support/cniManifests";
import {
  apiServerFiles,
  apiServerFolder,
  approverUnits,
  clusterConfiguration,
  encryptionConfiguration,
  initDocuments,
  joinDocument,
  paths,
} from "../../model/kubeadm";
import type { KubernetesObject } from "../../model/kubernetes";
import type { ClusterSettings } from "../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../support/kubeadmSettings";
import { ensureTool } from "../support/toolchain";
import { dns, ip, Requests } from "../unit/kubeadm/requestBytes";
import { startApiServer, type ApiServer } from "./apiServer";
import { describeWithEngine } from "./available";

const settings = settingsOf();
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kubeadm-documents-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string, mode = 0o600): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content, { mode });
  return file;
}

describeWithEngine("kubeadm config validate", () => {
  let kubeadm: string;
  beforeAll(async () => {
    kubeadm = await ensureTool("kubeadm");
  });

  function validate(document: string): { status: number | null; output: string } {
    const file = write("document.yaml", document);
    const done = spawnSync(kubeadm, ["config", "validate", "--config", file], { encoding: "utf8" });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  }

  const cases: [string, Partial<ClusterSettings>][] = [
    ["with the defaults", {}],
    [
      "with OIDC, a proxy, files, volumes and a flag given twice",
      {
        oidc: { issuerUrl: "https://id.example.org", clientId: "k8s", usernameClaim: "sub" },
        proxy: { http: "http://proxy:3128", noProxy: ["10.0.0.0/8"] },
        apiServer: {
          extraArgs: {
            "audit-webhook-config-file": "hook.yaml",
            "service-account-issuer": ["https://a", "https://b"],
          },
          extraVolumes: [
            { name: "a", hostPath: "/a", mountPath: "/a", readOnly: true, pathType: "DirectoryOrCreate" },
          ],
          files: { "hook.yaml": { content: "clusters: []" } },
          certSans: ["api.example.org"],
        },
        scheduler: { extraArgs: {}, files: { "a.yaml": { content: "a: b" } } },
      },
    ],
    [
      "with the user's own kubelet and kube-proxy configuration",
      {
        kubelet: {
          config: {
            failSwapOn: false,
            cgroupsPerQOS: false,
            enforceNodeAllocatable: ["none"],
            maxPods: null,
          },
        },
        kubeProxy: { mode: "iptables", config: { conntrack: { maxPerCore: 0 } } },
        ignorePreflightErrors: ["SystemVerification"],
      },
    ],
  ];

  it.each(cases)("takes the init documents %s", (_, over) => {
    const { status, output } = validate(initDocuments(settingsOf(over), controlPlaneNode("cp1", 11)));
    expect(status, output).toBe(0);
    expect(output).not.toContain("unknown field");
  });

  it.each([
    ["cp", controlPlaneNode("cp2", 12)],
    ["control-plane node without taints", controlPlaneNode("cp2", 12, { taints: [] })],
    ["worker", machine("w1", { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] })],
  ])("takes the join document of a %s", (_, node) => {
    const discovery = write("discovery.conf", "");
    const { status, output } = validate(joinDocument(settings, node, discovery));
    expect(status, output).toBe(0);
    expect(output).not.toContain("unknown field");
  });

  it("refuses what is wrong, so that taking means something", () => {
    const text = initDocuments(settings, controlPlaneNode("cp1", 11));
    expect(validate(text.replace("podSubnet: 10.244.0.0/16", "podSubnet: pods")).output).toContain(
      "podSubnet",
    );
    expect(validate(text.replace("  advertiseAddress:", "  advertise:")).output).toContain("unknown field");
    expect(validate(text.replace("\nmaxPods:", "\nmaxPod:")).output).toContain("unknown field");
  });
});

describeWithEngine("a real API server", () => {
  let api: ApiServer;
  let auditLog: string;

  beforeAll(async () => {
    const configuration = path.join(folder, "apiserver");
    fs.mkdirSync(configuration, { recursive: true });
    auditLog = path.join(folder, "audit.log");
    const key = Buffer.alloc(32, 7).toString("base64");
    const files = [
      ...apiServerFiles(settings),
      { path: paths.encryption, content: encryptionConfiguration(settings, { generated: key }) },
    ];
    for (const file of files) write(path.join("apiserver", path.basename(file.path)), file.content);
    // Every flag of the cluster but the one whose file only a real cluster has.
    const serverArgs = (clusterConfiguration(settings).apiServer.extraArgs ?? [])
      .filter((one) => !["kubelet-certificate-authority", "profiling"].includes(one.name))
      .map(({ name, value }) => {
        const here = value.replace(apiServerFolder, configuration).replace(paths.auditLog, auditLog);
        return `--${name}=${here}`;
      });
    api = await startApiServer({ serverArgs });
  });
  afterAll(() => api?.stop());

  /** Status of a request without any credentials. */
  function anonymous(pathOf: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = https.get(api.url + pathOf, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on("error", reject);
    });
  }

  it("answers load balancers without credentials, and nobody else", async () => {
    for (const health of ["/livez", "/readyz", "/healthz"]) expect(await anonymous(health)).toBe(200);
    for (const other of ["/version", "/api", "/api/v1/namespaces/kube-public/configmaps/cluster-info"]) {
      expect(await anonymous(other)).toBe(401);
    }
  });

  const hostPod = {
    metadata: { name: "p" },
    spec: { hostNetwork: true, containers: [{ name: "c", image: "i" }] },
  };

  it("refuses a pod on the host's network in an ordinary namespace, and not in kube-system", async () => {
    const dryRun = (namespace: string) =>
      api.request("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, hostPod);
    await expect(dryRun("default")).rejects.toThrow(/violates PodSecurity "baseline/);
    // The account that pods run as is made by a controller, namespace by namespace.
    await vi.waitFor(() => dryRun("kube-system"), { timeout: 20_000 });
  });

  it("encrypts Secrets, and writes their bodies into no audit log", async () => {
    const secret = { metadata: { name: "s" }, stringData: { word: "not-in-any-log" } };
    await api.request("POST", "/api/v1/namespaces/default/secrets", secret);
    const metrics = await api.request<string>("GET", "/metrics");
    const encrypted = /^apiserver_storage_transformation_operations_total\{.*resource="secrets".*\} [1-9]/;
    const lines = metrics.split("\n").filter((line) => encrypted.test(line) && line.includes("to_storage"));
    expect(lines.join("\n")).toContain('transformer_prefix="k8s:enc:secretbox:v1:"');
    await expect
      .poll(() => fs.readFileSync(auditLog, "utf8"), { timeout: 10_000 })
      .toContain('"resource":"secrets","namespace":"default","name":"s"');
    expect(fs.readFileSync(auditLog, "utf8")).not.toContain("not-in-any-log");
  });

  /** Creates an object without keeping it; unknown and doubled fields are errors. */
  async function dryRun(object: KubernetesObject): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    const plural = { NetworkPolicy: "networkpolicies" }[kind] ?? `${kind.toLowerCase()}s`;
    await api.request("POST", `${group}${scope}/${plural}?dryRun=All&fieldValidation=Strict`, object);
  }

  it.each([
    ["flannel on vxlan", flannelManifests(settings)],
    [
      "flannel on host-gw",
      flannelManifests(
        settingsOf({
          cni: {
            kind: "flannel",
            backend: "host-gw",
            mtu: 1400,
            windows: false,
            networkPolicy: "none",
            resources: {},
          },
        }),
      ),
    ],
    ["CoreDNS", corednsManifests(settings)],
  ])("takes every object of %s, with no field it does not know", async (_, objects) => {
    for (const object of objects) {
      await dryRun(object).catch((error: Error) => {
        // What is namespaced can be tried only where the namespace is, so the first case leaves it there.
        if (object.kind !== "Namespace" || !error.message.startsWith("409")) throw error;
      });
      if (object.kind === "Namespace")
        await api.request("POST", "/api/v1/namespaces", object).catch(() => undefined);
    }
  });

  it("lets flannel's pods use the host's network, as its namespace says", async () => {
    const daemonSet = flannelManifests(settings).find((one) => one.kind === "DaemonSet");
    const { template } = daemonSet?.spec as unknown as { template: { spec: object } };
    const account = { metadata: { name: "flannel" } };
    await api.request("POST", "/api/v1/namespaces/kube-flannel/serviceaccounts", account);
    const pod = { metadata: { name: "p" }, spec: template.spec };
    await api.request("POST", "/api/v1/namespaces/kube-flannel/pods?dryRun=All", pod);
  });

  it("has a kubelet's request approved when it names its own Node, and another left pending", async () => {
    const kubectl = await ensureTool("kubectl");
    const call = (args: string[], input = "") =>
      execFileSync(kubectl, ["--kubeconfig", api.kubeconfigFile, ...args], { input, encoding: "utf8" });
    call(["create", "clusterrolebinding", "nodes", "--clusterrole=system:node", "--group=system:nodes"]);
    await api.request("POST", "/api/v1/nodes", { metadata: { name: "w1" } });
    const addresses = [
      { type: "Hostname", address: "w1" },
      { type: "InternalIP", address: "10.40.0.21" },
    ];
    await api.patchStatus("/api/v1/nodes/w1", { addresses });

    const keys = new Requests();
    const ask = (name: string, address: readonly number[]) => {
      const request = keys.request({ node: "w1", names: [dns("w1"), ip(...address)] });
      const usages = ["digital signature", "server auth"];
      const spec = { signerName: "kubernetes.io/kubelet-serving", usages, request };
      const object = {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name },
        spec,
      };
      const node = ["--as=system:node:w1", "--as-group=system:nodes", "--as-group=system:authenticated"];
      call([...node, "create", "-f", "-"], JSON.stringify(object));
    };
    ask("own", [10, 40, 0, 21]);
    ask("foreign", [10, 96, 0, 1]);

    const runtime = path.join(folder, "approver");
    fs.mkdirSync(runtime, { recursive: true });
    const script = approverUnits(settings)[0].content.replaceAll(
      "/etc/kubernetes/admin.conf",
      api.kubeconfigFile,
    );
    const PATH = `${path.dirname(kubectl)}:${process.env.PATH ?? ""}`;
    const env = { ...process.env, PATH, RUNTIME_DIRECTORY: runtime, HOME: runtime };
    const run = () => spawnSync("bash", [write("approver.sh", script)], { env, encoding: "utf8" });
    const first = run();
    expect(first.status, first.stderr).toBe(0);
    expect(first.stdout).toContain('approved own for "system:node:w1"');
    expect(first.stdout).toContain("left foreign");

    const conditions = (name: string) =>
      call(["get", "csr", name, "-o", "jsonpath={.status.conditions[*].type}"]);
    expect(conditions("own")).toBe("Approved");
    expect(conditions("foreign")).toBe("");
    expect(run().stdout, "a second run has nothing new to say").toBe("");
  });
});
