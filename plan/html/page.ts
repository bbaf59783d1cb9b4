import type { ClusterSettings } from "../../model/settings/resolved";
import { hopsTo } from "../../model/versions";
import { counted, fromTo, workersOf } from "../counts";
import type { PlanDocument } from "../document";
import { addressMap } from "./addresses";
import { awsSections } from "./aws";
import { fileList } from "./files";
import { html, type Markup } from "./markup";
import { picture } from "./picture";
import { addonTable, securityTable, tenantTable } from "./parts";
import { advisoryBanner, certificateTable, flowTable, versionTables, watchList } from "./sections";
import { reachTable } from "./reach";
import { htmlPage } from "./shell";
import { resourceTree } from "./tree";

/** One page for people: nothing is fetched, no script runs. */
export function page(plan: PlanDocument, settings: ClusterSettings): string {
  const sections: [string, string, Markup][] = [
    ["picture", "Networks and machines", picture(settings)],
    ...(plan.aws === undefined ? [] : awsSections(plan.aws, settings)),
    ["watch", "What to watch", watchList(plan.watch)],
    ["addresses", "Addresses", addressMap(plan, settings)],
    ["addons", "Add-ons", addonTable(plan.addons)],
    ...(plan.tenants.length === 0
      ? []
      : [["tenants", "Tenants", tenantTable(plan.tenants)] as [string, string, Markup]]),
    ["security", "Security", securityTable(plan.security)],
    ["flows", "Flows", flowTable(plan.flows, settings)],
    ["reachability", "Reachability", reachTable(plan.reachability)],
    ["resources", "Resources", resourceTree(plan)],
    ["versions", "Versions", versionTables(settings)],
    ["certificates", "Certificates and expiry", certificateTable(plan)],
    ["files", "Files", fileList(plan)],
  ];
  return htmlPage(
    `Plan of ${plan.environment}`,
    html`<p class="eyebrow">Plan of environment ${plan.environment}</p>
      <h1>${settings.name}</h1>
      ${facts(plan, settings)} ${advisoryBanner(plan.watch)}
      <nav>${sections.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>`,
    html`${sections.map(
      ([id, title, content]) =>
        html`<section>
          <h2 id="${id}">${title}</h2>
          ${content}
        </section>`,
    )}`,
  );
}

function facts(plan: PlanDocument, settings: ClusterSettings): Markup {
  const of = (role: string) => plan.machines.filter((machine) => machine.role === role).length;
  const through = hopsTo(plan.versions.kubernetes, settings.upgrades.through)
    .slice(1)
    .map(({ version }) => version)
    .join(", ");
  const entries: [string, string, boolean?][] = [
    ["Kubernetes", plan.versions.kubernetes],
    // The oldest is where an upgrade over several minors may begin.
    ...(through === ""
      ? []
      : [["Upgrades over several minor versions go through", through] as [string, string]]),
    [
      "Machines",
      `${counted(of("controlPlane"), "control-plane node")}, ${counted(fromTo(...workersOf(settings)), "worker")}`,
    ],
    ["Pod network", `${settings.cni.kind}, ${settings.cni.backend}`],
    ["Resources", String(plan.counts.total)],
    ["API for nodes", plan.cluster.endpoint, true],
    ["API for people", plan.cluster.access, true],
  ];
  return html`<dl class="facts">
    ${entries.map(
      ([name, value, wide]) =>
        html`<div class="${wide === true ? "wide" : ""}">
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
