import * as fs from "node:fs";
import * as path from "node:path";
import { run } from "../support/run";
import {
  buildVersion,
  ensureBuild,
  ensureTool,
  kubernetesVersion,
  formerBuildOf,
  formerVersion,
  type BuildName,
  type Former,
} from "../support/toolchain";
import { ensureLocalGoBuild } from "../support/goBuild";
import { ensureAuthority } from "./ec2/authority";
import { ensureBusyboxRoot, ensureNetfilterRoot } from "./debianLayer";
import type { ImageSpec } from "./ociImage";

/** Among an image's files, the certificate of the simulated region's authority. */
const AUTHORITY = "the region's authority";

type Base = "none" | "busybox" | "netfilter";

/** An image of the lab's registry: files upon a base, at the paths where upstream has them. */
interface Image {
  base: Base;
  /** Path in the image and the tool that stands there. */
  files: Readonly<Record<string, string>>;
  entrypoint?: string[];
}

const controlPlane = (name: string): Image => ({
  base: "none",
  files: { [`/usr/local/bin/${name}`]: name },
  entrypoint: [`/usr/local/bin/${name}`],
});

/**
 * Images by repository, with its host. Entry points and paths are those of the upstream Dockerfiles; kubeadm's static
 * pods and flannel's manifest rely on them.
 */
const images: Readonly<Record<string, Image>> = {
  "registry.k8s.io/kube-apiserver": controlPlane("kube-apiserver"),
  "registry.k8s.io/kube-controller-manager": controlPlane("kube-controller-manager"),
  "registry.k8s.io/kube-scheduler": controlPlane("kube-scheduler"),
  "registry.k8s.io/kube-proxy": { ...controlPlane("kube-proxy"), base: "netfilter" },
  "registry.k8s.io/etcd": {
    base: "busybox",
    files: {
      "/usr/local/bin/etcd": "etcd",
      "/usr/local/bin/etcdctl": "etcdctl",
      "/usr/local/bin/etcdutl": "etcdutl",
    },
    entrypoint: ["/usr/local/bin/etcd"],
  },
  "registry.k8s.io/coredns/coredns": {
    base: "none",
    files: { "/coredns": "coredns" },
    entrypoint: ["/coredns"],
  },
  "registry.k8s.io/pause": { base: "none", files: { "/pause": "pause" }, entrypoint: ["/pause"] },
  "ghcr.io/flannel-io/flannel": {
    base: "netfilter",
    files: { "/opt/bin/flanneld": "flanneld", "/opt/bin/install-conf": "install-conf" },
    entrypoint: ["/opt/bin/flanneld"],
  },
  "ghcr.io/flannel-io/flannel-cni-plugin": { base: "busybox", files: { "/flannel": "flannel" } },
  "lab.local/web": { base: "busybox", files: { "/web": "web" }, entrypoint: ["/web"] },
};

/** Images of add-ons: only labs that ask for them have them, since their tools take minutes to build. */
const addonImages: Readonly<Record<string, Image>> = {
  "quay.io/metallb/controller": {
    base: "none",
    files: { "/controller": "controller" },
    entrypoint: ["/controller"],
  },
  "quay.io/metallb/speaker": { base: "none", files: { "/speaker": "speaker" }, entrypoint: ["/speaker"] },
  "docker.io/library/traefik": {
    base: "none",
    files: { "/usr/local/bin/traefik": "traefik" },
    entrypoint: ["/usr/local/bin/traefik"],
  },
};

/** References of the add-ons' images. */
export const addonReferences: readonly string[] = [
  `quay.io/metallb/controller:v${buildVersion("metallb")}`,
  `quay.io/metallb/speaker:v${buildVersion("metallb")}`,
  `docker.io/library/traefik:v${buildVersion("traefik")}`,
];

/**
 * Images of a cluster on EC2. The base of upstream's image brings the authorities that the public trusts; here they are the
 * one that vouches for the simulated region.
 */
const ec2Images: Readonly<Record<string, Image>> = {
  "registry.k8s.io/provider-aws/cloud-controller-manager": {
    base: "none",
    files: {
      "/bin/aws-cloud-controller-manager": "aws-cloud-controller-manager",
      "/etc/ssl/certs/ca-certificates.crt": AUTHORITY,
    },
    entrypoint: ["/bin/aws-cloud-controller-manager"],
  },
  "lab.local/caller": {
    base: "busybox",
    files: { "/caller": "caller", "/etc/ssl/certs/ca-certificates.crt": AUTHORITY },
    entrypoint: ["/caller"],
  },
};

/** A pod's program that calls AWS by its SDK, and busybox; see `caller/main.go`. */
export const callerImage = "lab.local/caller:1";

/** References of the images of a cluster on EC2. */
export const ec2References: readonly string[] = [
  `registry.k8s.io/provider-aws/cloud-controller-manager:v${buildVersion("cloud-controller")}`,
  callerImage,
];

