import type { Tenant, TenantNetwork, Opening } from "../../model/tenants/settings";
import type { AddonSummary } from "../../model/addons/domain";
import type { SecurityFact } from "../security";
import { html, type Markup } from "./markup";
import { lines, mono, table } from "./table";

export function addonTable(addons: readonly AddonSummary[]): Markup {
  return table(
    ["Add-on", "Version", "Addresses", "Settings"],
    addons.map(({ name, version, addresses, about }) => [
      html`<b>${name}</b>`,
      mono(version ?? ""),
      addresses.map((address) => html`${mono(address)}<br />`),
      lines(about),
    ]),
  );
}

export function securityTable(facts: readonly SecurityFact[]): Markup {
  return table(
    ["Setting", "Value"],
    facts.map(({ name, value }) => [name, value]),
  );
}

export function tenantTable(tenants: readonly Tenant[]): Markup {
  return html`<p class="lead">
      Each tenant has its own namespace. Admission refuses what would reach outside it.
    </p>
    ${table(
      ["Tenant", "Quota", "Network", "Pod Security", "Members", "Host names"],
      tenants.map((tenant) => [
        html`<b>${tenant.name}</b>`,
        lines(Object.entries(tenant.quota ?? { none: "" }).map(([name, amount]) => `${name} ${amount}`)),
        lines(networkText(tenant.network)),
        [tenant.podSecurity, tenant.allow.length > 0 && html`<br />may use ${tenant.allow.join(", ")}`],
        lines(membersText(tenant)),
        tenant.hosts?.join(", ") ?? "any free one",
      ]),
    )}`;
}

function networkText(network: TenantNetwork | undefined): string[] {
  if (network === undefined) return ["not restricted"];
  return [
    ...network.ingress.map((opening) => `from ${openingText(opening)}`),
    ...network.egress.map((opening) => `to ${openingText(opening)}`),
    ...(network.ingress.length + network.egress.length === 0 ? ["closed to other namespaces"] : []),
  ];
}

const PEERS = {
  internet: "the internet",
  ingressController: "the ingress controller",
  kubernetesApi: "the Kubernetes API",
} as const;

function openingText({ peer, ports }: Opening): string {
  const who =
    peer.kind === "namespace" ? peer.namespace : peer.kind === "cidr" ? peer.cidr : PEERS[peer.kind];
  const numbers = ports.map(({ protocol, port, endPort }) => {
    const span = endPort === undefined ? String(port) : `${port}-${endPort}`;
    return protocol === "TCP" ? span : `${span}/${protocol}`;
  });
  return numbers.length === 0 ? who : `${who}, port ${numbers.join(", ")}`;
}

function membersText({ members, credentials }: Tenant): string[] {
  return [
    ...members.map(({ subject, role }) => `${subject.kind} ${subject.name}: ${role}`),
    ...(credentials === undefined
      ? []
      : [`a kubeconfig: ${credentials.role}, valid ${credentials.validityHours} hours`]),
  ];
}
