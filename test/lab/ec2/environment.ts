/**
 * The environment `dev` as its file has it, for the simulated region: every line that differs is a deviation with its
 * reason, which whoever runs it is shown. Not simulated is what those lines take away.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { AwsClusterInput } from "../../../model/settings/input/cluster";
import { moduleFolder } from "../../support/goBuild";
import { labFile } from "../environment";
import { mirrorChecksums } from "../mirror";

export type AwsSettings = AwsClusterInput;

export interface Deviation {
  readonly what: string;
  readonly why: string;
}

/** What the lab's hosts and images make different from `Pulumi.dev.yaml`, in the order in which it is printed. */
export const deviations: readonly Deviation[] = [
  { what: "os: debian-12", why: "the lab's hosts are Debian 12" },
  {
    what: "downloads, images.mirrors, helm.sources",
    why: "nothing is fetched from outside: files, images and charts are the lab's, built from the projects' modules",
  },
  {
    what: "kubelet, kubeProxy, containerd, ignorePreflightErrors, drainTimeoutSeconds",
    why: "as in Pulumi.lab.yaml: hosts see cgroup v2 without controllers, and have the lab's processors and memory",
  },
  { what: "cni.resources: {}", why: "the kubelet of hosts without cgroups cannot resize pods" },
  {
    what: "cni.networkPolicy, tenants",
    why: "the kernel has no nft queues, by which network policies are enforced",
  },
  { what: "ingress", why: "the image of ingress-nginx cannot be built from a Go module" },
  { what: "metricsServer", why: "its image is not among the lab's" },
  { what: "storage", why: "the module of the EBS CSI driver is not served" },
];

function devFile(): AwsSettings {
  const file = path.resolve(__dirname, "..", "..", "..", "Pulumi.dev.yaml");
  const { config } = parse(fs.readFileSync(file, "utf8")) as { config: { "kubeadm:cluster": AwsSettings } };
  return config["kubeadm:cluster"];
}

export const REGION = "eu-central-1";

/** The chart of the version that the library pins; the module of the binary's version has an older one. */
async function chartOfCloudController(): Promise<string> {
  const folder = await moduleFolder("k8s.io/cloud-provider-aws", "v1.36.2");
  return path.join(folder, "charts", "aws-cloud-controller-manager");
}

/** The environment `dev` with its deviations. */
export async function devSettings(): Promise<AwsSettings> {
  const lab = labFile();
  const { cni, ingress: _ingress, metricsServer: _metrics, tenants: _tenants, ...dev } = devFile();
  const { networkPolicy: _policy, ...flannel } = cni as Extract<typeof cni, { kind: "flannel" }>;
  const os = "debian-12";
  const workers = Object.entries(dev.workers ?? {}).map(([name, pool]) => [name, { ...pool, os }] as const);
  return {
    ...dev,
    controlPlane: { ...dev.controlPlane, os },
    workers: Object.fromEntries(workers),
    cni: { ...flannel, resources: {} },
    storage: { enabled: false },
    downloads: { ...lab.downloads, checksums: await mirrorChecksums() },
    images: lab.images,
    helm: { sources: { "aws-cloud-controller-manager": await chartOfCloudController() } },
    kubelet: lab.kubelet,
    kubeProxy: lab.kubeProxy,
    ignorePreflightErrors: lab.ignorePreflightErrors,
    containerd: lab.containerd,
    drainTimeoutSeconds: lab.drainTimeoutSeconds,
  };
}
