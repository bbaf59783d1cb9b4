import * as fs from "node:fs";
import * as path from "node:path";
import { cachedFolder, makeRecords } from "./cache";
import { ensureDebianPackages } from "./debianPackages";
import { ensureGoBuild, moduleFolder, type GoBuild } from "./goBuild";
import { run } from "./run";

/** Kubernetes version of the lab and of the engine tests. */
export const kubernetesVersion = "1.36.4";

/** A Kubernetes version before the lab's, from which upgrades start. */
export type Former = "older" | "oldest";
/** etcd is the version that its kubeadm asks for; crictl of 1.35 is not served. */
const formers = {
  /** A minor version before the lab's. */
  older: { kubernetes: "1.35.8", etcd: "3.6.6" },
  /** Two minor versions before it. */
  oldest: { kubernetes: "1.34.11", etcd: "3.6.5", crictl: "1.34.0" },
} as const satisfies Record<
  Former,
  { readonly kubernetes: string; readonly etcd: string; readonly crictl?: string }
>;

/** Kubernetes version from which the upgrade's suite starts: the last patch of the minor before that the proxy serves. */
export const olderKubernetesVersion = formers.older.kubernetes;

/** The same for the suite that upgrades over two minor versions. */
export const oldestKubernetesVersion = formers.oldest.kubernetes;

/**
 * A kubelet with `cgroupsPerQOS: false`, as the lab's hosts without cgroup controllers need it, has no cgroup of a pod to read, and
 * panics for ever once a container with requests does not start at the first attempt (kubernetes/kubernetes#137999, open). It is the one
 * thing in which the lab's Kubernetes differs from the published one: a pod without a cgroup is not resized.
 */
const withoutCgroups = {
  file: "pkg/kubelet/kuberuntime/kuberuntime_manager.go",
  after: "	currentPodResources := podResources\n",
  text: "	if currentPodMemoryConfig == nil || currentPodCPUConfig == nil {\n		return resizeResult\n	}\n",
};

/** Binaries of k8s.io/kubernetes that a cluster needs. */
const kubernetesBinaries = [
  "kube-apiserver",
  "kubeadm",
  "kubectl",
  "kubelet",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
] as const;

const cniPlugins = {
  main: ["bridge", "host-device", "ipvlan", "loopback", "macvlan", "ptp", "vlan"],
  ipam: ["dhcp", "host-local", "static"],
  meta: ["bandwidth", "firewall", "portmap", "sbr", "tuning", "vrf"],
} as const;

/**
 * Versions are those that the Go module proxy serves, and where there is a choice the ones the library pins. Link
 * variables are those of each project's own Makefile.
 */
