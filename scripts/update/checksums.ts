import { compareVersions } from "../../model/versions";

/** Where upstream publishes versions and SHA-256 of one download. */
interface Upstream {
  /** `owner/name` on GitHub; without it Kubernetes' own address, where a file names the newest patch of each minor version. */
  readonly repository?: string;
  /** Address of the checksum file, or of one that lists several files. */
  readonly checksums: (version: string, architecture: string) => string;
  /** Name of the file in such a list. */
  readonly file: (version: string, architecture: string) => string;
}

const kubernetes = (name: string): Upstream => ({
  checksums: (version, architecture) => `/v${version}/bin/linux/${architecture}/${name}.sha256`,
  file: () => name,
});

function onGithub(
  repository: string,
  file: Upstream["file"],
  checksums: (version: string, name: string) => string,
): Upstream {
  return {
    repository,
    file,
    checksums: (version, architecture) =>
      `/${repository}/releases/download/v${version}/${checksums(version, file(version, architecture))}`,
  };
}

/** By the tables of `model/checksums.ts`. */
export const UPSTREAM: Readonly<Record<string, Upstream>> = {
  kubeadm: kubernetes("kubeadm"),
  kubelet: kubernetes("kubelet"),
  kubectl: kubernetes("kubectl"),
  containerd: onGithub(
    "containerd/containerd",
    (version, architecture) => `containerd-${version}-linux-${architecture}.tar.gz`,
    (_, name) => `${name}.sha256sum`,
  ),
  runc: onGithub(
    "opencontainers/runc",
    (_, architecture) => `runc.${architecture}`,
    () => "runc.sha256sum",
  ),
  cniPlugins: onGithub(
    "containernetworking/plugins",
    (version, architecture) => `cni-plugins-linux-${architecture}-v${version}.tgz`,
    (_, name) => `${name}.sha256`,
  ),
  crictl: onGithub(
    "kubernetes-sigs/cri-tools",
    (version, architecture) => `crictl-v${version}-linux-${architecture}.tar.gz`,
    (_, name) => `${name}.sha256`,
  ),
};

/** Servers that are asked; a test has its own. */
export interface Servers {
  readonly kubernetes: string;
  readonly github: string;
  readonly githubApi: string;
}

export const SERVERS: Servers = {
  kubernetes: "https://dl.k8s.io",
  github: "https://github.com",
  githubApi: "https://api.github.com",
};

const ARCHITECTURES = ["amd64", "arm64"] as const;

/** SHA-256 by version and architecture. */
export type Table = Readonly<Record<string, Readonly<Record<(typeof ARCHITECTURES)[number], string>>>>;

/** @throws Error with the address when it does not answer with 200 */
export async function read(address: string): Promise<string> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
  return answer.text();
}

const minorOf = (version: string): string => version.split(".").slice(0, 2).join(".");

/** Versions upstream has that the table has not: of minor versions in the table, and newer ones. Prereleases are left out. */
export async function newVersions(
  name: string,
  known: readonly string[],
  servers: Servers,
): Promise<string[]> {
  const minors = new Set(known.map(minorOf));
  const newest = [...known].sort((one, other) => compareVersions(other, one))[0] ?? "0.0.0";
  const wanted = (version: string): boolean =>
    !known.includes(version) && (minors.has(minorOf(version)) || compareVersions(version, newest) > 0);
  const { repository } = upstreamOf(name);
  if (repository === undefined) {
    const stable = (await read(`${servers.kubernetes}/release/stable.txt`)).trim().slice(1);
    const patches = await Promise.all(
      [...new Set([...minors, minorOf(stable)])].map(async (minor) => {
        const last = (await read(`${servers.kubernetes}/release/stable-${minor}.txt`)).trim().slice(1);
        return Array.from({ length: Number(last.split(".")[2]) + 1 }, (_, patch) => `${minor}.${patch}`);
      }),
    );
    return patches.flat().filter(wanted);
  }
  const releases = JSON.parse(
    await read(`${servers.githubApi}/repos/${repository}/releases?per_page=100`),
  ) as readonly { readonly tag_name: string; readonly prerelease: boolean }[];
  return releases
    .filter(({ tag_name, prerelease }) => !prerelease && /^v\d+\.\d+\.\d+$/.test(tag_name))
    .map(({ tag_name }) => tag_name.slice(1))
    .filter(wanted);
}

function upstreamOf(name: string): Upstream {
  const upstream = UPSTREAM[name];
  if (upstream === undefined)
    throw new Error(`no upstream is known of ${name}: add it to scripts/update/checksums.ts`);
  return upstream;
}

/** @throws Error when the file of checksums has none for the download */
export async function checksumsOf(name: string, version: string, servers: Servers): Promise<Table[string]> {
  const { repository, checksums, file } = upstreamOf(name);
  const server = repository === undefined ? servers.kubernetes : servers.github;
  const rows = await Promise.all(
    ARCHITECTURES.map(async (architecture) => {
      const address = server + checksums(version, architecture);
      const lines = (await read(address)).trim().split("\n");
      const words = lines.map((line) => line.trim().split(/\s+\*?/));
      const wanted = file(version, architecture);
      const found = words.find(([, name]) => name === wanted) ?? (words.length === 1 ? words[0] : undefined);
      const sum = found?.[0] ?? "";
      if (!/^[0-9a-f]{64}$/.test(sum)) throw new Error(`${address}: no SHA-256 of ${wanted}`);
      return [architecture, sum];
    }),
  );
  return Object.fromEntries(rows) as Table[string];
}

/**
 * The source text of `model/checksums.ts` with more rows in one table, newest first.
 * @throws Error when the text has no such table
 */
export function withRows(text: string, name: string, rows: Table): string {
  const table = new RegExp(`^  ${name}: \\{\\n([\\s\\S]*?)^  \\},$`, "m").exec(text);
  if (table === null) throw new Error(`model/checksums.ts has no table ${name}`);
  const row = /^ {4}"([^"]+)": \{\n {6}amd64: "([0-9a-f]+)",\n {6}arm64: "([0-9a-f]+)",\n {4}\},\n/gm;
  const all: Record<string, Table[string]> = { ...rows };
  for (const [, version = "", amd64 = "", arm64 = ""] of (table[1] ?? "").matchAll(row))
    all[version] = { amd64, arm64 };
  const body = Object.keys(all)
    .sort((one, other) => compareVersions(other, one))
    .map(
      (version) =>
        `    "${version}": {\n      amd64: "${all[version]?.amd64}",\n      arm64: "${all[version]?.arm64}",\n    },\n`,
    );
  return text.replace(table[0], `  ${name}: {\n${body.join("")}  },`);
}
