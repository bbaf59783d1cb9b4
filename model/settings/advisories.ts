import { mendedVersion } from "../core/mended";
import { cniProfile, domainOf } from "../cni";
import { isPrivate, overlaps, range } from "../network/addresses";
import { apiName } from "../network/endpoint";
import { partsOf, usedAddons } from "../addons";
import { awsAdvisories } from "../aws/advise";
import { CONTROL_PLANE_TAINT } from "./labels";
import type { ClusterSettings } from "./resolved";
import { PARTS } from "./parts";
import { knownVersions, minorOf } from "../versions";

type Settings = Omit<ClusterSettings, "advisories">;

/** Things that work but deserve a look, each one sentence with the setting it is about. */
export function advisoriesOf(settings: Settings): string[] {
  return [
    ...networkAdvisories(settings),
    ...cniAdvisories(settings),
    ...machineAdvisories(settings),
    ...endpointAdvisories(settings),
    ...awsAdvisories(settings),
    ...nftAdvisories(settings),
    ...otherAdvisories(settings),
    ...PARTS.flatMap((part) => part.advise?.(settings) ?? []),
    ...addonAdvisories(settings),
  ];
}

function addonAdvisories(settings: Settings): string[] {
  const used = usedAddons(settings.addons);
  return used.flatMap(({ key, domain, settings: own }) => {
    const others = used.filter((one) => one.key !== key);
    const groups = others.flatMap((one) =>
      partsOf(one.key, one.settings).flatMap(({ crdGroups }) => crdGroups),
    );
    return domain.advise?.(own, settings, groups) ?? [];
  });
}

/** Docker's default bridge (Docker documentation, "Bridge network driver"). */
const DOCKER0 = range("172.17.0.0/16");

/** Linux' default ip_local_port_range: 32768 to 60999 (kernel documentation, networking/ip-sysctl). */
const EPHEMERAL = { from: 32768, to: 60999 };

function networkAdvisories({ network, cni, kubeProxy }: Settings): string[] {
  const found: string[] = [];
  for (const [path, text] of [
    ["cni.podCidr", network.podCidr],
    ["network.serviceCidr", network.serviceCidr],
  ] as const) {
    if (!isPrivate(range(text)))
      found.push(
        `${path} ${text} is not a private range: the cluster cannot reach the public hosts that own these addresses`,
      );
    if (overlaps(range(text), DOCKER0)) {
      found.push(
        `${path} ${text} overlaps docker0's usual ${DOCKER0.text}: do not run Docker with its default settings on any host`,
      );
    }
  }
  const { from, to } = network.nodePortRange;
  if (from <= EPHEMERAL.to && EPHEMERAL.from <= to) {
    found.push(
      `network.nodePortRange ${from}-${to} overlaps the ephemeral ports of hosts (32768-60999); ` +
        "setup reserves the overlap",
    );
  }
  if (kubeProxy.mode === "iptables" && cniProfile(cni).kubeProxyModes.includes("nftables")) {
    found.push(
      "kubeProxy.mode iptables gets slow with many Services; nftables has been stable since Kubernetes 1.33",
    );
  }
  return found;
}

function cniAdvisories(settings: Settings): string[] {
  const { network, cni, addons } = settings;
  const found: string[] = [];
  const facts = cniProfile(cni);
  const domain = domainOf(cni.kind);
  if (facts.needsOneSegment) {
    found.push(
      `cni.backend ${cni.backend} needs all nodes on one layer 2 network, without a router between them`,
    );
  }
  if (!facts.networkPolicy) {
    const remedy = domain.policyRemedy === undefined ? "" : `; ${domain.policyRemedy}`;
    found.push(`${cni.kind} does not enforce NetworkPolicy: objects of that kind have no effect${remedy}`);
  }
  if (cni.mtu !== undefined && network.mtu === undefined && cni.mtu > 1500 - facts.overhead) {
    found.push(
      `cni.mtu ${cni.mtu} needs an MTU of ${cni.mtu + facts.overhead} between nodes; set network.mtu to say that the network has it`,
    );
  }
  if (!domain.tried) found.push(`cni.kind ${cni.kind}: not tested on a live cluster yet`);
  return [
    ...found,
    ...domain.advise(cni, {
      maxNodes: network.maxNodes,
      oldNftCrash: oldNftCrash(settings),
      chartVersions: addons.helm.versions,
    }),
  ];
}

function machineAdvisories({ machines, aws }: Settings): string[] {
  const found: string[] = [];
  const controlPlaneNodes = machines.filter((machine) => machine.role === "controlPlane");
  const workers = machines.filter((machine) => machine.role === "worker");
  if (controlPlaneNodes.length === 1)
    found.push("one control-plane node: while it is down, nothing is scheduled or changed");
  const open = controlPlaneNodes.filter(
    (controlPlaneNode) => !controlPlaneNode.taints.some((taint) => taint.key === CONTROL_PLANE_TAINT.key),
  );
  const pools = (aws?.pools ?? []).filter((pool) => pool.max > 0);
  if (workers.length === 0 && pools.length === 0 && open.length === 0) {
    found.push(
      "no workers, and control-plane nodes are tainted: ordinary pods stay pending; `taints: []` on a control-plane node allows them",
    );
  }
  const byKey = new Map<string, string[]>();
  // On AWS control-plane nodes share a host key that the stack makes.
  for (const machine of aws === undefined ? machines : []) {
    byKey.set(machine.ssh.hostKey, [...(byKey.get(machine.ssh.hostKey) ?? []), machine.name]);
  }
  for (const names of byKey.values()) {
    if (names.length > 1)
      found.push(`machines ${names.join(", ")} share a host key: each of them can impersonate the others`);
  }
  return found;
}

