import { parseAddressRange, rangesOverlap } from "../network/addressRanges";
import { range } from "../network/addresses";
import { minorOf } from "../versions";
import type { ClusterSettings } from "../settings/resolved";

type Settings = Omit<ClusterSettings, "advisories">;

/** What works about add-ons, and deserves a look. */
export function addonAdvisories(settings: Settings): string[] {
  return [...corednsAdvisories(settings), ...metallbAdvisories(settings), ...ingressAdvisories(settings)];
}

function corednsAdvisories({ coredns }: Settings): string[] {
  const found: string[] = [];
  if (coredns.replicas === 1)
    found.push("coredns.replicas 1: while its node is away, no pod resolves a name");
  if (coredns.pods === "insecure") return found;
  if (coredns.pods === "verified") {
    found.push("coredns.pods verified: CoreDNS watches every pod, and needs memory for each");
  }
  return found;
}

function metallbAdvisories({ addons: { metallb }, platform, aws }: Settings): string[] {
  if (metallb === undefined) return [];
  const found: string[] = [];
  if (platform === "aws") {
    found.push(
      "metallb on AWS: a VPC has no ARP for addresses that it did not give, so nothing outside the cluster reaches the " +
        `pools' addresses; Services ask for MetalLB by loadBalancerClass ${metallb.loadBalancerClass ?? ""}`,
    );
  }
  for (const [name, { addresses }] of Object.entries(metallb.pools)) {
    const subnet = (aws?.vpc.subnets ?? []).find(({ cidr }) =>
      addresses.some((text) => {
        const pool = parseAddressRange(text);
        return !("problem" in pool) && rangesOverlap(pool, range(cidr));
      }),
    );
    if (subnet === undefined) continue;
    found.push(
      `metallb.pools.${name} lies in subnet ${subnet.cidr}, whose addresses EC2 gives to instances; ` +
        "a subnet CIDR reservation of type explicit keeps them free",
    );
  }
  for (const peer of metallb.bgp?.peers ?? []) {
    if (peer.password === undefined) {
      found.push(
        `metallb.bgp peer ${peer.name} has no password: whoever sends as ${peer.address} may end the session`,
      );
    }
  }
  return found;
}

/** Last row of ingress-nginx' support table (README at controller-v1.15.1): Kubernetes 1.31 to 1.35. */
const NGINX_LAST_MINOR = 35;

function ingressAdvisories({ addons: { ingress, gatewayApi }, ...settings }: Settings): string[] {
  const found: string[] = [];
  if (ingress?.kind === "ingress-nginx") {
    const minor = minorOf(settings.kubernetesVersion) ?? "";
    const beyond = Number(minor.split(".")[1]) > NGINX_LAST_MINOR ? `; this cluster has ${minor}` : "";
    found.push(
      "ingress.kind ingress-nginx is frozen upstream at controller 1.15.1 of March 2026: no fixes come, not of security " +
        `either, and it was tested to Kubernetes 1.${NGINX_LAST_MINOR}${beyond}; kind traefik with nginxClass serves the same rules`,
    );
  }
  if (ingress?.expose.type === "loadBalancer" && ingress.expose.sourceRanges.includes("0.0.0.0/0")) {
    found.push("ingress.expose.sourceRanges is open to the whole internet");
  }
  if (ingress?.expose.type === "hostPorts" && settings.firewall === "nftables") {
    if (settings.firewallAccess.nodePorts.length === 0) {
      found.push(
        "ingress.expose hostPorts: the firewall lets in whom access.nodePorts names, and it names nobody",
      );
    }
  }
  if (
    ingress !== undefined &&
    ingress.expose.type !== "loadBalancer" &&
    settings.aws?.access.nodePorts.length === 0
  ) {
    found.push(
      `ingress.expose ${ingress.expose.type}: the security groups let in whom access.nodePorts names, and it names nobody`,
    );
  }
  if (gatewayApi !== undefined && ingress?.kind !== "traefik") {
    found.push("gatewayApi puts its definitions into the cluster; nothing of these settings serves them");
  }
  return found;
}
