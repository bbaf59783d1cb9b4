import { parseRange, relation } from "../network/addresses";
import type { Path, Problems } from "../settings/problems";
import { entriesOf } from "../settings/prune";
import { nearest } from "../text";
import type { EgressOpeningInput, IngressOpeningInput, TenantInput } from "./input";
import type { TenancySurroundings } from "./surroundings";

/** Of either direction. */
type Opening = IngressOpeningInput & EgressOpeningInput;

const PEERS = {
  ingress: ["tenant", "namespace", "cidr", "internet", "ingressController"],
  egress: ["tenant", "namespace", "cidr", "internet", "kubernetesApi"],
} as const;

/** Each opening leads to one other end that exists. */
export function validateOpenings(
  name: string,
  { network }: TenantInput,
  path: Path,
  facts: TenancySurroundings,
  problems: Problems,
): void {
  if (network === undefined || network.enabled === false) return;
  for (const direction of ["ingress", "egress"] as const) {
    for (const [index, opening] of entriesOf<Opening>(network[direction])) {
      const place = [...path, "network", direction, index];
      if (PEERS[direction].some((end) => facts.refused([...place, end]))) continue;
      oneEnd(opening, PEERS[direction], place, problems);
      ingressIsThere(opening, place, facts, problems);
      tenantIsThere(name, opening, place, facts, problems);
      cidrIsOutside(opening, place, facts, problems);
      exceptIsInside(opening, place, problems);
      portsFit(opening, place, problems);
    }
  }
}

function oneEnd(opening: Opening, peers: readonly (keyof Opening)[], place: Path, problems: Problems): void {
  const [first, second] = peers.filter((peer) => opening[peer] !== undefined);
  if (first === undefined) {
    problems.add(place, opening, "does not say whom it is open to", {
      allowed: `one of ${peers.join(", ")}`,
    });
    return;
  }
  if (second === undefined) return;
  problems.add([...place, second], opening[second], `cannot be combined with ${first}`, {
    allowed: "one peer in each opening",
  });
}

function tenantIsThere(
  name: string,
  opening: Opening,
  place: Path,
  { written, refused }: TenancySurroundings,
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
  const others = Object.keys(written.tenants ?? {}).filter((one) => one !== name);
  if (opening.tenant === undefined || others.includes(opening.tenant)) return;
  if (refused(["tenants", opening.tenant])) return;
  problems.add([...place, "tenant"], opening.tenant, "is not a tenant of these settings", {
    allowed: others.join(", ") || "the name of a tenant, or namespace: for any other namespace",
    nearest: nearest(opening.tenant, others),
  });
}

function ingressIsThere(
  opening: Opening,
  place: Path,
  { written, refused }: TenancySurroundings,
  problems: Problems,
): void {
  if (opening.ingressController === undefined || written.ingress !== undefined || refused("ingress")) return;
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
  opening: Opening,
  place: Path,
  { pods, services }: TenancySurroundings,
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

function exceptIsInside(opening: Opening, place: Path, problems: Problems): void {
  if (opening.except === undefined) return;
  if (opening.cidr === undefined) {
    problems.add([...place, "except"], opening.except, "has no effect without cidr", {
      allowed: "cidr as well",
    });
    return;
  }
  const outer = parseRange(opening.cidr);
  if ("problem" in outer) return;
  for (const [index, text] of entriesOf(opening.except)) {
    const inner = parseRange(text);
    // The API server refuses one that is not strictly inside (pkg/apis/networking/validation, ValidateIPBlock).
    if ("problem" in inner || relation(outer, inner) === "contains") continue;
    problems.add([...place, "except", index], text, `is not within cidr ${outer.text}`, {
      allowed: `a part of ${outer.text}`,
    });
  }
}

function portsFit(opening: Opening, place: Path, problems: Problems): void {
  for (const [index, port] of entriesOf(opening.ports)) {
    if (typeof port === "number" || port.endPort === undefined || port.endPort >= port.port) continue;
    problems.add([...place, "ports", index, "endPort"], port.endPort, `is less than port ${port.port}`, {
      allowed: `${port.port} or more`,
    });
  }
}
