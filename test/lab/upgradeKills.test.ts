/**
 * Seeded kills and failures of an upgrade of three control-plane nodes, under writes: each ends in one version that serves, and no write
 * that was acknowledged is missing. LAB_ROUNDS rounds (default 20), LAB_FAULTS their kinds, LAB_SEED their moments.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../support/run";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { olderVersions, shapeOf, type Settings } from "./environment";
import { random, SEED } from "./moments";
import { FAULTS, rounds, strike } from "./upgradeFaults";
import { Writes } from "./writes";

const ROUNDS = Number(process.env["LAB_ROUNDS"] ?? 20);
const KINDS = FAULTS.filter((fault) => (process.env["LAB_FAULTS"] ?? fault).split(",").includes(fault));

describeWithLab(`${ROUNDS} kills and failures of an upgrade, seed ${SEED}`, () => {
  const shape = shapeOf(3, 0);
  const nodes = shape.controlPlaneNodes;
  let cluster: LabCluster;
  let older: Settings;
  let newer: Settings;

  beforeAll(async () => {
    cluster = await LabCluster.create("kills", shape, { older: true });
    newer = { ...cluster.settings, kubernetesVersion, drainTimeoutSeconds: 20 };
    older = { ...newer, ...(await olderVersions()) };
    cluster.settings = older;
    await cluster.engine("up");
    await serves();
    await keep();
  });

  afterAll(async () => {
    await cluster?.down();
  });

  const kept = (): string => cluster.lab.folder("kept");
  const parts = (): string[] => [
    cluster.lab.folder("engine"),
    ...nodes.flatMap((node) => ["upper", "var-lib"].map((part) => cluster.lab.folder("hosts", node, part))),
  ];

  /** Disks and state of the older version, for rounds that end in the newer one: it never goes back by settings. */
  async function keep(): Promise<void> {
    await Promise.all(nodes.map((node) => cluster.lab.stopHost(node)));
    fs.rmSync(kept(), { recursive: true, force: true });
    fs.mkdirSync(kept());
    for (const [index, part] of parts().entries()) await run(["cp", "-a", part, `${kept()}/${index}`]);
    await Promise.all(nodes.map((node) => cluster.lab.startHost(node)));
    await serves();
  }

  async function again(): Promise<void> {
    await Promise.all(nodes.map((node) => cluster.lab.stopHost(node, 0)));
    for (const [index, part] of parts().entries()) {
      fs.rmSync(part, { recursive: true, force: true });
      await run(["cp", "-a", `${kept()}/${index}`, part]);
    }
    for (const node of nodes)
      fs.rmSync(cluster.lab.folder("hosts", node, "work"), { recursive: true, force: true });
    await Promise.all(nodes.map((node) => cluster.lab.startHost(node)));
    await serves();
  }

  /** All nodes are Ready, and each API server answers by itself. */
  async function serves(): Promise<void> {
    for (const node of nodes) {
      const server = `https://${cluster.lab.host(node).address}:6443`;
      const ready = () =>
        cluster.kubectl("--server", server, "--insecure-skip-tls-verify", "get", "--raw", "/readyz");
      await eventually(`the API of ${node}`, ready, (answer) => answer === "ok", 420);
    }
    const wait = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"];
    await eventually(
      "nodes that are Ready",
      () => cluster.kubectl(...wait),
      () => true,
      420,
    );
  }

  /** What each node runs: API server, etcd, kubelet. */
  async function versions(): Promise<string[]> {
    const line =
      "sed -n 's/^ *image: .*kube-apiserver:v//p' /etc/kubernetes/manifests/kube-apiserver.yaml; readlink /usr/local/bin/kubelet | cut -d / -f 5; ls -d /var/lib/pulumi-kubeadm/undo 2>/dev/null; true";
    return Promise.all(
      nodes.map(async (node) => (await cluster.host(node, line)).trim().split("\n").join(" ")),
    );
  }
  const all = (version: string): string[] => nodes.map(() => `${version} ${version}`);

  it.each(rounds(ROUNDS, nodes, random(SEED), KINDS).map((round, index) => [index + 1, round] as const))(
    "round %i: %o",
    async (number, round) => {
      const writes = await Writes.start(cluster, `round${number}`, nodes);
      const began = Date.now();
      let log = await strike(cluster, newer, round);
      // A host that was booted puts itself back, which takes until its API server answers.
      const settled = (found: string[]): boolean =>
        !["power cut", "reboot"].includes(round.fault) || !found.join().includes("undo");
      let found = await eventually("a host that has put itself back", versions, settled, 600);
      let end = "older";
      if (JSON.stringify(found) !== JSON.stringify(all(olderKubernetesVersion))) {
        end = "newer, by the next up";
        cluster.settings = newer;
        const report = await cluster.attempt("up");
        log = report.ok ? log : report.error;
        found = await versions();
      }
      await serves();
      const { tried, acknowledged, lost } = await writes.end();
      const seconds = Math.round((Date.now() - began) / 1000);
      saw(
        `round ${number}: ${JSON.stringify(round)}: ${end}: ${found.join(", ")}; ${acknowledged} of ${tried} writes acknowledged, ${lost.length} lost; ${seconds} s\n${/cp\d: (?:reconfiguring|kubeadm).*failed.*/.exec(log)?.[0] ?? ""}`,
      );
      expect(lost).toEqual([]);
      expect(acknowledged).toBeGreaterThan(0);
      expect(found).toEqual(all(end === "older" ? olderKubernetesVersion : kubernetesVersion));
      if (end !== "older") await again();
    },
    3_600_000,
  );
});
