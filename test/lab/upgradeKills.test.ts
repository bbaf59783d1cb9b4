/**
 * Seeded kills and failures of an upgrade of three control-plane nodes, under writes: each ends in one version that serves, and no write
 * that was acknowledged is missing. LAB_ROUNDS rounds (default 20), LAB_FAULTS their kinds, LAB_SEED their moments.
 *
 * One upgrade meets many: a node that goes back is struck again by the next round, and the `up` that strikes the next node upgrades
 * it first. When all nodes are newer and rounds are left, disks and state of before come back.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { Disks } from "./disks";
import { olderVersions, shapeOf, type Settings } from "./environment";
import { random, SEED } from "./moments";
import { FAULTS, rounds, strike, type Round } from "./upgradeFaults";
import { Writes } from "./writes";

/** What a node runs. */
interface Running {
  readonly node: string;
  readonly apiServer: string;
  readonly kubelet: string;
  /** A change was cut off, and the next run puts it back. */
  readonly between: boolean;
}

const ROUNDS = Number(process.env["LAB_ROUNDS"] ?? 20);
const KINDS = FAULTS.filter((fault) => (process.env["LAB_FAULTS"] ?? fault).split(",").includes(fault));

describeWithLab(`${ROUNDS} kills and failures of an upgrade, seed ${SEED}`, () => {
  const shape = shapeOf(3, 0);
  const nodes = shape.controlPlaneNodes;
  let cluster: LabCluster;
  let older: Settings;
  let newer: Settings;
  let left = rounds(ROUNDS, nodes, random(SEED), KINDS);
  /** Names of the writes since the disks are as they are. */
  let acknowledged: string[] = [];
  const outcomes: string[] = [];

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

  const disks = (): Disks => new Disks(cluster.lab, nodes);

  /** Disks and state of the older version, for rounds that end in the newer one: it never goes back by settings. */
  async function keep(): Promise<void> {
    await disks().keep();
    await serves();
  }

  async function again(): Promise<void> {
    await disks().bringBack();
    await serves();
    acknowledged = [];
  }

  /** All nodes are Ready, and each API server answers by itself; not that of a node which the next run puts back. */
  async function serves(but: readonly string[] = []): Promise<void> {
    for (const node of nodes.filter((one) => !but.includes(one))) {
      const server = `https://${cluster.lab.host(node).address}:6443`;
      const ready = () =>
        cluster.kubectl("--server", server, "--insecure-skip-tls-verify", "get", "--raw", "/readyz");
      await eventually(`the API of ${node}`, ready, (answer) => answer === "ok", 420);
    }
    if (but.length > 0) return;
    const wait = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"];
    await eventually(
      "nodes that are Ready",
      () => cluster.kubectl(...wait),
      () => true,
      420,
    );
  }

  /** What each node runs, when no job changes it. */
  async function running(): Promise<Running[]> {
    const line = `if systemctl is-active --quiet pulumi-kubeadm-job; then echo job; fi
sed -n 's/^ *image: .*kube-apiserver:v/server /p' /etc/kubernetes/manifests/kube-apiserver.yaml
echo "kubelet $(readlink /usr/local/bin/kubelet | cut -d / -f 5)"
if [ -e /var/lib/pulumi-kubeadm/undo ]; then echo between; fi`;
    return Promise.all(
      nodes.map(async (node) => {
        const said = await eventually(
          `the end of the job on ${node}`,
          () => cluster.host(node, line),
          (lines) => !lines.startsWith("job"),
          900,
        );
        const value = (name: string): string => new RegExp(`^${name} (.*)$`, "m").exec(said)?.[1] ?? "none";
        return {
          node,
          apiServer: value("server"),
          kubelet: value("kubelet"),
          between: /^between$/m.test(said),
        };
      }),
    );
  }
  const has = (version: string, { apiServer, kubelet, between }: Running): boolean =>
    !between && apiServer === version && kubelet === version;
  const text = (found: readonly Running[]): string =>
    found
      .map(({ node, apiServer, kubelet, between }) => {
        const versions = apiServer === kubelet ? apiServer : `API server ${apiServer}, kubelet ${kubelet}`;
        return `${node} ${versions}${between ? ", to be put back" : ""}`;
      })
      .join("; ");
  const allNewer = (found: readonly Running[]): boolean => found.every((one) => has(kubernetesVersion, one));

  /** The next round that can be had: a node that is newer cannot be struck. */
  async function nextRound(): Promise<Round> {
    const found = await running();
    const open = (round: Round): boolean =>
      found.some((one) => one.node === round.host && !has(kubernetesVersion, one));
    let round = left.find(open);
    if (round === undefined) {
      await finish();
      await again();
      [round] = left;
    }
    if (round === undefined) return expect.fail("no round is left");
    left = left.filter((one) => one !== round);
    return round;
  }

  /** An `up` that nothing happens to: all nodes are newer, everything serves, and no acknowledged write is missing. */
  async function finish(): Promise<void> {
    cluster.settings = newer;
    await cluster.engine("up");
    const found = await running();
    expect(found.filter((one) => !has(kubernetesVersion, one))).toEqual([]);
    await serves();
    const there = await Writes.there(cluster);
    const lost = acknowledged.filter((one) => !there.has(one));
    saw(`finished: ${text(found)}; ${acknowledged.length} writes acknowledged so far, ${lost.length} lost`);
    expect(lost).toEqual([]);
  }

  it.each(left.map((_, index) => index + 1))(
    "kill or failure %i",
    async (number) => {
      const round = await nextRound();
      const writes = await Writes.start(cluster, `round${number}`, nodes);
      const began = Date.now();
      const { struck, log } = await strike(cluster, newer, round);
      // A host that was booted puts itself back, which takes until its API server answers.
      const booted = ["power cut", "reboot"].includes(round.fault);
      const found = await eventually(
        "a host that has put itself back",
        running,
        (seen) => !booted || seen.every(({ between }) => !between),
        600,
      );
      const between = found.flatMap((one) => (one.between ? [one.node] : []));
      await serves(between);
      const { tried, acknowledged: names, lost } = await writes.end();
      acknowledged.push(...names);
      const seconds = Math.round((Date.now() - began) / 1000);
      const outcome = `round ${number}, seed ${SEED}: ${JSON.stringify(round)}: ${struck ? "" : "not struck: "}${text(found)}; ${names.length} of ${tried} writes acknowledged, ${lost.length} lost; ${seconds} s`;
      outcomes.push(outcome);
      const said = /cp\d: (?:reconfiguring|kubeadm).*failed.*/.exec(log)?.[0] ?? log.slice(-500);
      saw(`${outcome}\n${said}`);
      expect(struck).toBe(true);
      expect(lost).toEqual([]);
      expect(names.length).toBeGreaterThan(0);
      // A node has one version as a whole, or waits for the run that puts it back.
      expect(
        found.filter(
          (one) => !one.between && !has(olderKubernetesVersion, one) && !has(kubernetesVersion, one),
        ),
      ).toEqual([]);
      if (!["the job is killed", "up is killed"].includes(round.fault)) expect(between).toEqual([]);
    },
    3_600_000,
  );

  it("ends in one version that serves, and no write is lost", async () => {
    await finish();
    saw(outcomes.join("\n"));
    expect(allNewer(await running())).toBe(true);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }, 3_600_000);
});
