/** What a cluster should be like, out of the specifications of its steps: the same renderers, nothing said a second time. */
import { parseAllDocuments } from "yaml";
import { sha256 } from "../core/hash";
import type { BackupSpec } from "../etcd/backup/files";
import { filesOfNode } from "../lifecycle/files";
import { CLUSTER_DOCUMENT, DISCOVERY_FILE } from "../lifecycle/parts";
import type { NodeSpec } from "../lifecycle/spec";
import { nodeLabels } from "../kubeadm";
import type { ImmutableSettings } from "../immutableSettings";
import { API_PORT, ETCD_PORTS, KUBELET_PORT } from "../network/ports";
import { linksOf } from "../node/downloads";
import { kernelFiles } from "../node/kernel";
import { unitFolder } from "../node/paths";
import { renderNode } from "../node/render";
import type { NodeSetupSpec } from "../node/spec";
import type { RenderedFile } from "../renderedFile";
import type { MachineRole, Taint } from "../settings/resolved";

/** A file as the library wrote it. */
export interface ExpectedFile {
  readonly path: string;
  readonly mode: string;
  readonly sha256: string;
}

export interface ExpectedHost {
  readonly name: string;
  readonly nodeName: string;
  readonly role: MachineRole;
  readonly nodeAddress: string;
  readonly files: readonly ExpectedFile[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
  readonly units: readonly string[];
  readonly sysctls: readonly { readonly key: string; readonly value: string }[];
  /** Lines of the library's block in /etc/hosts. */
  readonly hosts: readonly string[];
  readonly swapOff: boolean;
  readonly firewallTable?: string;
  /** Keys of the kubelet's configuration that the settings decide. */
  readonly kubeletConfig: Readonly<Record<string, unknown>>;
  /** Undefined: not a node. */
  readonly node?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly Taint[];
    readonly version: string;
  };
}

/** An object that the stack has in the cluster. */
export interface ExpectedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Data of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface ExpectedBackup {
  /** Seconds between two runs of the schedule, at most. */
  readonly mostGap: number;
  /** Where snapshots go, for people. */
  readonly target: string;
}

export interface ExpectedCluster {
  /** SHA-256 of its CA, as its hosts have it. */
  readonly id: string;
  /** SHA-256 of the CA that the stack gives its hosts: another one than `id` after a rotation. Default: `id`. */
  readonly authority?: string;
  readonly fixed: ImmutableSettings;
  readonly kubernetesVersion: string;
  readonly dnsAddress: string;
  readonly hosts: readonly ExpectedHost[];
  readonly objects: readonly ExpectedObject[];
  /** Days before the end of a certificate at which the control plane renews it. */
  readonly renewBeforeDays: number;
  /** Nodes that join by themselves: nobody knows their names. */
  readonly pools: boolean;
  /** Undefined: no snapshots of etcd are taken. */
  readonly backup?: ExpectedBackup;
}

/** Modules' list is put together on the host, what kubeadm rewrites is its own, and the discovery file holds a credential that ends. */
const NOT_COMPARED: readonly string[] = [DISCOVERY_FILE];

export function expectedBackup({ backup }: BackupSpec): ExpectedBackup | undefined {
  if (backup === undefined) return undefined;
  const { schedule, target } = backup;
  const where =
    target.kind === "folder"
      ? target.path
      : target.kind === "ssh"
        ? `${target.host}:${target.path}`
        : `bucket ${target.bucket}`;
  return { mostGap: schedule.mostGap, target: where };
}

/** A step as the stack has it: what one machine is set up and joined by. */
export interface HostSpecs {
  readonly setup?: NodeSetupSpec;
  readonly node?: NodeSpec;
  readonly oidcCa?: string;
}

