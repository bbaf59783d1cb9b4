import type { ClusterSettings } from "../../model/settings/resolved";
import type { PlanDocument } from "../document";
import type { PlannedFlow } from "../flows";
import type { WatchItem, WatchKind } from "../watch";
import { html, type Markup } from "./markup";
import { cells, frame, mono, table, type Column } from "./table";

const KINDS: Record<WatchKind, string> = {
  blocked: "Blocked",
  todo: "To do",
  advisory: "Advisory",
  fixed: "Fixed once created",
  protected: "Protected",
  ignored: "Not watched",
  capacity: "Capacity",
  renewal: "Renewal",
};

export function watchList(items: readonly WatchItem[]): Markup {
  return html`<ul class="watch">
    ${items.map(
      (item) =>
        html`<li class="${item.kind}">
          <span class="kind">${KINDS[item.kind]}</span>${item.text}
          ${item.names !== undefined && html`<span class="names">${item.names.join(", ")}</span>`}
          ${item.command !== undefined && html`<pre>${item.command}</pre>`}
        </li>`,
    )}
  </ul>`;
}

/** What nobody should have to scroll for. */
export function advisoryBanner(items: readonly WatchItem[]): Markup | false {
  const count = (kind: WatchKind) => items.filter((item) => item.kind === kind).length;
  const [blocked, todo, advisory] = [count("blocked"), count("todo"), count("advisory")];
  const words = [
    ...(blocked > 0 ? [`${blocked} blocked`] : []),
    ...(todo > 0 ? [`${todo} to do before pulumi up`] : []),
    ...(advisory > 0 ? [`${advisory} ${advisory === 1 ? "advisory" : "advisories"}`] : []),
  ];
  return words.length > 0 && html`<p class="banner"><a href="#watch">${words.join(", ")}</a></p>`;
}

const PARTIES: Readonly<Record<string, string>> = {
  node: "nodes",
  controlPlane: "control-plane nodes",
  loadBalancer: "load balancers",
  pod: "pods",
  operator: "operators",
  apiClient: "API clients",
  serviceClient: "service clients",
  any: "anybody",
  listed: "firewall.allow",
  machine: "machines",
};

/** Flows by their reason; one reason may need several rows. */
export function flowTable(
  flows: readonly PlannedFlow[],
  { firewall, aws }: Pick<ClusterSettings, "firewall" | "aws">,
): Markup {
  const reasons = [...new Set(flows.map((flow) => flow.reason))];
  const intro =
    aws !== undefined
      ? "The security groups allow exactly these."
      : firewall === "nftables"
        ? "The firewall of the hosts (nftables) allows exactly these."
        : "The hosts have no firewall: the network between them must allow these.";
  const group = (reason: string): Markup => {
    const rows = flows.filter((flow) => flow.reason === reason);
    return html`<tbody class="group">
      ${rows.map(
        (flow, index) =>
          html`<tr>
            ${index === 0 && html`<td class="reason" rowspan="${rows.length}">${reason}</td>`}
            ${cells(FLOW_COLUMNS.slice(1), [
              PARTIES[flow.from] ?? flow.from,
              PARTIES[flow.to] ?? flow.to,
              flow.protocol,
              portsText(flow),
              sourcesText(flow, aws !== undefined),
            ])}
          </tr>`,
      )}
    </tbody>`;
  };
  return html`<p class="lead">Who must reach whom. ${intro}</p>
    ${frame(FLOW_COLUMNS, reasons.map(group))}`;
}

const FLOW_COLUMNS: readonly Column[] = [
  "Why",
  ["From", "keep"],
  ["To", "keep"],
  ["Protocol", "keep"],
  ["Ports", "mono"],
  "Sources",
];

function portsText(flow: PlannedFlow): string {
  if (flow.icmp !== undefined) return flow.icmp;
  if (flow.ports.length === 0) return "all";
  return flow.ports.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}

const MOST_SOURCES = 6;

function sourcesText(flow: PlannedFlow, inGroups: boolean): Markup {
  if (flow.sources.length === 0)
    return html`<span class="soft">${inGroups ? "every member of the group" : "nobody"}</span>`;
  const more = flow.sources.length - MOST_SOURCES;
  return html`${mono(flow.sources.slice(0, MOST_SOURCES).join(", "))}${more > 0 && ` and ${more} more`}`;
}

const COMPONENTS: Readonly<Record<string, string>> = {
  kubernetes: "Kubernetes",
  containerd: "containerd",
  runc: "runc",
  cniPlugins: "CNI plugins",
  crictl: "crictl",
  pause: "pause image",
  etcd: "etcd image",
  coredns: "CoreDNS image",
  flannel: "flannel image",
  flannelCniPlugin: "flannel CNI plugin image",
};

export function versionTables(settings: ClusterSettings): Markup {
  const versions = Object.entries(settings.versions);
  const downloads = Object.entries(settings.downloads.files).flatMap(([architecture, files]) =>
    (files ?? []).map((file) => ({ architecture, ...file })),
  );
  return html`${table(
      ["Component", ["Version", "mono"]],
      versions.map(([name, version]) => [COMPONENTS[name] ?? name, version]),
    )}
    <p class="soft" style="margin-top:12px">
      Images come from ${settings.images.repository}${mirrorsText(settings)}.
    </p>
    <details>
      <summary>What hosts download, with checksums</summary>
      ${table(
        [
          ["File", "keep"],
          ["From", "mono"],
          ["SHA-256", "mono"],
        ],
        downloads.map(({ name, version, architecture, url, sha256 }) => [
          `${name} ${version} (${architecture})`,
          url,
          sha256,
        ]),
      )}
    </details>`;
}

function mirrorsText({ images }: ClusterSettings): string {
  const mirrored = Object.entries(images.mirrors).map(
    ([registry, urls]) => `${registry} by ${urls.join(", ")}`,
  );
  return mirrored.length === 0 ? "" : `; mirrors: ${mirrored.join("; ")}`;
}

export function certificateTable(plan: PlanDocument): Markup {
  return html`<p class="lead">
      Spans count from the day a certificate is made; the first of them are made by the first
      <code>pulumi up</code>.
    </p>
    ${table(
      [["Certificate", "keep"], ["Valid", "number keep"], ["Renewed", "reason"], "Where it lies"],
      plan.certificates.map(({ name, validDays, renewed, place }) => [
        name,
        spanText(validDays),
        renewed,
        place,
      ]),
    )}`;
}

function spanText(days: number): string {
  const years = days / 365;
  return Number.isInteger(years) ? `${years} year${years === 1 ? "" : "s"}` : `${days} days`;
}
