import { parseRange, relation } from "../../network/addresses";
import type { Facts } from "../draft";
import { nearest } from "../../text";
import type { Path, Problems } from "../problems";
import type { DraftTenant } from "./tenancy";

type DraftNetwork = Exclude<NonNullable<DraftTenant["network"]>, false>;
type DraftOpening = NonNullable<
  NonNullable<DraftNetwork["ingress"]>[number] | NonNullable<DraftNetwork["egress"]>[number]
>;

const PEERS = {
  ingress: ["tenant", "namespace", "cidr", "internet", "ingressController"],
  egress: ["tenant", "namespace", "cidr", "internet", "kubernetesApi"],
} as const;

/** Each opening leads to one other end that exists. */
export function openingsFit(
  name: string,
  tenant: DraftTenant,
  path: Path,
  facts: Facts,
  problems: Problems,
): void {
  const { network } = tenant;
  if (network === undefined || network.enabled === false) return;
  for (const direction of ["ingress", "egress"] as const) {
    (network[direction] ?? []).forEach((opening, index) => {
      if (opening === undefined) return;
      const place = [...path, "network", direction, index];
      oneEnd(opening, PEERS[direction], place, problems);
      ingressIsThere(opening, place, facts, problems);
      tenantIsThere(name, opening, place, facts, problems);
      cidrIsOutside(opening, place, facts, problems);
      exceptIsInside(opening, place, problems);
      portsFit(opening, place, problems);
    });
  }
}

function oneEnd(opening: DraftOpening, peers: readonly string[], place: Path, problems: Problems): void {
  const named = peers.filter((peer) => peer in opening);
  if (named.length === 1) return;
  if (named.length === 0) {
    problems.add(place, opening, "does not say whom it is open to", {
      allowed: `one of ${peers.join(", ")}`,
    });
    return;
  }
  const second = named[1] ?? "";
  problems.add(
    [...place, second],
    opening[second as keyof DraftOpening],
    `cannot be combined with ${named[0] ?? ""}`,
    {
      allowed: "one peer in each opening",
    },
  );
}

function tenantIsThere(
  name: string,
  opening: DraftOpening,
  place: Path,
  { input }: Facts,
  problems: Problems,
): void {
  const other = opening.tenant ?? opening.namespace;
  const key = opening.tenant === undefined ? "namespace" : "tenant";
  if (other === name) {
    problems.add([...place, key], other, "is the tenant itself", {
      allowed: "another tenant; network.sameNamespace covers its own pods",
    });
    return;
  }
  const others = Object.keys(input.tenants ?? {}).filter((one) => one !== name);
  if (opening.tenant === undefined || others.includes(opening.tenant)) return;
  problems.add([...place, "tenant"], opening.tenant, "is not a tenant of these settings", {
    allowed: others.join(", ") || "the name of a tenant, or namespace: for any other namespace",
    nearest: nearest(opening.tenant, others),
  });
}

function ingressIsThere(opening: DraftOpening, place: Path, { input }: Facts, problems: Problems): void {
  if (!("ingressController" in opening) || opening.ingressController === undefined || "ingress" in input)
    return;
  problems.add(
    [...place, "ingressController"],
    true,
    "opens to an ingress controller, but the settings have none",
    {
      allowed: "ingress among the settings, or namespace: where a controller of your own runs",
    },
  );
}

/** Every tenant's pods have addresses of the one range, and Services' are gone before a policy sees the packet. */
function cidrIsOutside(
  opening: DraftOpening,
  place: Path,
  { pods, services }: Facts,
  problems: Problems,
): void {
  const range = opening.cidr === undefined ? undefined : parseRange(opening.cidr);
  if (range === undefined || "problem" in range) return;
  const inside = [pods, services].find(
    (one) => one !== undefined && ["equal", "within"].includes(relation(range, one.range)),
  );
  if (inside === undefined) return;
  problems.add(
    [...place, "cidr"],
    opening.cidr,
    `lies within ${inside.name} ${inside.range.text}, whose addresses are reassigned all the time`,
    {
      allowed: "tenant or namespace for pods; cidr for what is outside the cluster",
    },
  );
}

function exceptIsInside(opening: DraftOpening, place: Path, problems: Problems): void {
  if (opening.except === undefined) return;
  if (!("cidr" in opening)) {
    problems.add([...place, "except"], opening.except, "has no effect without cidr", {
      allowed: "cidr as well",
    });
    return;
  }
  const outer = opening.cidr === undefined ? undefined : parseRange(opening.cidr);
  if (outer === undefined || "problem" in outer) return;
  opening.except.forEach((text, index) => {
    const inner = text === undefined ? undefined : parseRange(text);
    // The API server refuses one that is not strictly inside (pkg/apis/networking/validation, ValidateIPBlock).
    if (inner === undefined || "problem" in inner) return;
    if (relation(outer, inner) === "contains") return;
    problems.add([...place, "except", index], text, `is not within cidr ${outer.text}`, {
      allowed: `a part of ${outer.text}`,
    });
  });
}

function portsFit(opening: DraftOpening, place: Path, problems: Problems): void {
  (opening.ports ?? []).forEach((port, index) => {
    if (port === undefined || typeof port === "number") return;
    if (port.port === undefined || port.endPort === undefined || port.endPort >= port.port) return;
    problems.add([...place, "ports", index, "endPort"], port.endPort, `is less than port ${port.port}`, {
      allowed: `${port.port} or more`,
    });
  });
}
