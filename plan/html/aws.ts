import { dollars } from "../../model/aws/describe";
import { groupName, RULES_PER_GROUP, type GroupRule } from "../../model/aws/firewall";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { AwsSettings, AwsSubnet } from "../../model/aws/settings";
import type { PlannedAws } from "../aws";
import { counted, fromTo } from "../counts";
import { html, type Markup } from "./markup";
import { lines, mono, table } from "./table";

/** VPC, zones and subnets with what is in each; groups with their rules; roles; the month. */
export function awsSections(plan: PlannedAws, settings: ClusterSettings): [string, string, Markup][] {
  const { aws } = settings;
  if (aws === undefined) return [];
  return [
    ["aws", "On AWS", html`${vpcPicture(plan, aws)}${reachText(plan)}`],
    ["groups", "Security groups", groupTables(plan)],
    ["roles", "IAM permissions", roleTables(plan)],
    ["cost", "Monthly cost", costTable(plan)],
  ];
}

function vpcPicture({ region, vpc }: PlannedAws, aws: AwsSettings): Markup {
  return html`<div class="vpc">
    <p class="soft">
      VPC <span class="mono">${vpc.cidr}</span> in ${region}${vpc.id !== undefined && `, ${vpc.id}`}
    </p>
    <div class="zones">
      ${vpc.zones.map(
        (zone) =>
          html`<div class="zone">
            <p class="soft">${zone}</p>
            ${vpc.subnets.filter((subnet) => subnet.zone === zone).map((subnet) => subnetBox(subnet, aws))}
          </div>`,
      )}
    </div>
  </div>`;
}

function subnetBox(subnet: AwsSubnet, aws: AwsSettings): Markup {
  const inside = thingsIn(subnet, aws);
  return html`<div class="subnet ${subnet.subnetType}">
    <p><b>${subnet.name}</b> <span class="mono">${subnet.cidr}</span></p>
    <ul>
      ${inside.map(
        ([tone, text, address]) =>
          html`<li class="${tone}">
            <span class="swatch"></span>${text}
            ${address !== undefined && html`<span class="mono soft">${address}</span>`}
          </li>`,
      )}
    </ul>
  </div>`;
}

function thingsIn(subnet: AwsSubnet, aws: AwsSettings): [string, string, string?][] {
  const { controlPlane, endpoint, bastion, pools, vpc } = aws;
  const balancer = endpoint.loadBalancer
    ? endpoint.addresses.filter((one) => one.subnet === subnet.name)
    : [];
  const privateZones = [
    ...new Set(vpc.subnets.filter((one) => one.subnetType === "private").map((one) => one.zone)),
  ];
  const nats =
    vpc.id !== undefined ? [] : { none: [], one: privateZones.slice(0, 1), perZone: privateZones }[vpc.nat];
  const open =
    endpoint.loadBalancer && aws.access.endpointAccess === "public" && subnet.subnetType === "public";
  return [
    ...controlPlane.instances
      .filter((controlPlaneNode) => controlPlaneNode.subnet === subnet.name)
      .map((controlPlaneNode): [string, string, string] => [
        "control-plane node",
        `${controlPlaneNode.name}, ${controlPlane.instanceType}`,
        controlPlaneNode.address,
      ]),
    ...pools
      .filter((pool) => pool.subnets.includes(subnet.name))
      .map((pool): [string, string] => ["worker", `pool ${pool.name}, ${pool.instanceTypes.join(" or ")}`]),
    ...balancer.map(({ address }): [string, string, string] => [
      "balancer",
      "internal balancer of the API",
      address,
    ]),
    ...(open ? [["balancer", "public balancer of the API"] as [string, string]] : []),
    ...(subnet.subnetType === "public" && nats.includes(subnet.zone)
      ? [["peers", "NAT gateway"] as [string, string]]
      : []),
    ...(vpc.endpoints?.subnets.includes(subnet.name)
      ? [
          ["services", `endpoints: ${vpc.endpoints.services.map(({ name }) => name).join(", ")}`] as [
            string,
            string,
          ],
        ]
      : []),
    ...(bastion?.subnet === subnet.name
      ? [["services", `bastion, ${bastion.instanceType}`, bastion.address] as [string, string, string]]
      : []),
  ];
}

