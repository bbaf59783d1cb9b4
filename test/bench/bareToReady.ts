/**
 * Seconds from bare hosts to a Ready cluster: the library through the real engine against a kubeadm script written by
 * hand with the same steps (test/lab/handwritten.sh), on fresh hosts each time, in turns.
 *
 *   node --import tsx test/bench/bareToReady.ts [ROUNDS]
 */
import { ensureTool } from "../support/toolchain";
import { LabCluster } from "../lab/cluster";
import { shapeOf } from "../lab/environment";
import { bringUpByHand } from "../lab/handwritten";

const SHAPE = shapeOf(1, 2);
/** Agreed beforehand: a tenth and a half over the script, and ten seconds for the engine itself. */
const TARGET = { ratio: 1.15, seconds: 10 };

async function byLibrary(cluster: LabCluster): Promise<void> {
  await cluster.engine("up");
  await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=300s");
  await cluster.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=300s");
}

async function byHand(cluster: LabCluster): Promise<void> {
  const [controlPlaneNode = ""] = SHAPE.controlPlaneNodes;
  await bringUpByHand(cluster.lab, { controlPlaneNode, workers: [...SHAPE.workers] });
}

async function measure(work: (cluster: LabCluster) => Promise<void>): Promise<number> {
  const cluster = await LabCluster.create("bench", SHAPE);
  try {
    const from = Date.now();
    await work(cluster);
    return (Date.now() - from) / 1000;
  } finally {
    await cluster.down();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("ROUNDS is a whole number from 1");
  await ensureTool("pulumi");
  const library: number[] = [];
  const hand: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    library.push(await measure(byLibrary));
    hand.push(await measure(byHand));
    console.log(
      `round ${round}: library ${library.at(-1)?.toFixed(1)} s, by hand ${hand.at(-1)?.toFixed(1)} s`,
    );
  }
  const [a, b] = [median(library), median(hand)];
  const limit = TARGET.ratio * b + TARGET.seconds;
  console.log(
    `median: library ${a.toFixed(1)} s, by hand ${b.toFixed(1)} s, ratio ${(a / b).toFixed(2)}; ` +
      `target ${TARGET.ratio} x by hand + ${TARGET.seconds} s = ${limit.toFixed(1)} s: ${a <= limit ? "met" : "missed"}`,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
