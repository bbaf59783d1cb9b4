import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cachedFolder } from "../support/cache";
import { run } from "../support/run";
import {
  binariesOf,
  buildVersion,
  ensureBuild,
  ensureTool,
  formerBuildOf,
  formersOf,
  type BuildName,
  type Former,
  type Formers,
} from "../support/toolchain";
import { labAddress } from "./network";

/** Port of the file mirror. */
export const mirrorPort = 8080;

/** Where hosts find the mirror: an upstream `https://HOST/PATH` is served as `<mirrorUrl>/HOST/PATH`. */
export const mirrorUrl = `http://${labAddress}:${mirrorPort}`;

/** A file that node setup downloads. */
export type DownloadName =
  "kubeadm" | "kubelet" | "kubectl" | "containerd" | "runc" | "cniPlugins" | "crictl";

interface Download {
  build: BuildName;
  /** Host and path of the upstream file, for a version and an architecture. */
  path(version: string): string;
  /** One binary as it is, or an archive of all of the build's binaries. */
  content: { binary: string } | { archiveBelow: string };
}

const arch = "amd64";
const github = "github.com";
const kubernetesFile = (name: string): Download => ({
  build: "kubernetes",
  path: (version) => `dl.k8s.io/v${version}/bin/linux/${arch}/${name}`,
  content: { binary: name },
});

/** Upstream names and layouts, as each project's release page has them. */
const downloads: Readonly<Record<DownloadName, Download>> = {
  kubeadm: kubernetesFile("kubeadm"),
  kubelet: kubernetesFile("kubelet"),
  kubectl: kubernetesFile("kubectl"),
  containerd: {
    build: "containerd",
    path: (v) =>
      `${github}/containerd/containerd/releases/download/v${v}/containerd-${v}-linux-${arch}.tar.gz`,
    content: { archiveBelow: "bin" },
  },
  runc: {
    build: "runc",
    path: (v) => `${github}/opencontainers/runc/releases/download/v${v}/runc.${arch}`,
    content: { binary: "runc" },
  },
  cniPlugins: {
    build: "cni-plugins",
    path: (v) =>
      `${github}/containernetworking/plugins/releases/download/v${v}/cni-plugins-linux-${arch}-v${v}.tgz`,
    content: { archiveBelow: "." },
  },
  crictl: {
    build: "crictl",
    path: (v) =>
      `${github}/kubernetes-sigs/cri-tools/releases/download/v${v}/crictl-v${v}-linux-${arch}.tar.gz`,
    content: { archiveBelow: "." },
  },
};

/** Files of a former Kubernetes below the mirror. */
const formerDownloads = (former: Former) =>
  (["kubeadm", "kubelet", "kubectl", "crictl"] as const).flatMap((tool) => {
    const build = formerBuildOf(tool, former);
    return build === undefined ? [] : [{ tool, build, file: downloads[tool].path(buildVersion(build)) }];
  });

/** Version of each download that the mirror has. */
function mirrorVersions(): Record<DownloadName, string> {
  const entries = Object.entries(downloads) as [DownloadName, Download][];
  return Object.fromEntries(
    entries.map(([name, { build }]) => [name, build === "pause" ? "" : buildVersion(build)]),
  ) as Record<DownloadName, string>;
}

/** Path of each download below the mirror: upstream host and path. */
export function mirrorPaths(): Record<DownloadName, string> {
  const versions = mirrorVersions();
  const entries = Object.entries(downloads) as [DownloadName, Download][];
  return Object.fromEntries(
    entries.map(([name, download]) => [name, download.path(versions[name])]),
  ) as Record<DownloadName, string>;
}

/** What kubelets of a cluster on EC2 log in to registries with. */
const ECR_LOGIN = "ecr-credential-provider";
const ecrLoginPath = (version: string): string =>
  `artifacts.k8s.io/binaries/cloud-provider-aws/v${version}/linux/${arch}/${ECR_LOGIN}-linux-${arch}`;

/** Its version, and the SHA-256 of the mirror's file. */
export async function ecrLogin(): Promise<{ version: string; checksums: { amd64: string } }> {
  return {
    version: buildVersion("ecr-login"),
    checksums: { amd64: sha256(await ensureTool(ECR_LOGIN)) },
  };
}

