/**
 * The environments `dev` and `prod` as their files have them, for the simulated region: every line that differs is a deviation
 * with its reason, which whoever runs it is shown. Not simulated is what those lines take away.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { AwsClusterInput } from "../../../model/settings/input/cluster";
import { moduleFolder } from "../../support/goBuild";
import { labFile } from "../environment";
import { buildVersion } from "../../support/toolchain";
import { ecrLogin, mirrorChecksums } from "../mirror";
import { networks } from "../network";
import { addonRegistries, registryUrl } from "../registry";

export type AwsSettings = AwsClusterInput;

export interface Deviation {
  readonly what: string;
  readonly why: string;
}

/** What the lab's hosts and images make different from every environment, in the order in which it is printed. */
const always: readonly Deviation[] = [
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
  { what: "metricsServer", why: "its image is not among the lab's" },
  { what: "storage", why: "the module of the EBS CSI driver is not served" },
];

/** What differs from `Pulumi.dev.yaml`. */
export const deviations: readonly Deviation[] = [
  ...always,
  {
    what: "cni.networkPolicy, tenants",
    why: "the kernel has no nft queues, by which network policies are enforced",
  },
  { what: "ingress", why: "the image of ingress-nginx cannot be built from a Go module" },
];

/** What differs from `Pulumi.prod.yaml`. */
export const prodDeviations: readonly Deviation[] = [
  ...always,
  { what: "cni: flannel for calico", why: "the images of Calico cannot be built from Go modules alone" },
  { what: "tenants", why: "flannel enforces no network policies, which their walls are made of" },
  {
    what: "controlPlane.etcdVolume",
    why: "hosts have no udev, by which systemd knows disks: etcd's data is on the root volume",
  },
  {
    what: "ingress.image, the chart of Traefik",
    why: "Traefik 3.6.0 by a chart that stands in for its own, which no registry of the lab has",
  },
  { what: "etcd.backup", why: "the region has no bucket, but where a test makes one" },
  { what: "clusterAutoscaler", why: "neither its chart nor its module is served" },
  { what: "protect: false", why: "the lab destroys what it made" },
];

function fileOf(name: "dev" | "prod"): AwsSettings {
  const file = path.resolve(__dirname, "..", "..", "..", `Pulumi.${name}.yaml`);
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
  const { ingress: _ingress, tenants: _tenants, ...dev } = fileOf("dev");
  return onLabHosts(dev);
}

/** The environment `prod` with its deviations. */
export async function prodSettings(): Promise<AwsSettings> {
  const { ingress, tenants: _tenants, clusterAutoscaler: _scaler, etcd: _etcd, ...prod } = fileOf("prod");
  if (ingress?.kind !== "traefik") throw new Error("prod has Traefik");
  const { etcdVolume: _volume, ...controlPlane } = prod.controlPlane;
  const podCidr = prod.cni?.podCidr;
  const cni = { kind: "flannel", backend: "vxlan", podCidr } as const;
  const settings = await onLabHosts({ ...prod, controlPlane, cni, protect: false });
  const mirrors = { ...settings.images?.mirrors, "docker.io": [registryUrl] };
  const traefik = path.resolve(__dirname, "..", "charts", "traefik");
  return {
    ...settings,
    ingress: { ...ingress, image: `docker.io/library/traefik:v${buildVersion("traefik")}` },
    images: { ...settings.images, mirrors },
    helm: { sources: { ...settings.helm?.sources, traefik } },
  };
}

async function onLabHosts({ metricsServer: _metrics, ...settings }: AwsSettings): Promise<AwsSettings> {
  const lab = labFile();
  const { networkPolicy: _policy, ...flannel } = settings.cni as Extract<
    AwsSettings["cni"],
    { kind: "flannel" }
  >;
  const os = "debian-12";
  const workers = Object.entries(settings.workers ?? {}).map(
    ([name, pool]) => [name, { ...pool, os }] as const,
  );
  return {
    ...settings,
    controlPlane: { ...settings.controlPlane, os },
    workers: Object.fromEntries(workers),
    ...(settings.bastion === undefined ? {} : { bastion: { ...settings.bastion, os } }),
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

/** What differs from `dev` without a way out, besides its deviations. */
export const closedDeviations: readonly Deviation[] = [
  { what: "bastion", why: "private nodes are reached through it; it alone has a way out" },
  {
    what: "network.peers",
    why: "files and images come from a mirror and a registry in a network that the VPC is peered with",
  },
];

/** `dev` whose nodes have no way out: private subnets without NAT, endpoints for what they call, strict egress. */
export async function closedSettings(): Promise<AwsSettings> {
  const dev = await devSettings();
  const { nodePorts: _nodePorts, ...access } = dev.access;
  const peers = [...(dev.network?.peers ?? []), { name: "mirror", cidr: networks.node.cidr }];
  return {
    ...dev,
    access,
    egress: "strict",
    network: { ...dev.network, nat: "none", endpoints: {}, peers },
    bastion: { os: "debian-12" },
  };
}

/**
 * The same for tests of faults: with what `dev` has no room for, so that each rule and each statement of it has something to break.
 * Traefik stands for ingress-nginx, on the same ports.
 */
export async function faultsSettings(traefikChart: string): Promise<AwsSettings> {
  const dev = await devSettings();
  const { general } = dev.workers ?? {};
  if (general === undefined) throw new Error("dev has no pool general");
  const mirrors = Object.fromEntries(addonRegistries.map((registry) => [registry, [registryUrl]]));
  return {
    ...dev,
    workers: { general: { ...general, count: 2, spot: { enabled: true } } },
    images: { ...dev.images, mirrors: { ...dev.images?.mirrors, ...mirrors } },
    helm: { sources: { ...dev.helm?.sources, traefik: traefikChart } },
    ingress: {
      kind: "traefik",
      image: `docker.io/library/traefik:v${buildVersion("traefik")}`,
      expose: { type: "hostPorts" },
    },
    ecr: await ecrLogin(),
  };
}
