/**
 * A control plane that goes through a version: the step between two minors of an upgrade over several. The versions that the lab has are one
 * minor apart, so the way to a version after the newest is begun, and the cluster is left at the one between; then its nodes follow.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { hop, hopsOf, type HopContext } from "../../host/steps/hops";
import { HostProblem } from "../../host/problem";
import { parseCluster } from "../../model/settings/parse";
import { immutableSettings, nodeSpec } from "../../model/settings/specs";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { labSecrets, olderVersions, shapeOf, type Settings } from "./environment";
import { mirrorChecksums, mirrorPaths } from "./mirror";
import { runningOf } from "./running";

describeWithLab(`through ${kubernetesVersion}, from ${olderKubernetesVersion}`, () => {
  let cluster: LabCluster;
  let newer: Settings;
  let context: HopContext;
  const said: string[] = [];
  const nodes = () => context.spec.machines;

  beforeAll(async () => {
    cluster = await LabCluster.create("hop", shapeOf(1, 1), { older: true });
    newer = { ...cluster.settings, kubernetesVersion, drainTimeoutSeconds: 60 };
    cluster.settings = { ...newer, ...(await olderVersions()) };
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    await cluster.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=180s");
    const { kubeadm } = await mirrorChecksums();
    const settings = parseCluster(newer, { environment: "lab", secrets: labSecrets(cluster.lab) });
    const [own] = settings.machines;
    if (own === undefined) throw new Error("there is no machine");
    context = {
      hosts: {
        query: async (name, _what, _command, input) =>
          (await cluster.lab.exec(name, ["bash", "-s"], { input })).stdout,
        job: async (name, { name: job, script }) => {
          const { status, stdout, stderr } = await cluster.lab.exec(name, ["bash", "-s"], {
            input: script,
            allowFailure: true,
            timeout: 3_000_000,
          });
          saw(
            `${name}: ${job}\n${stdout
              .split("\n")
              .filter((line) => line.startsWith("##"))
              .join("\n")}`,
          );
          if (status !== 0)
            throw new HostProblem(name, `${job}: ${stdout.slice(-3_000)}${stderr.slice(-500)}`);
        },
      },
      say: (line) => said.push(line),
      hops: [
        {
          version: kubernetesVersion,
          kubeadm: { amd64: { path: mirrorPaths().kubeadm, sha256: kubeadm.amd64 } },
        },
      ],
      spec: {
        kubernetesVersion: "1.37.0",
        fixed: immutableSettings(settings),
        node: nodeSpec(settings, own),
        machines: [own],
      },
    };
  });

  afterAll(async () => {
    await cluster?.down();
  });

  it("brings etcd and the static pods there, and leaves kubelets and kube-proxy as they are", async () => {
    const before = await runningOf(cluster, "cp1");
    await hop(context, nodes());
    const after = await runningOf(cluster, "cp1");
    saw(
      `${said.join("\n")}\n${after["server"]?.slice(0, 60)}\n${after["etcd"]?.slice(0, 60)}\n${after["node"]}\n${after["proxy"]}`,
    );
    expect(after["server"]).toContain(`:v${kubernetesVersion}`);
    expect(after["etcd"]).toContain(":3.6.8-0");
    expect(after["kubeadmConfig"]).toContain(`kubernetesVersion: v${kubernetesVersion}`);
    for (const same of ["binaries", "kubelet", "record", "kubeletConfig", "proxy", "node"])
      expect(after[same], same).toBe(before[same]);
    expect(await hopsOf(context, nodes())).toEqual([]);
  });

  it("does nothing where it is there", async () => {
    const before = await runningOf(cluster, "cp1");
    await hop(context, nodes());
    expect(await runningOf(cluster, "cp1")).toEqual(before);
  });

  it("is followed by the nodes", async () => {
    cluster.settings = newer;
    await cluster.engine("up");
    const kubelets = ["get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}"];
    expect(await cluster.kubectl(...kubelets)).toBe(`v${kubernetesVersion} v${kubernetesVersion}`);
    expect((await runningOf(cluster, "cp1"))["proxy"]).toContain(`:v${kubernetesVersion}`);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
