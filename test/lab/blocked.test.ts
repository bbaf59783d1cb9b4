/**
 * An upgrade that something stands against: a cluster with add-ons, tenants and applications that is well has nothing to say, and each thing
 * that stands against an upgrade is named before anything is changed, by the doctor and by `up`. The upgrade never begins: hosts have the images
 * of the version by another name, and nobody downloads its files.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Diagnosis } from "../../doctor/look";
import { kubernetesVersion } from "../support/toolchain";
import { balancedIngress, withAddonSources } from "./addonCharts";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { shapeOf, type Settings } from "./environment";
import { webImage } from "./images";
import { STEADY_PORT, steadyObjects } from "./upgradeObjects";

const TARGET = "1.37.1";
const ETCD = "3.7.0-0";
const PROXY = `registry.k8s.io/kube-proxy:v${TARGET}`;
const ADDRESS = "10.40.0.240";

const container = { name: "web", image: webImage, securityContext: { allowPrivilegeEscalation: false } };

function deployment(name: string, replicas: number, requests: Readonly<Record<string, string>> = {}): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ ...container, resources: { requests } }] },
      },
    },
  };
}

describeWithLab(`what stands against an upgrade to ${TARGET}`, () => {
  let cluster: LabCluster;
  let newer: Settings;
  let state = "";

  beforeAll(async () => {
    cluster = await LabCluster.create("blocked", shapeOf(1, 2), { addons: true });
    cluster.settings = {
      ...(await withAddonSources(cluster)),
      ...balancedIngress(ADDRESS),
      tenants: { shop: { quota: { cpu: "2", memory: "2Gi" }, network: { enforced: false } } },
      // Kubernetes 1.37 no longer serves it (k8s.io/api, networking/v1beta1, APILifecycleRemoved).
      apiServer: { extraArgs: { "runtime-config": "networking.k8s.io/v1beta1=true" } },
    };
    newer = { ...cluster.settings, kubernetesVersion: TARGET };
    await cluster.engine("up");
    await cluster.apply(...steadyObjects(), deployment("shop", 1));
    await cluster.kubectl("rollout", "status", "deployment/steady", "deployment/shop", "--timeout=180s");
    state = await cluster.stateFile();
    for (const name of ["kube-apiserver", "kube-controller-manager", "kube-scheduler"])
      await renamed("cp1", name);
    await cluster.host(
      "cp1",
      `image=$(ctr -n k8s.io images ls -q | grep '^registry.k8s.io/etcd:' | head -n 1); ctr -n k8s.io images tag $image registry.k8s.io/etcd:${ETCD}`,
    );
    for (const host of ["cp1", "w1", "w2"]) await renamed(host, "kube-proxy");
  });

  afterAll(async () => {
    await cluster?.down();
  });

  const renamed = (host: string, name: string): Promise<string> =>
    cluster.host(
      host,
      `ctr -n k8s.io images tag registry.k8s.io/${name}:v${kubernetesVersion} registry.k8s.io/${name}:v${TARGET}`,
    );

  async function doctor(): Promise<Diagnosis> {
    const { stdout, stderr } = await cluster.program("doctor", state, "--upgrade", TARGET, "--json");
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as Diagnosis;
  }
  /** Of all that the doctor finds, what stands against the upgrade. */
  const blockers = ({ findings }: Diagnosis): string[] =>
    findings.filter(({ check }) => check === "upgrade").map(({ where }) => where);

  /** What an upgrade would change first. */
  const untouched = async (): Promise<string> => {
    const nodes = await cluster.kubectl(
      ...["get", "nodes", "-o"],
      'jsonpath={range .items[*]}{.metadata.name} {.spec.unschedulable} {.status.nodeInfo.kubeletVersion} {.metadata.annotations}{"\\n"}{end}',
    );
    return (
      nodes +
      (await cluster.host("cp1", "md5sum /etc/kubernetes/manifests/*; ls /opt/pulumi-kubeadm/kubeadm"))
    );
  };

  it("is nothing in a cluster that is well, with what people run in it", async () => {
    const found = await eventually("nothing against it", doctor, (one) => blockers(one).length === 0, 90);
    saw(
      `of other checks: ${found.findings.map(({ where, what }) => `${where}: ${what}`).join(" | ") || "nothing"}`,
    );
    saw(`nothing, and notes: ${(found.notes ?? []).join(" | ") || "none"}`);
    expect(blockers(found)).toEqual([]);
  });

  const wanted = [
    "podDisruptionBudget/default/full",
    "validatingWebhook/closed/closed.example.com",
    "api/networking.k8s.io/v1beta1/ipaddresses",
    "capacity/general",
    "disk/cp1",
    `image/${PROXY}`,
  ];

  it("is named all together, with its cure, and nothing is changed", async () => {
    const memory = await cluster.kubectl("get", "node", "w1", "-o", "jsonpath={.status.allocatable.memory}");
    const large = `${Math.floor(parseInt(memory, 10) * 0.6)}Ki`;
    await cluster.apply(
      deployment("full", 2),
      deployment("large", 2, { memory: large }),
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "by-hand" },
        spec: { nodeName: "w1", containers: [container] },
      },
      {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "full" },
        spec: { minAvailable: 2, selector: { matchLabels: { app: "full" } } },
      },
    );
    await cluster.kubectl("rollout", "status", "deployment/full", "deployment/large", "--timeout=180s");
    await cluster.kubectl("wait", "pod/by-hand", "--for=condition=Ready", "--timeout=120s");
    await cluster.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "closed" },
      webhooks: [
        {
          name: "closed.example.com",
          clientConfig: { service: { namespace: "default", name: "nobody" } },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }],
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } },
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
        },
      ],
    });
    await cluster.kubectl("get", "--raw", "/apis/networking.k8s.io/v1beta1/ipaddresses");
    await cluster.host("w2", `ctr -n k8s.io images rm ${PROXY}`);
    await cluster.host(
      "cp1",
      "cp -a /etc/kubernetes /root/kubernetes.kept && mount -t tmpfs -o size=8m none /etc/kubernetes && cp -a /root/kubernetes.kept/. /etc/kubernetes/",
    );
    const before = await untouched();
    const found = await doctor();
    saw(found.findings.map(({ where, what, cure }) => `${where}: ${what}\n  cure: ${cure}`).join("\n"));
    saw(`notes: ${(found.notes ?? []).join(" | ")}`);
    expect(blockers(found).sort()).toEqual([...wanted].sort());
    expect(found.notes?.join("\n")).toContain("pod/default/by-hand has no controller");

    cluster.settings = newer;
    const { ok, log: said } = await cluster.attempt("up");
    saw(
      said
        .split("\n")
        .filter((line) => /stands? against|To cure it|To upgrade nevertheless/.test(line))
        .join("\n"),
    );
    expect(ok).toBe(false);
    for (const id of wanted)
      expect(said).toMatch(new RegExp(`  ${id.replaceAll(".", "\\.")} .*To cure it: `));
    expect(said).toContain(`6 things stand against it. Nothing was changed`);
    expect(await untouched()).toBe(before);
  });

  it("is not named where people accept it", async () => {
    cluster.settings = { ...newer, upgrades: { ignore: wanted.slice(0, -1) } };
    const { ok, log: said } = await cluster.attempt("up");
    expect(ok).toBe(false);
    expect(said).toContain("one thing stands against it");
    expect(said).toContain("ignored by upgrades.ignore: podDisruptionBudget/default/full");
    expect(said).toMatch(new RegExp(`upgrades.ignore: \\[image/${PROXY}\\]`));
  });

  it("is gone when it is cured", async () => {
    await cluster.kubectl("delete", "validatingwebhookconfiguration", "closed");
    await cluster.kubectl("delete", "pdb/full", "deployment/large", "pod/by-hand", "--wait");
    await renamed("w2", "kube-proxy");
    await cluster.host("cp1", "umount /etc/kubernetes && rm -rf /root/kubernetes.kept");
    // API servers count from their start.
    await cluster.host("cp1", "crictl stop --timeout 5 $(crictl ps -q --name '^kube-apiserver$')");
    const gone = async (): Promise<string[]> => blockers(await doctor());
    const left = await eventually("nothing stands against it", gone, (found) => found.length === 0, 120);
    expect(left).toEqual([]);
    // The application that was there all the time still answers.
    const { address } = cluster.lab.host("cp1");
    await cluster.lab.run(["curl", "-sSf", "--max-time", "5", `http://${address}:${STEADY_PORT}/`]);
  });
});