/** Tags of the images that kubeadm does not name. flannel's CNI plugin has releases of its own. */
const tags: Readonly<Record<string, string>> = {
  "ghcr.io/flannel-io/flannel": `v${buildVersion("flanneld")}`,
  "ghcr.io/flannel-io/flannel-cni-plugin": "v1.9.1-flannel3",
  "lab.local/web": "1",
};

/** Test image: a web server that names its pod at port 8080, and busybox. */
export const webImage = "lab.local/web:1";

/** References of all images, with the tags that this version of kubeadm asks for. */
export async function imageReferences(): Promise<string[]> {
  const wanted = await wantedBy(await ensureTool("kubeadm"), kubernetesVersion);
  return [...wanted, ...Object.entries(tags).map(([repository, tag]) => `${repository}:${tag}`)];
}

/** References of a former Kubernetes' images. CoreDNS is not among them: it is the library's, in one version for all. */
export async function formerReferences(former: Former): Promise<string[]> {
  const kubeadm = await ensureTool("kubeadm", formerBuildOf("kubeadm", former));
  const wanted = await wantedBy(kubeadm, formerVersion(former));
  return wanted.filter((reference) => repositoryOf(reference) !== "registry.k8s.io/coredns/coredns");
}

async function wantedBy(kubeadm: string, version: string): Promise<string[]> {
  const list = ["config", "images", "list", "--kubernetes-version", `v${version}`];
  const wanted = (await run([kubeadm, ...list])).stdout.trim().split("\n");
  const unknown = wanted.filter((reference) => images[repositoryOf(reference)] === undefined);
  if (unknown.length > 0)
    throw new Error(`kubeadm wants images that the lab does not make: ${unknown.join(", ")}`);
  return wanted;
}

/** What the images are made of: changes when a tool, a base or the table does. */
export async function imagesRecipe(): Promise<unknown> {
  const names = [...new Set(Object.values(images).flatMap(({ files }) => Object.values(files)))].sort();
  const paths = await Promise.all(names.map((name) => toolPath(name)));
  return {
    schema: 1,
    images,
    references: await imageReferences(),
    tools: paths.map((file) => path.basename(path.dirname(file))),
    bases: [path.basename(await ensureBusyboxRoot()), path.basename(await ensureNetfilterRoot())],
  };
}

/** What the add-ons' images are made of. */
export async function addonImagesRecipe(): Promise<unknown> {
  const names = Object.values(addonImages).flatMap(({ files }) => Object.values(files));
  const paths = await Promise.all(names.map((name) => toolPath(name)));
  return {
    schema: 1,
    images: addonImages,
    references: addonReferences,
    tools: paths.map((file) => path.basename(path.dirname(file))),
  };
}

/** What the images of a cluster on EC2 are made of. */
export async function ec2ImagesRecipe(): Promise<unknown> {
  const names = Object.values(ec2Images).flatMap(({ files }) => Object.values(files));
  const paths = await Promise.all(names.map((name) => toolPath(name)));
  return {
    schema: 1,
    images: ec2Images,
    references: ec2References,
    tools: paths.map((file) => path.basename(path.dirname(file))),
  };
}

/** What the images of a former Kubernetes are made of, besides what those of today are. */
export async function formerImagesRecipe(former: Former): Promise<unknown> {
  const references = await formerReferences(former);
  const tools = references.flatMap((reference) => Object.values(images[repositoryOf(reference)].files));
  const paths = await Promise.all([...new Set(tools)].sort().map((tool) => toolPath(tool, former)));
  return { schema: 1, references, tools: paths.map((file) => path.basename(path.dirname(file))) };
}

/** Lays an image's files out below a folder; `former` takes those of a former Kubernetes. */
export async function layOutImage(reference: string, root: string, former?: Former): Promise<ImageSpec> {
  const repository = repositoryOf(reference);
  const image = images[repository] ?? addonImages[repository] ?? ec2Images[repository];
  fs.mkdirSync(root, { recursive: true });
  if (image.base !== "none") {
    const base = image.base === "busybox" ? await ensureBusyboxRoot() : await ensureNetfilterRoot();
    await run(["cp", "-a", `${base}/.`, root]);
  }
  for (const [target, tool] of Object.entries(image.files)) {
    const file = path.join(root, target);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.copyFileSync(await toolPath(tool, former), file);
    fs.chmodSync(file, 0o755);
  }
  return { reference, root, entrypoint: image.entrypoint };
}

async function toolPath(name: string, former?: Former): Promise<string> {
  if (name === AUTHORITY) return path.join(await ensureAuthority(), "ca.crt");
  if (name === "web" || name === "caller")
    return path.join(await ensureLocalGoBuild(name, path.join(__dirname, name)), name);
  if (name === "pause") return path.join(await ensureBuild("pause" satisfies BuildName), "pause");
  return ensureTool(name, former === undefined ? undefined : formerBuildOf(name, former));
}

function repositoryOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf(":"));
}