export function expectedHost({ setup, node, oidcCa }: HostSpecs): ExpectedHost | undefined {
  const machine = node?.machine ?? setup?.machine;
  if (machine === undefined) return undefined;
  const isNode = machine.role !== "loadBalancer";
  const files = [
    ...(setup === undefined ? [] : renderNode(setup).files),
    ...(node === undefined ? [] : filesOfNode(node, oidcCa)),
  ];
  const kubernetes = ["kubeadm", "kubelet", "kubectl"] as const;
  return {
    name: machine.name,
    nodeName: machine.nodeName,
    role: machine.role,
    nodeAddress: machine.nodeAddress,
    files: files.filter(({ path }) => !NOT_COMPARED.includes(path)).map(expectedFile),
    links:
      setup === undefined || !isNode
        ? []
        : [
            ...linksOf(setup.downloads, ["containerd", "runc", "crictl"]),
            ...kubernetesLinks(setup, kubernetes),
          ],
    units: unitsOf(files),
    sysctls: setup === undefined || !isNode ? [] : sysctlsOf(setup),
    hosts: isNode ? (setup?.hosts ?? []).map(({ address, name }) => `${address} ${name}`) : [],
    swapOff: isNode && setup?.kubelet.failSwapOn === true,
    ...(setup?.firewall === undefined ? {} : { firewallTable: "inet pulumi-kubeadm" }),
    kubeletConfig: node?.controlPlane === undefined ? {} : kubeletConfigOf(files),
    ...(node === undefined
      ? {}
      : {
          node: {
            labels: nodeLabels(node.machine),
            taints: node.machine.taints,
            version: node.kubernetesVersion,
          },
        }),
  };
}

function expectedFile({ path, mode, content }: RenderedFile): ExpectedFile {
  return { path, mode: (mode ?? "0644").replace(/^0/, ""), sha256: sha256(content) };
}

function kubernetesLinks(setup: NodeSetupSpec, names: readonly string[]) {
  return setup.downloads
    .filter(({ name }) => names.includes(name))
    .map(({ name, version }) => ({
      path: `/usr/local/bin/${name}`,
      target: `/opt/pulumi-kubeadm/${name}/${version}/bin/${name}`,
    }));
}

/** Units that start by themselves: those with an `[Install]` section. A timer's service has none. */
function unitsOf(files: readonly RenderedFile[]): string[] {
  return files
    .filter(({ path, content }) => path.startsWith(`${unitFolder}/`) && /^\[Install\]$/m.test(content))
    .map(({ path }) => path.slice(unitFolder.length + 1))
    .filter((name) => !name.includes("/"));
}

function sysctlsOf(setup: NodeSetupSpec): { key: string; value: string }[] {
  return kernelFiles(setup)
    .sysctls.content.split("\n")
    .flatMap((line) => {
      const match = /^-?(\S+) = (\S+)$/.exec(line);
      return match === null ? [] : [{ key: match[1], value: match[2] }];
    });
}

/** Of the document that kubeadm got: single values alone, because patches and versions of kubeadm fill in the rest. */
function kubeletConfigOf(files: readonly RenderedFile[]): Record<string, unknown> {
  const document = files.find(({ path }) => path === CLUSTER_DOCUMENT);
  if (document === undefined) return {};
  const objects = parseAllDocuments(document.content).map((one) => one.toJS() as Record<string, unknown>);
  const config = objects.find(({ kind }) => kind === "KubeletConfiguration") ?? {};
  const plain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
  return Object.fromEntries(
    Object.entries(config).filter(
      ([key, value]) => key !== "apiVersion" && key !== "kind" && (plain(value) || key === "clusterDNS"),
    ),
  );
}

/** A port of another machine that the cluster needs. */
export interface Peer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Beyond so many machines a host asks the control plane and the ones next to it: the cost would grow with the square. */
const MOST_ASKED = 20;
const NEIGHBOURS = 3;

/**
 * What a host asks of others: kubelets, API servers and etcd at the nodes' addresses, and kubelets at pod addresses, which the
 * overlay has to carry.
 * @param overlay addresses of nodes in the pods' network, by the Node's name
 */
export function peersOf(
  hosts: readonly ExpectedHost[],
  own: ExpectedHost,
  overlay: Readonly<Record<string, string>>,
): Peer[] {
  const others = hosts.filter((one) => one.name !== own.name && one.node !== undefined);
  const place = hosts.indexOf(own);
  const asked =
    others.length <= MOST_ASKED
      ? others
      : others.filter((one) => {
          const distance = (hosts.indexOf(one) - place + hosts.length) % hosts.length;
          return one.role === "controlPlane" || distance <= NEIGHBOURS;
        });
  return asked.flatMap((one): Peer[] => {
    const at = (port: number): Peer => ({ name: one.name, address: one.nodeAddress, port });
    const pods = overlay[one.nodeName];
    return [
      ...(own.role === "controlPlane" ? [at(KUBELET_PORT)] : []),
      ...(one.role === "controlPlane" ? [at(API_PORT)] : []),
      ...(one.role === "controlPlane" && own.role === "controlPlane"
        ? [at(ETCD_PORTS.from), at(ETCD_PORTS.to)]
        : []),
      ...(pods === undefined || own.node === undefined
        ? []
        : [{ name: one.name, address: pods, port: KUBELET_PORT }]),
    ];
  });
}
