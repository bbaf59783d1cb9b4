/**
 * A network of people's own that a VPC is peered with, as a company's network team keeps it: every route table gets a route there as soon as
 * it exists. The lab's mirror and registry are in it. Not simulated: the peering itself, and names in the other network.
 */
import { withAccount, type AccountData } from "../../engine/providers/aws/account";
import { objectsOf } from "./account";

const PREFIX = "peered-";

/** Brings the routes to a range up to date in an account's file; nothing is written where none is missing or too many. */
export function keepRoutes(file: string, account: AccountData, cidr: string): void {
  const tables = Object.entries(objectsOf(account, "ec2.RouteTable"))
    .filter(([, state]) => state["_main"] !== true)
    .map(([id]) => id);
  const wanted = new Set(tables.map((table) => `${PREFIX}${table}`));
  const there = Object.keys(objectsOf(account, "ec2.Route")).filter((id) => id.startsWith(PREFIX));
  if (there.length === wanted.size && there.every((id) => wanted.has(id))) return;
  withAccount(file, (data) => {
    const routes = (data.objects["ec2.Route"] ??= {});
    for (const id of there) if (!wanted.has(id)) delete routes[id];
    for (const table of tables)
      routes[`${PREFIX}${table}`] ??= {
        routeTableId: table,
        destinationCidrBlock: cidr,
        vpcPeeringConnectionId: "pcx-0123456789abcdef0",
        state: "active",
      };
    if (Object.keys(routes).length === 0) delete data.objects["ec2.Route"];
  });
}
