/**
 * One operation of the real engine on a lab's stack, as a process of its own inside the lab's network: tests start it,
 * read its result, and kill it where they want to see what becomes of it.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { AddonRole, AwsPlatform } from "../../aws";
import * as k8s from "@pulumi/kubernetes";
import type { Cluster, ClusterArgs } from "../../components/cluster";
import type { MachinesClusterArgs } from "../../components/late";
import { WorkerPool } from "../../components/machines/workerPool";
import type { MachinesClusterInput } from "../../model/settings/input/cluster";
import { createCluster, stackArgs } from "../../stacks/program";
import { createEngineStack, type EngineStack } from "../engine/harness";
import { EngineError } from "../engine/result";
import { findLeaks } from "../engine/secrets";
import { Server } from "../engine/server";
import { callerImage } from "./images";
import { reportFile, tenantKubeconfigFile, type EngineReport, type EngineRequest } from "./engine";

async function main(): Promise<void> {
  const [requestFile = ""] = process.argv.slice(2);
  const request = JSON.parse(fs.readFileSync(requestFile, "utf8")) as EngineRequest;
  const engine = await createEngineStack({
    projectName: "pulumi-kubeadm",
    stackName: request.stack,
    workDir: request.workDir,
    program: () => {
      const args = request.servers ? withServers(stackArgs()) : stackArgs();
      const { cluster, outputs } = createCluster(withComponents(args, request.pools));
      if (request.podRole) withPodRole(cluster);
      return Promise.resolve(outputs);
    },
    onOutput: (text) => process.stdout.write(text),
    clockOffsetHours: request.clockOffsetHours,
  });
  const { stack } = engine;
  // A run that was killed leaves its lock behind, and people clear it with `pulumi cancel`.
  if (fs.existsSync(path.join(request.workDir, "state", ".pulumi", "locks")))
    await stack.cancel().catch(() => undefined);
  if (request.region !== undefined) await stack.setConfig("aws:region", { value: request.region });
  await stack.setConfig("kubeadm:cluster", { value: JSON.stringify(request.settings) });
  await stack.setConfig("kubeadm:secrets", { value: JSON.stringify(request.secrets), secret: true });
  const report = await operate(engine, request);
  if (request.operation === "up" && report.ok) {
    const outputs = await stack.outputs();
    fs.writeFileSync(request.kubeconfigFile, String(outputs["kubeconfig"]?.value), { mode: 0o600 });
    const tenants = (outputs["tenantKubeconfigs"]?.value ?? {}) as Record<string, string>;
    for (const [name, text] of Object.entries(tenants))
      fs.writeFileSync(tenantKubeconfigFile(request.kubeconfigFile, name), text, { mode: 0o600 });
  }
  const leaks = findLeaks(request.search, engine.written());
  fs.writeFileSync(reportFile(requestFile), JSON.stringify({ ...report, leaks }));
  process.exitCode = report.ok ? 0 : 1;
}

/** With machines that another provider makes: where they are is known once they are made. */
function withServers(args: ClusterArgs): ClusterArgs {
  const { machines, ...settings } = args.settings as MachinesClusterInput;
  const made = Object.entries(machines).map(([name, machine]) => {
    const { host, hostKey } = machine;
    const server = new Server(name, { image: "debian-12", givenAddress: host, givenHostKey: hostKey });
    const address = server.ipv4Address;
    return [name, { ...machine, host: address, hostKey: server.sshHostKey, nodeAddress: address }] as const;
  });
  return { ...args, settings: { ...settings, machines: Object.fromEntries(made) } };
}

/** With a pod that may read where the boot files are, and no other parameter. */
function withPodRole(cluster: Cluster): void {
  const role = new AddonRole("caller", {
    identity: AwsPlatform.of(cluster).identity,
    namespace: "default",
    serviceAccount: "caller",
    statements: [
      {
        sid: "ReadBootBucket",
        reason: "a pod of the tests",
        actions: ["ssm:GetParameter"],
        resources: ["arn:aws:ssm:*:*:parameter/kubeadm/*/boot-bucket"],
      },
    ],
  });
  const opts = { provider: cluster.provider };
  const metadata = { name: "caller", namespace: "default" };
  const account = new k8s.core.v1.ServiceAccount("caller", { metadata }, opts);
  const container = { name: "caller", image: callerImage, command: ["sleep", "1000000"] };
  const spec = role.podSpec({ containers: [container], terminationGracePeriodSeconds: 1 });
  new k8s.core.v1.Pod("caller", { metadata, spec }, { ...opts, dependsOn: [account, role.policy] });
}

/** With these pools as components, whose machines have keys of their pool. */
function withComponents(args: ClusterArgs, names: readonly string[]): ClusterArgs {
  if (names.length === 0) return args;
  const { machines, ...settings } = args.settings as MachinesClusterArgs;
  const entries = Object.entries(machines);
  const pools = names.map((pool) => {
    const own = entries.filter(([, machine]) => machine.pool === pool);
    const bare = own.map(([name, { role: _role, pool: _pool, ...machine }]) => [name, machine] as const);
    return new WorkerPool(pool, { machines: Object.fromEntries(bare), secrets: args.secrets });
  });
  const rest = entries.filter(([, { pool = "" }]) => !names.includes(pool));
  return { ...args, settings: { ...settings, machines: Object.fromEntries(rest) }, pools };
}

async function operate(engine: EngineStack, request: EngineRequest): Promise<Omit<EngineReport, "leaks">> {
  try {
    const { target } = request;
    const { changed, log } = await engine[request.operation](
      target.length === 0 ? {} : { target: [...target] },
    );
    return { ok: true, changed, log, error: "" };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { changed, log } = error.result;
    return { ok: false, changed, log, error: error.message };
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 2;
});
