import { monthlyCost, roundCost } from "./cost";
import { groupName, groupRules, peerName, type GroupRule, type SecurityGroupsSpec } from "./firewall";
import { rolesOf } from "./iam";
import type { AwsCluster } from "./spec";

/** The tables of docs/aws.md, made of the model: `npm test` compares them. */

export type Environments = Readonly<Record<string, SecurityGroupsSpec>>;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function portsText({ ports, protocol }: GroupRule): string {
  const name = protocol === "-1" ? "all" : protocol;
  if (ports === undefined) return name;
  if (protocol === "icmp") return `${name} type ${ports.from} code ${ports.to}`;
  return `${name} ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`;
}

/** Each rule with the environments that have it. */
export function rulesTable(environments: Environments): string {
  const rows = new Map<string, { cells: string[]; in: string[] }>();
  for (const [name, settings] of Object.entries(environments)) {
    for (const rule of groupRules(settings)) {
      const peer = rule.peer.kind === "range" ? rule.peer.cidr : peerName(rule.peer);
      const cells = [groupName(rule.group), peer, portsText(rule), rule.reason];
      const row = rows.get(cells.join("\n")) ?? { cells, in: [] };
      row.in.push(name);
      rows.set(cells.join("\n"), row);
    }
  }
  return table(
    ["Into", "From", "What", "Why", "Environment"],
    [...rows.values()].map((row) => [...row.cells, row.in.join(", ")]),
  );
}

/** Each role's statements, as one environment has them. */
export function rolesTable(settings: AwsCluster): string {
  return table(
    ["Role", "May", "Why"],
    rolesOf(settings).flatMap(({ role, statements }) =>
      statements.map((one) => [role, one.actions.map((action) => `\`${action}\``).join(", "), one.reason]),
    ),
  );
}

/** Two digits; a span where a pool scales. */
export function dollars(from: number, to: number): string {
  return from === to ? `$${roundCost(from)}` : `$${roundCost(from)} to $${roundCost(to)}`;
}

export function costTable(environments: Environments): string {
  const rows = Object.entries(environments).flatMap(([name, settings]) => {
    const { items, from, to } = monthlyCost(settings);
    const parts = items.map((item): string[] => [
      name,
      item.name,
      item.count === item.most ? String(item.count) : `${item.count} to ${item.most}`,
      item.each === undefined ? "unknown" : dollars(item.count * item.each, item.most * item.each),
    ]);
    return [...parts, [name, "together", "", dollars(from, to)]];
  });
  return table(["Environment", "What", "How many", "A month"], rows);
}
