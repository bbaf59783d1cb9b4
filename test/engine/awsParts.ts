/** A cluster on AWS up to where hosts begin: everything that AWS has of it, and the steps with a host program on paper. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AwsPlatform } from "../../components/aws/platform";
import type { NodePool } from "../../components/cloud";
import { ControlPlane } from "../../components/kubeadm/controlPlane";
import { preflightStep, type StepsArgs } from "../../components/machines/steps";
import { Pki } from "../../components/pki/pki";
import { poolResources, takePools, withPools } from "../../components/pools";
import type { Connection, StepSpec } from "../../host/protocol";
import { readCluster } from "../../model/settings/parse";
import type { ClusterSettings } from "../../model/settings/resolved";

/** The parts of `Cluster` that need no API: provider and add-ons are left out. */
class AwsParts extends pulumi.ComponentResource {
  readonly platform: AwsPlatform;
  readonly steps: StepsArgs;
  /** What lives in the cluster ends with it. */
  readonly init: pulumi.Resource;
  readonly pki: Pki;
  /** What stands for the nodes, as the parts of a cluster that need nodes depend on them. */
  readonly nodes: readonly pulumi.Resource[];

  constructor(
    name: string,
    settings: ClusterSettings,
    pools: ReadonlyMap<string, NodePool> = new Map<string, NodePool>(),
  ) {
    super("kubeadm:index:Cluster", name);
    const opts = { parent: this };
    const pki = (this.pki = new Pki(`${name}-pki`, { protect: settings.protect }, opts));
    const platform = (this.platform = new AwsPlatform(
      name,
      { settings, pki, secrets: {}, answers: pulumi.output(true) },
      opts,
    ));
    const steps: StepsArgs = (this.steps = {
      settings,
      sshKeys: {},
      clusterId: pki.clusterId,
      controlPlaneFiles: pki.controlPlaneFiles,
      ...platform.steps,
    });
    const preflight = preflightStep(`${name}-preflight`, steps, {
      ...opts,
      dependsOn: [...platform.ready],
    });
    const plane = new ControlPlane(`${name}-control-plane`, { ...steps, after: [preflight] }, opts);
    const made = platform.createPools(name, steps, plane.nodeSteps, pools, opts);
    this.init = plane.init;
    this.nodes = [...plane.nodeSteps, ...Object.values(made).flatMap((pool) => pool.nodesReady)];
    this.registerOutputs({});
  }
}

/** For what a program makes with a cluster's parts. */
export function makeAwsParts(
  cluster: unknown,
  environment: string,
  region: string,
  pools: readonly NodePool[] = [],
): AwsParts {
  const given = withPools(cluster, pools);
  takePools(given);
  return new AwsParts(
    environment,
    readCluster(given.settings, { environment, region }),
    poolResources(given),
  );
}

export function awsParts(cluster: unknown, environment: string, region: string): void {
  makeAwsParts(cluster, environment, region);
}

/** What a step was asked to do. */
export interface Asked {
  readonly operation: string;
  readonly spec: StepSpec;
  /** Hosts by machine, as the step would dial them. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  /** Paths of the files that the host would get. */
  readonly files: readonly string[];
  /** SHA-256 of the cluster CA's certificate. */
  readonly cluster: string;
}

const PROGRAM = path.resolve(__dirname, "..", "..", "bin", "host.cjs");

const HOST = `
const fs = require("node:fs");
const path = require("node:path");
exports.main = (operation) => {
  const spec = JSON.parse(process.env.KUBEADM_SPEC);
  // It asks no host: the real one.
  if (spec.step === "topology") return require(${JSON.stringify(PROGRAM)}).main(operation);
  const input = fs.readFileSync(0, "utf8");
  const { connections, files, problems } = JSON.parse(input);
  // What is wrong before a host is asked is the real one's to say, too.
  const real = (input) => {
    const text = "require(" + JSON.stringify(${JSON.stringify(PROGRAM)}) + ").main(" + JSON.stringify(operation) + ")";
    const stdio = ["pipe", "inherit", "inherit"];
    process.exitCode = require("node:child_process").spawnSync(process.execPath, ["-e", text], { input, stdio }).status;
  };
  if (problems !== undefined) return real(input);
  const hosts = Object.fromEntries(Object.entries(connections).map(([name, one]) => [name, one.host]));
  const asked = {
    operation,
    spec,
    hosts,
    files: files.map((file) => file.path),
    values: JSON.parse(process.env.KUBEADM_VALUES ?? "{}"),
    cluster: process.env.KUBEADM_CLUSTER_ID,
  };
  fs.appendFileSync(path.join(__dirname, "asked"), JSON.stringify(asked) + "\\n");
  // One server plays all hosts of a step that is the real one.
  const played = path.join(__dirname, "played-" + spec.step);
  if (fs.existsSync(played)) {
    const connection = JSON.parse(fs.readFileSync(played, "utf8"));
    const all = Object.fromEntries(Object.keys(connections).map((name) => [name, connection]));
    return real(JSON.stringify({ ...JSON.parse(input), connections: all, bastion: undefined }));
  }
  const step = [spec.step, spec.machine].filter(Boolean).join(" ");
  const failing = path.join(__dirname, "failing");
  const wanted = fs.existsSync(failing) ? fs.readFileSync(failing, "utf8") : "";
  if ([spec.step, step, operation + " " + step].includes(wanted)) {
    console.error(step + " is not well");
    process.exitCode = 1;
    return;
  }
  console.log("{}");
};
`;

/** Puts a host program on paper into a stack's folder: it writes down what it is asked, and all goes well. */
export function paperHosts(workDir: string): {
  asked: () => Asked[];
  /** The same in words, as `create node w1`. */
  steps: () => string[];
  forget: () => void;
  /**
   * Steps of that kind (`health`), of one machine (`settled cp-2`), or one operation (`delete node w1`) fail; "":
   * none.
   */
  fail: (step: string) => void;
  /** Steps of that kind are the real ones from now on, and find this host at each address. */
  play: (step: StepSpec["step"], connection: Connection) => void;
} {
  const folder = path.join(workDir, "node_modules", "pulumi-kubeadm");
  fs.rmSync(folder, { force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "host.js"), HOST);
  const file = path.join(folder, "asked");
  const asked = (): Asked[] =>
    fs.existsSync(file)
      ? fs
          .readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Asked)
      : [];
  return {
    asked,
    steps: () =>
      asked().map(({ operation, spec }) =>
        [operation, spec.step, "machine" in spec ? spec.machine : ""].join(" ").trim(),
      ),
    fail: (step) => fs.writeFileSync(path.join(folder, "failing"), step),
    play: (step, connection) =>
      fs.writeFileSync(path.join(folder, `played-${step}`), JSON.stringify(connection)),
    forget: () => fs.rmSync(file, { force: true }),
  };
}
