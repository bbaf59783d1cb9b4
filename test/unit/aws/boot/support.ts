import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { spawnSync } from "node:child_process";
import { awsProgramText, type AwsCommand } from "../../../../model/aws/node/calls";
import {
  bastionUserData,
  controlPlaneUserData,
  workerCloudConfig,
} from "../../../../model/aws/boot/userData";
import { readCluster } from "../../../../model/settings/parse";
import type { ClusterSettings } from "../../../../model/settings/resolved";
import type { AwsPool, AwsSettings } from "../../../../model/aws/settings";
import { HANGS_AFTER } from "../../../support/patience";
import { seedOfRun } from "../../../support/seed";
import { workerSpec } from "../../../../model/settings/pools";

type Raw = Record<string, unknown>;

const awsInput: Raw = {
  platform: "aws",
  network: { vpcCidr: "10.0.0.0/16", serviceCidr: "10.96.0.0/16" },
  access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
  controlPlane: { count: 1, instanceType: "t3.medium" },
  workers: { general: { count: 2, instanceType: "t3.large" } },
  cni: { kind: "flannel", backend: "vxlan", podCidr: "10.244.0.0/16" },
};

/** Settings on AWS as people write them, resolved; `raw` replaces whole keys. */
export function awsSettings(raw: Raw = {}, region = "eu-central-1"): ClusterSettings {
  return readCluster({ ...awsInput, ...raw }, { environment: "dev", region });
}

export function awsOf(settings: ClusterSettings): AwsSettings {
  if (settings.aws === undefined) throw new Error("these settings are not for AWS");
  return settings.aws;
}

export function poolOf(settings: ClusterSettings, name = "general"): AwsPool {
  const pool = awsOf(settings).pools.find((one) => one.name === name);
  if (pool === undefined) throw new Error(`no pool ${name}`);
  return pool;
}

export const privateAccess = {
  access: {
    api: ["203.0.113.0/24"],
    ssh: ["203.0.113.0/24"],
    endpointAccess: "private",
    connectVia: "bastion",
  },
  bastion: {},
};

/** What people add that ends in a worker's user data. */
export const much = awsSettings({
  workers: {
    general: {
      count: 2,
      instanceType: "t3.large",
      labels: Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [`example.com/label-${index}`, `value-${index}`]),
      ),
      taints: [{ key: "dedicated", value: "web", effect: "NoSchedule" }],
      sourceDestinationCheckOff: true,
    },
  },
  proxy: { http: "http://proxy.example.com:3128", https: "http://proxy.example.com:3128" },
  images: {
    mirrors: { "docker.io": ["https://mirror.example.com"], "ghcr.io": ["https://mirror.example.com"] },
  },
  containerd: { dropIn: "[debug]\n  level = 'info'\n" },
});

/** Every kind of cloud-config that a machine gets, for what reads them: cloud-init's schema, here or on a host of the lab. */
export function cloudConfigs(): Record<string, string> {
  const dev = awsSettings();
  return {
    "a control-plane node": controlPlaneUserData(dev),
    "the bastion": bastionUserData(awsSettings(privateAccess)),
    "a worker": workerCloudConfig(workerSpec(dev, poolOf(dev)), poolOf(dev)),
    "a worker with much": workerCloudConfig(workerSpec(much, poolOf(much)), poolOf(much)),
  };
}

/** Runs lines of Python that have the rendered program imported as `aws`. */
export function python(lines: string, commands: readonly AwsCommand[] = []): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "aws-program-"));
  try {
    const text = awsProgramText({ region: "us-east-1", partition: "aws" }, commands);
    fs.writeFileSync(path.join(folder, "aws.py"), text);
    const script = `import sys\nsys.path.insert(0, ${JSON.stringify(folder)})\nimport aws\naws.random.seed(${seedOfRun()})\n${lines}`;
    const ran = spawnSync("python3", ["-I", "-"], { input: script, encoding: "utf8", timeout: HANGS_AFTER });
    return ran.stdout + ran.stderr;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