const THROUGH: Record<AwsSettings["access"]["connectVia"], string> = {
  direct: "directly",
  bastion: "through the bastion",
  vpn: "over a VPN or peering",
};

function reachText({ access, apiFront }: PlannedAws): Markup {
  return html`<p>
    People call the API at the ${groupName(apiFront).replace("-", " ")}, from
    ${mono(access.api.join(", ") || "nowhere")}; the program logs on to control-plane nodes
    ${THROUGH[access.connectVia]}, people from ${mono(access.ssh.join(", ") || "nowhere")}.
  </p>`;
}

function groupTables({ groups }: PlannedAws): Markup {
  return html`<p class="lead">
      What EC2 lets in, out of the flows; nothing else is open. A group holds ${RULES_PER_GROUP} rules each
      way.
    </p>
    ${groups.map(
      ({ group, ingress, egress }) =>
        html`<details class="block" ${group === "controlPlane" && html` open`}>
          <summary>
            <b>${groupName(group)}</b> <span class="soft">${ingress.length} in, ${egress.length} out</span>
          </summary>
          ${ruleTable("From", ingress)}${ruleTable("To", egress)}
        </details>`,
    )}`;
}

function ruleTable(direction: string, rules: readonly GroupRule[]): Markup {
  return table(
    [
      [direction, "mono"],
      ["Protocol", "keep"],
      ["Ports", "mono"],
      ["Why", "reason"],
    ],
    rules.map((rule) => [
      rule.peer.kind === "group" ? groupName(rule.peer.group) : rule.peer.cidr,
      rule.protocol === "-1" ? "all" : rule.protocol,
      portsText(rule),
      rule.reason,
    ]),
  );
}

function portsText({ ports, protocol }: GroupRule): string {
  if (ports === undefined) return "all";
  if (protocol === "icmp") return `type ${ports.from}, code ${ports.to}`;
  return ports.from === ports.to ? String(ports.from) : `${ports.from}-${ports.to}`;
}

function roleTables({ roles, rolePath, permissionsBoundary }: PlannedAws): Markup {
  return html`${
    rolePath !== undefined && html`<p>The path of every role is <span class="mono">${rolePath}</span>.</p>`
  }
  ${
    permissionsBoundary !== undefined &&
    html`<p>The permissions boundary of every role is ${mono(permissionsBoundary)}.</p>`
  }
  ${roles.map(
    ({ role, statements, policyArns = [] }) =>
      html`<details class="block">
        <summary>
          <b>${role}</b>
          <span class="soft">${counted(statements.length, "statement")}</span>
        </summary>
        ${table(
          [
            ["Why", "reason"],
            ["Actions", "mono"],
            ["On", "mono"],
          ],
          statements.map(({ reason, actions, resources, conditions }) => [
            reason,
            lines(actions),
            [lines(resources), conditions !== undefined && html`<span class="soft">under conditions</span>`],
          ]),
        )}
        ${
          policyArns.length > 0 &&
          html`<p>And what is attached: ${policyArns.map((one) => [mono(one), " "])}</p>`
        }
      </details>`,
  )}`;
}

function costTable({ cost }: PlannedAws): Markup {
  const total = dollars(cost.from, cost.to);
  return html`<p class="lead">
      About <b>${total}</b> a month by AWS' list prices of us-east-1; other regions cost up to half more.
      Traffic, balancers of Services and volumes of claims come on
      top.${cost.unknown.length > 0 && ` This library knows no price for ${cost.unknown.join(", ")}.`}
    </p>
    ${table(
      ["What", ["How many", "number"], ["Each", "number"], ["A month", "number"]],
      cost.items.map(({ name, count, most, each }) => [
        name,
        fromTo(count, most),
        each === undefined ? "unknown" : `$${each.toFixed(2)}`,
        each !== undefined && dollars(each * count, each * most),
      ]),
    )}`;
}