function endpointAdvisories({ name, domain, endpoint, machines, bastion, access, aws }: Settings): string[] {
  const found: string[] = [];
  const controlPlaneNodes = machines.filter((machine) => machine.role === "controlPlane");
  const controlPlaneNode = controlPlaneNodes.find((machine) =>
    [machine.nodeAddress, machine.ssh.host].includes(endpoint.host),
  );
  if (endpoint.kind === "address" && controlPlaneNodes.length > 1 && controlPlaneNode !== undefined) {
    found.push(
      `endpoint.host is control-plane node ${controlPlaneNode.name}'s own address: while it is down, nodes lose the API`,
    );
  }
  const [first] = controlPlaneNodes;
  if (
    endpoint.kind === "address" &&
    aws === undefined &&
    controlPlaneNodes.length > 1 &&
    endpoint.host === apiName(name, domain)
  ) {
    found.push(
      `endpoint: hosts files resolve ${endpoint.host} to ${first?.name ?? "the first control-plane node"} alone: while it is down, nodes lose the API; endpoint.kind nodeLocal balances over all of them`,
    );
  }
  if (endpoint.kind === "loadBalancer") {
    found.push(
      `endpoint: machine ${endpoint.machine} is the only load balancer of the API: while it is down, nodes lose the API`,
    );
  }
  // On AWS neither address is known yet, and people reach the API by a balancer.
  const front = controlPlaneNodes.find(({ ssh }) => ssh.host !== "" && ssh.host === access.host);
  const other = controlPlaneNodes.find((machine) => machine !== front);
  if (front !== undefined && other !== undefined) {
    found.push(
      `access.host is ${front.name}'s address: people and \`pulumi\` cannot reach the API while it is down or being replaced. Set access.host to another node then, such as ${other.ssh.host}, or to a name that resolves to all of them`,
    );
  }
  if (bastion !== undefined && machines.some((machine) => machine.ssh.host === access.host)) {
    found.push(
      `access.host ${access.host} must be reachable from where \`pulumi up\` runs; the bastion is for SSH only`,
    );
  }
  return found;
}

/**
 * kube-proxy's nft in these versions crashes on sets that nft 1.1.2 and later wrote, as Debian 13's does (kubernetes/kubernetes
 * issue 136786; mended by PR 137501 and its cherry-picks).
 */
const OLD_NFT_BEFORE: Readonly<Record<string, number>> = { "1.34": 6, "1.35": 3, "1.36": 1 };

/** What an nft that is too old does on hosts with Debian 13; undefined where no such host is, or kube-proxy is without nft. */
function oldNftCrash({ kubeProxy, machines, aws }: Settings): string | undefined {
  const hosts = [
    ...machines.filter((machine) => machine.os === "debian-13").map((machine) => machine.name),
    ...(aws?.pools ?? []).filter(({ image }) => image?.os === "debian-13").map(({ name }) => `pool ${name}`),
  ];
  return kubeProxy.mode !== "nftables" || hosts.length === 0
    ? undefined
    : `crashes on nftables sets of Debian 13's nft (${hosts.join(", ")}), as fail2ban writes them`;
}

function nftAdvisories(settings: Settings): string[] {
  const { kubernetesVersion: version } = settings;
  const crash = oldNftCrash(settings);
  const mended = mendedVersion(version, OLD_NFT_BEFORE);
  if (crash === undefined || mended === undefined) return [];
  return [`kubernetesVersion ${version}: its kube-proxy ${crash}; ${mended} does not`];
}

function otherAdvisories(settings: Settings): string[] {
  const found: string[] = [];
  const { firewall, firewallAccess, encryption, ignorePreflightErrors, protect, kubernetesVersion, kubelet } =
    settings;
  if (!knownVersions().some((known) => minorOf(known) === minorOf(kubernetesVersion))) {
    found.push(
      `kubernetesVersion ${kubernetesVersion}: kubeadm accepts this library's configuration, but no cluster of this version has been tested`,
    );
  }
  for (const key of ["ssh", "api", "nodePorts"] as const) {
    if (firewallAccess[key].includes("0.0.0.0/0")) found.push(`access.${key} is open to the whole internet`);
    if (firewall === "none" && firewallAccess[key].length > 0) {
      found.push(`access.${key} has no effect while firewall is none`);
    }
  }
  for (const { from, protocol, reason } of settings.firewallAllow) {
    if (from.some((range) => range.endsWith("/0")))
      found.push(`firewall.allow: ${protocol} (${reason}) is open to the whole internet`);
  }
  if (encryption.provider === "aescbc") {
    found.push(
      "encryption.provider aescbc is weak against padding oracles (Kubernetes documentation); secretbox is not",
    );
  }
  if (ignorePreflightErrors.length > 0) {
    found.push(
      `ignorePreflightErrors: ${ignorePreflightErrors.join(", ")} are not checked before a host joins`,
    );
  }
  // SyncPod compares what was applied with what is wanted, and without cgroups of pods nothing was (doPodResizeAction); 1.35 does not.
  if (kubelet.config.cgroupsPerQOS === false && Number(kubernetesVersion.split(".")[1]) >= 36)
    found.push(
      "kubelet.config.cgroupsPerQOS is false: a kubelet of Kubernetes 1.36 crashes again and again once a container with resource requests " +
        "does not start at the first attempt (kubernetes/kubernetes#137999). Its node stays NotReady until that pod is deleted",
    );
  if (!protect) found.push("protect is false: `pulumi destroy` deletes the CAs too");
  return found;
}
