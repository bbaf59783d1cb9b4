import type { Reachability, ReachedFlow } from "../../model/reach/reach";
import { counted } from "../counts";
import { html, type Markup } from "./markup";
import { frame, lines, mono } from "./table";

/** Each flow with its way, what stops it first, and rules that no flow uses. */
export function reachTable({ flows, unused }: Reachability): Markup {
  const stopped = flows.filter(({ blocked }) => blocked.length > 0);
  const rows = [...stopped, ...flows.filter((flow) => !stopped.includes(flow))];
  return html`<p class="lead">
      Every flow, walked through what this plan creates: routes, gateways, security groups, load balancers,
      and the firewall and proxies of hosts.
      ${stopped.length === 0 ? "All of them arrive." : `${counted(stopped.length, "flow")} blocked.`}
    </p>
    ${frame(
      ["Why", ["Ports", "mono"], ["Ways", "number"], "Path"],
      html`<tbody>
        ${rows.map(
          (flow) =>
            html`<tr>
              <td class="reason">${flow.reason}</td>
              <td class="mono">${flow.what}</td>
              <td class="number">${flow.ways}</td>
              <td>${blockedText(flow)}${exampleText(flow)}</td>
            </tr>`,
        )}
      </tbody>`,
    )}
    ${
      unused.length > 0 &&
      html`<p>No flow uses these rules:</p>
        <ul>
          ${unused.map(({ rule, where }) => html`<li>${mono(rule)} <span class="soft">${where}</span></li>`)}
        </ul>`
    }`;
}

function blockedText({ blocked }: ReachedFlow): Markup[] {
  return blocked.map(
    ({ from, to, why, ways }) =>
      html`<p><b>Blocked</b> from ${from} to ${to}${ways > 1 && ` and ${ways - 1} more`}: ${why}</p>`,
  );
}

function exampleText({ example }: ReachedFlow): Markup | false {
  if (example === undefined) return false;
  const { from, to, path } = example;
  return html`<details>
    <summary>${from} to ${to}</summary>
    ${lines(path)}
  </details>`;
}
