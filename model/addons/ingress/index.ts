import { resources } from "../../settings/effect";
import type { Path } from "../../settings/problems";
import {
  replicas,
  type AddonCluster,
  type AddonDomain,
  type AddonPlace,
  type AddonPort,
  type AddonSummary,
} from "../domain";
import { INGRESS_NAMESPACE, INGRESS_SERVICE } from "./manifests";
import { ingressSchema } from "./schema";
import { resolveIngress, type IngressInput, type IngressSettings } from "./settings";
import { TRAEFIK_CHART } from "./traefik";
import { validateIngress } from "./validate";

export const ingress = {
  schema: ingressSchema,
  parts: {
    "ingress-nginx": { namespace: INGRESS_NAMESPACE["ingress-nginx"], charts: {}, crdGroups: [] },
    traefik: {
      namespace: INGRESS_NAMESPACE.traefik,
      charts: { traefik: TRAEFIK_CHART },
      crdGroups: ["traefik.io", "hub.traefik.io", "gateway.networking.k8s.io"],
    },
  },
  effects: [
    resources(
      ["ingress.**"],
      "its objects, or a Helm upgrade. Another `kind` or `className` creates another controller before it deletes the old one; the address changes unless `expose.address` is set",
    ),
  ],
  resolve: resolveIngress,
  validate: validateIngress,
  advise,
  lists: ({ dns }: IngressInput): [Path, readonly string[]][] => [
    [["ingress", "dns", "names"], dns?.names ?? []],
  ],
  summary,
  balanced: ({ kind, expose }) =>
    expose.type === "loadBalancer" ? [`${INGRESS_NAMESPACE[kind]}/${INGRESS_SERVICE[kind]}`] : [],
  ports: ({ expose }) =>
    expose.type === "hostPorts" ? [expose.http, expose.https].map((port) => hostPort(port)) : [],
} as const satisfies AddonDomain<IngressInput, IngressSettings>;

function summary(settings: IngressSettings, { platform }: AddonPlace): AddonSummary {
  const { kind: name, className, expose, dns } = settings;
  const common = [
    `class ${className}${settings.default ? ", the default" : ""}`,
    ...(dns === undefined ? [] : [`DNS names ${dns.names.join(", ")}`]),
  ];
  const count = replicas(settings.replicas);
  if (expose.type !== "loadBalancer") {
    const onAll = expose.type === "nodePorts";
    const where = onAll ? "every node" : "nodes that run it";
    return {
      name,
      addresses: [`${where}: HTTP ${expose.http}, HTTPS ${expose.https}`],
      about: [onAll ? count : "a pod on each node", ...common],
    };
  }
  const { address, pool, sourceRanges, internal } = expose;
  const balancer = platform === "aws" ? `a network load balancer${internal ? " in the VPC" : ""}` : "MetalLB";
  return {
    name,
    addresses: address === undefined ? [] : [address],
    about: [
      count,
      ...common,
      `behind ${balancer}${pool === undefined ? "" : `, pool ${pool}`}`,
      `open to ${sourceRanges.length === 0 ? "everybody who reaches the address" : sourceRanges.join(", ")}`,
    ],
  };
}

function hostPort(port: number): AddonPort {
  const reason = "ingress on host ports, open to access.nodePorts";
  return {
    protocol: "tcp",
    port,
    owner: "ingress",
    chosen: true,
    calledBy: { from: "serviceClient", reason, ordinaryPods: true },
  };
}

/** Last row of ingress-nginx' support table (README at controller-v1.15.1): Kubernetes 1.31 to 1.35. */
const NGINX_LAST_MINOR = 35;

function advise({ kind, expose }: IngressSettings, cluster: AddonCluster): string[] {
  const found: string[] = [];
  if (kind === "ingress-nginx") {
    const minor = Number(cluster.kubernetesVersion.split(".")[1]);
    const beyond = minor > NGINX_LAST_MINOR ? `; this cluster has 1.${minor}` : "";
    found.push(
      "ingress.kind ingress-nginx is frozen upstream at controller 1.15.1 of March 2026: it gets no more fixes, not even for security, " +
        `and was tested up to Kubernetes 1.${NGINX_LAST_MINOR}${beyond}; kind traefik with nginxClass serves the same rules`,
    );
  }
  if (expose.type === "loadBalancer") {
    return expose.sourceRanges.includes("0.0.0.0/0")
      ? [...found, "ingress.expose.sourceRanges is open to the whole internet"]
      : found;
  }
  if (
    expose.type === "hostPorts" &&
    cluster.firewall === "nftables" &&
    cluster.firewallAccess.nodePorts.length === 0
  ) {
    found.push(
      "ingress.expose hostPorts: the firewall lets in the ranges of access.nodePorts, which is empty",
    );
  }
  if (cluster.aws?.access.nodePorts.length === 0) {
    found.push(
      `ingress.expose ${expose.type}: the security groups let in the ranges of access.nodePorts, which is empty`,
    );
  }
  return found;
}