const builds = {
  pulumi: {
    module: "github.com/pulumi/pulumi/pkg/v3",
    version: "v3.255.0",
    binaries: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    // The Automation API refuses an engine that reports no version.
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.255.0" },
  },
  kubernetes: kubernetes(kubernetesVersion),
  // The version in the name of the image that this kubeadm asks for.
  etcd: etcd("v3.6.8"),
  etcdctl: etcdctl("v3.6.8"),
  etcdutl: etcdutl("v3.6.8"),
  containerd: {
    module: "github.com/containerd/containerd/v2",
    version: "v2.3.4",
    binaries: {
      containerd: "github.com/containerd/containerd/v2/cmd/containerd",
      "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      ctr: "github.com/containerd/containerd/v2/cmd/ctr",
    },
    variables: { "github.com/containerd/containerd/v2/version.Version": "v2.3.4" },
  },
  runc: {
    module: "github.com/opencontainers/runc",
    version: "v1.4.3",
    binaries: { runc: "github.com/opencontainers/runc" },
    variables: { "main.version": "1.4.3" },
    tags: ["seccomp"],
    cgo: true,
    packages: ["gcc", "libc6-dev", "libseccomp-dev", "pkg-config"],
  },
  "cni-plugins": {
    module: "github.com/containernetworking/plugins",
    version: "v1.9.1",
    binaries: Object.fromEntries(
      Object.entries(cniPlugins).flatMap(([kind, names]) =>
        names.map((name) => [name, `github.com/containernetworking/plugins/plugins/${kind}/${name}`]),
      ),
    ),
    variables: {
      "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": "v1.9.1",
    },
  },
  crictl: crictl("v1.36.0"),
  helm: {
    module: "helm.sh/helm/v3",
    version: "v3.22.0",
    binaries: { helm: "helm.sh/helm/v3/cmd/helm" },
    variables: { "helm.sh/helm/v3/internal/version.version": "v3.22.0" },
  },
  coredns: {
    module: "github.com/coredns/coredns",
    version: "v1.14.2",
    binaries: { coredns: "github.com/coredns/coredns" },
  },
  registry: {
    module: "github.com/distribution/distribution/v3",
    version: "v3.0.0",
    binaries: { registry: "github.com/distribution/distribution/v3/cmd/registry" },
    variables: { "github.com/distribution/distribution/v3/version.version": "v3.0.0" },
  },
  flanneld: {
    module: "github.com/flannel-io/flannel",
    version: "v0.28.9",
    binaries: {
      flanneld: "github.com/flannel-io/flannel",
      "install-conf": "github.com/flannel-io/flannel/cmd/install_conf",
    },
    variables: { "github.com/flannel-io/flannel/pkg/version.Version": "v0.28.9" },
    cgo: true, // the udp backend is C
    packages: ["gcc", "libc6-dev"],
    // Required at a version that the proxy does not serve; the vxlan and host-gw code does not reach it.
    replaces: [
      "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc=github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc@v1.3.75",
    ],
  },
  metallb: {
    module: "go.universe.tf/metallb",
    version: "v0.16.1",
    binaries: {
      controller: "go.universe.tf/metallb/controller",
      speaker: "go.universe.tf/metallb/speaker",
    },
  },
  traefik: {
    module: "github.com/traefik/traefik/v3",
    version: "v3.6.0", // the last of 3.6 and 3.7 whose every requirement the proxy serves
    binaries: { traefik: "github.com/traefik/traefik/v3/cmd/traefik" },
    variables: { "github.com/traefik/traefik/v3/pkg/version.Version": "v3.6.0" },
    ownDirectives: true,
  },
  "cloud-controller": {
    module: "k8s.io/cloud-provider-aws",
    version: "v1.35.0",
    binaries: {
      "aws-cloud-controller-manager": "k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager",
    },
    variables: { "k8s.io/component-base/version.gitVersion": "v1.35.0" },
  },
  "ecr-login": {
    module: "k8s.io/cloud-provider-aws",
    version: "v1.36.1", // the library's own
    binaries: { "ecr-credential-provider": "k8s.io/cloud-provider-aws/cmd/ecr-credential-provider" },
  },
  "flannel-cni": {
    module: "github.com/containernetworking/plugins",
    version: "v0.9.1", // the last that had it; the plugin's later home is not served as a buildable module
    binaries: { flannel: "github.com/containernetworking/plugins/plugins/meta/flannel" },
    // Linked against the CNI library that today's plugins use: its own knows no CNI 1.0.0, flannel's manifest asks for it.
    requires: ["github.com/containernetworking/cni@v1.3.0"],
  },
  ...buildsOf("older"),
  ...buildsOf("oldest"),
  "crictl-oldest": crictl(`v${formers.oldest.crictl}`),
} satisfies Record<string, GoBuild>;

/** A build of the table, or the pause program, which is C. */
export type BuildName = keyof typeof builds | "pause";

/** Every build, in the order that gets the engine and the API server first. */
const buildNames = [...(Object.keys(builds) as (keyof typeof builds)[]), "pause"] as readonly BuildName[];

/** What one suite alone needs, on a machine that has the time: not among `all`. */
const ofOneSuite = {
  addons: ["metallb", "traefik"],
  ec2: ["cloud-controller", "ecr-login"],
  upgrade: namesOf("older"),
  chain: [...namesOf("older"), ...namesOf("oldest"), "crictl-oldest"],
} satisfies Record<string, readonly BuildName[]>;

type FormerBuild<F extends Former> = `${"kubernetes" | "etcd" | "etcdctl" | "etcdutl"}-${F}`;

function buildsOf<F extends Former>(former: F): Record<FormerBuild<F>, GoBuild> {
  const { kubernetes: version, etcd: etcdVersion } = formers[former];
  const all: Record<string, GoBuild> = {
    [`kubernetes-${former}`]: kubernetes(version),
    [`etcd-${former}`]: etcd(`v${etcdVersion}`),
    [`etcdctl-${former}`]: etcdctl(`v${etcdVersion}`),
    [`etcdutl-${former}`]: etcdutl(`v${etcdVersion}`),
  };
  return all;
}

function namesOf<F extends Former>(former: F): FormerBuild<F>[] {
  return [`kubernetes-${former}`, `etcd-${former}`, `etcdctl-${former}`, `etcdutl-${former}`];
}