/** What a mirror has beside the base: former versions of Kubernetes, or what only clusters on EC2 download. */
interface More extends Formers {
  readonly ec2?: boolean;
}

/** Folder that the mirror serves, made from the built binaries. */
export async function ensureMirror({ ec2, ...formers }: More = {}): Promise<string> {
  let mirror = await ensureBaseMirror();
  if (ec2) return withEcrLogin(mirror);
  for (const former of formersOf(formers)) mirror = await withFormer(mirror, former);
  return mirror;
}

/** The mirror with a former Kubernetes too, whose checksums take the place of the others. */
async function withFormer(base: string, former: Former): Promise<string> {
  const wanted = formerDownloads(former);
  const tools = await Promise.all(wanted.map(({ tool, build }) => ensureTool(tool, build)));
  const recipe = { base: path.basename(base), tools: tools.map((file) => path.basename(path.dirname(file))) };
  return cachedFolder("mirror", `files-${former}`, recipe, async (folder) => {
    await run(["cp", "-al", `${base}/.`, folder]);
    // Links: what is written anew must not be written into the other mirror.
    fs.rmSync(path.join(folder, "checksums.json"));
    const checksums = readChecksums(base);
    for (const [index, { tool, build, file }] of wanted.entries()) {
      const target = path.join(folder, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      const { content } = downloads[tool];
      if ("binary" in content) fs.copyFileSync(tools[index], target);
      else await archive(path.dirname(tools[index]), binariesOf(build), content.archiveBelow, target);
      checksums[tool] = { amd64: sha256(target) };
    }
    fs.writeFileSync(path.join(folder, "checksums.json"), JSON.stringify(checksums, null, 2));
  });
}

async function withEcrLogin(base: string): Promise<string> {
  const tool = await ensureTool(ECR_LOGIN);
  const recipe = { base: path.basename(base), tool: path.basename(path.dirname(tool)) };
  return cachedFolder("mirror", "files-ec2", recipe, async (folder) => {
    await run(["cp", "-al", `${base}/.`, folder]);
    const target = path.join(folder, ecrLoginPath(buildVersion("ecr-login")));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.copyFileSync(tool, target);
  });
}

async function ensureBaseMirror(): Promise<string> {
  const folders = new Map<BuildName, string>();
  for (const { build } of Object.values(downloads)) folders.set(build, await ensureBuild(build));
  const recipe = { schema: 1, builds: [...folders.values()].map((folder) => path.basename(folder)) };
  return cachedFolder("mirror", "files", recipe, async (folder) => {
    const paths = mirrorPaths();
    const checksums: Record<string, { amd64: string }> = {};
    for (const [name, download] of Object.entries(downloads) as [DownloadName, Download][]) {
      const target = path.join(folder, paths[name]);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      const source = folders.get(download.build) ?? "";
      if ("binary" in download.content) fs.copyFileSync(path.join(source, download.content.binary), target);
      else await archive(source, binariesOf(download.build), download.content.archiveBelow, target);
      checksums[name] = { amd64: sha256(target) };
    }
    fs.writeFileSync(path.join(folder, "checksums.json"), JSON.stringify(checksums, null, 2));
  });
}

/**
 * SHA-256 of every file of the mirror, as the settings' `downloads.checksums` takes them: one for a name.
 * @param former whether they are a former Kubernetes'
 */
export async function mirrorChecksums(former?: Former): Promise<Record<DownloadName, { amd64: string }>> {
  return readChecksums(await ensureMirror(former === undefined ? {} : { [former]: true }));
}

function readChecksums(mirror: string): Record<DownloadName, { amd64: string }> {
  const file = path.join(mirror, "checksums.json");
  return JSON.parse(fs.readFileSync(file, "utf8")) as Record<DownloadName, { amd64: string }>;
}

async function archive(source: string, names: string[], below: string, target: string): Promise<void> {
  const plain = `${target}.tar`;
  const prefix = below === "." ? "./" : `${below}/`;
  // Same bytes for same binaries, so that checksums last.
  const stable = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=0755"];
  await run([
    "tar",
    ...stable,
    `--transform=s,^,${prefix},`,
    "-cf",
    plain,
    "-C",
    source,
    ...[...names].sort(),
  ]);
  await run(["gzip", "-n", "-1", "-f", plain]);
  fs.renameSync(`${plain}.gz`, target);
}

function sha256(file: string): string {
  return crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}
