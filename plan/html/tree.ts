import type { PlanDocument } from "../document";
import { compare, type PlannedResource } from "../resources";
import { html, type Markup } from "./markup";
import { table } from "./table";

/** Resources below their parents, each with its options and what it waits for. */
export function resourceTree(plan: PlanDocument): Markup {
  const types = Object.entries(plan.counts.byType).sort((a, b) => b[1] - a[1] || compare(a[0], b[0]));
  return html`<p class="lead">
      ${plan.counts.total} resources. What each is made of is in <a href="plan.json">plan.json</a>.
    </p>
    <ul class="tree">
      ${branches(plan.resources, null)}
    </ul>
    <details style="margin-top:18px">
      <summary>How many of each type</summary>
      ${table(
        [
          ["Type", "mono"],
          ["Resources", "number"],
        ],
        types,
      )}
    </details>`;
}

function branches(resources: readonly PlannedResource[], parent: string | null): Markup[] {
  return resources
    .filter((one) => one.parent === parent)
    .map((one) => branch(resources, one, parent === null));
}

function branch(resources: readonly PlannedResource[], one: PlannedResource, open: boolean): Markup {
  const children = branches(resources, one.name);
  const below =
    children.length > 0 &&
    html`<ul>
      ${children}
    </ul>`;
  return html`<li><details${open && html` open`}>
    <summary>${one.name}<span class="type">${one.type}</span>${tags(one)}</summary>
    ${about(one)}${below}</details></li>`;
}

function tags(one: PlannedResource): Markup[] {
  const { protect, ignoreChanges, deleteBeforeReplace } = one.options;
  return [
    ...(protect === true ? ["protected"] : []),
    ...(ignoreChanges !== undefined ? ["ignores changes"] : []),
    ...(deleteBeforeReplace === true ? ["deleted before replaced"] : []),
  ].map((text) => html`<span class="tag">${text}</span>`);
}

function about(one: PlannedResource): Markup | undefined {
  const { ignoreChanges, protect: _protect, deleteBeforeReplace: _order, ...others } = one.options;
  const rows: [string, Markup | string][] = [
    ...(ignoreChanges ?? []).map(({ property, reason }): [string, Markup] => [
      "ignores changes of",
      html`<code>${property}</code>: ${reason}`,
    ]),
    ...Object.entries(others).map(([name, value]): [string, string] => [words(name), String(value)]),
    ...(one.dependsOn.length > 0 ? [["waits for", one.dependsOn.join(", ")] as [string, string]] : []),
  ];
  if (rows.length === 0) return undefined;
  return html`<dl class="about">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** `deletedWith` as it is read aloud. */
function words(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