function kubernetes(version: string): GoBuild {
  const [major, minor, patch] = version.split(".");
  const variable = "k8s.io/component-base/version";
  return {
    module: "k8s.io/kubernetes",
    version: `v${version}`,
    binaries: Object.fromEntries(kubernetesBinaries.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
    variables: {
      [`${variable}.gitVersion`]: `v${version}`,
      [`${variable}.gitMajor`]: major,
      [`${variable}.gitMinor`]: minor,
      [`${variable}.gitTreeState`]: "clean",
    },
    stagingVersion: `v0.${minor}.${patch}`,
    // Kubelets before 1.36 resize no container that has not started yet.
    ...(Number(minor) >= 36 ? { insertions: [withoutCgroups] } : {}),
  };
}

function crictl(version: string): GoBuild {
  return {
    module: "sigs.k8s.io/cri-tools",
    version,
    binaries: { crictl: "sigs.k8s.io/cri-tools/cmd/crictl" },
    variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": version },
  };
}

function etcd(version: string): GoBuild {
  const module = "go.etcd.io/etcd/server/v3";
  return { module, version, binaries: { etcd: module } };
}

function etcdctl(version: string): GoBuild {
  const module = "go.etcd.io/etcd/etcdctl/v3";
  return { module, version, binaries: { etcdctl: module } };
}

function etcdutl(version: string): GoBuild {
  const module = "go.etcd.io/etcd/etcdutl/v3";
  return { module, version, binaries: { etcdutl: module } };
}

/** Which former versions something has, such as a lab's mirror; the oldest brings those after it along. */
export type Formers = Readonly<Partial<Record<Former, boolean>>>;

/** Their names, the newest first: each is made upon the one before. */
export function formersOf({ older, oldest }: Formers): Former[] {
  return oldest === true ? ["older", "oldest"] : older === true ? ["older"] : [];
}

/** The build that makes a tool in the version that belongs to a former Kubernetes, where that has one of its own. */
export function formerBuildOf(tool: string, former: Former): keyof typeof builds | undefined {
  const names = former === "oldest" ? [...namesOf(former), "crictl-oldest" as const] : namesOf(former);
  return names.find((name) => binariesOf(name).includes(tool));
}

/** x.y.z of a former Kubernetes. */
export function formerVersion(former: Former): string {
  return formers[former].kubernetes;
}

/** Its etcd's. */
export function formerEtcd(former: Former): string {
  return formers[former].etcd;
}

/** Version of a build without its leading `v`, as in file names and image tags. */
export function buildVersion(name: keyof typeof builds): string {
  return builds[name].version.replace(/^v/, "");
}

/** Folder with a build's binaries, built when this cache has none of that recipe. */
export function ensureBuild(name: BuildName): Promise<string> {
  if (name === "pause") return buildPause();
  return ensureGoBuild(name, builds[name]);
}

/**
 * Path of one binary, such as `kube-apiserver` or `etcd`; `pulumi` comes from `PATH` where it is installed. Where several
 * builds make it and none is named, it is the lab's own version.
 */
export async function ensureTool(name: string, from?: BuildName): Promise<string> {
  if (name === "pulumi") {
    const installed = onPath(name);
    if (installed !== undefined) return installed;
  }
  // The older builds stand last.
  const build = from ?? buildNames.find((candidate) => binariesOf(candidate).includes(name));
  if (build === undefined) throw new Error(`no build makes ${name}`);
  return path.join(await ensureBuild(build), name);
}

/** Names of the binaries a build makes. */
export function binariesOf(name: BuildName): string[] {
  return name === "pause" ? ["pause"] : Object.keys(builds[name].binaries);
}

/** Kubernetes's own pause.c, compiled as its Makefile does. */
async function buildPause(): Promise<string> {
  return cachedFolder("tools", "pause", { kubernetesVersion, flags: "-Os -static" }, async (folder) => {
    await ensureDebianPackages(["gcc", "libc6-dev"]);
    const source = await moduleFolder(builds.kubernetes.module, builds.kubernetes.version);
    const file = path.join(source, "build", "pause", "linux", "pause.c");
    const output = path.join(folder, "pause");
    await run(["gcc", "-Os", "-Wall", "-static", "-DVERSION=3.10.2-lab", "-o", output, file]);
    await run(["strip", output]);
  });
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file));
}

/**
 * `toolchain.ts [all|addons|ec2|upgrade|chain|BUILD|BINARY ...]` builds and prints `name path` lines; `toolchain.ts seconds [SINCE]`
 * what it cost.
 */
async function main(wanted: string[]): Promise<void> {
  if (wanted[0] === "seconds") {
    const records = makeRecords(wanted[1] === undefined ? undefined : new Date(wanted[1]));
    console.log(Math.round(records.reduce((sum, { seconds }) => sum + seconds, 0)));
    return;
  }
  const special: readonly BuildName[] = Object.values(ofOneSuite).flat();
  const suites = new Map<string, readonly string[]>([
    ["all", buildNames.filter((name) => !special.includes(name))],
    ...Object.entries(ofOneSuite),
  ]);
  for (const name of (wanted.length === 0 ? ["all"] : wanted).flatMap((one) => suites.get(one) ?? [one])) {
    const build = buildNames.find((candidate) => candidate === name);
    for (const binary of build === undefined ? [name] : binariesOf(build))
      console.log(`${binary} ${await ensureTool(binary, build)}`);
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
