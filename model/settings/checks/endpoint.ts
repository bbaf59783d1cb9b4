import { apiName } from "../../network/endpoint";
import type { Facts } from "../draft";
import type { Path, Problems } from "../problems";
import { isDnsName } from "../schema/primitives";
import { cniPortsOf } from "./cni";
import { partsPorts } from "./hostPorts";
import { NODE_PORTS } from "../../network/ports";

export function validateEndpoint(facts: Facts, problems: Problems): void {
  const { endpoint, input, machines } = facts;
  const given = input.endpoint;
  if (endpoint.kind === "nodeLocal" && endpoint.port !== undefined) {
    const { port } = endpoint;
    const part = partsPorts(facts).find((one) => one.protocol === "tcp" && one.port === port);
    const owner = NODE_PORTS[port] ?? part?.owner;
    if (owner !== undefined) {
      const place = NODE_PORTS[port] === undefined ? "the nodes" : "every control-plane node";
      problems.add(["endpoint", "port"], port, `is the port of ${owner} on ${place}`, {
        allowed: "a free port, as 7443",
      });
    }
  }
  if (given?.kind === "loadBalancer") {
    const name = (given as { machine?: string }).machine;
    const balancers = machines
      .filter((machine) => machine.role === "loadBalancer")
      .map((machine) => machine.name);
    const found = machines.find((machine) => machine.name === name);
    if (
      name !== undefined &&
      (found === undefined || (found.role !== undefined && found.role !== "loadBalancer"))
    ) {
      const message =
        found === undefined
          ? "is not a machine of these settings"
          : `is a machine of role ${found.role ?? ""}`;
      problems.add(["endpoint", "machine"], name, message, {
        allowed: balancers.length > 0 ? balancers.join(", ") : "the key of a machine with role: loadBalancer",
      });
    }
  }
  const unused = machines.filter((machine) => machine.role === "loadBalancer");
  if (endpoint.kind !== undefined && endpoint.kind !== "loadBalancer") {
    for (const machine of unused) {
      problems.add(
        [...machine.path, "role"],
        "loadBalancer",
        `balances nothing: endpoint.kind is ${endpoint.kind}`,
        {
          allowed: `endpoint: {kind: loadBalancer, machine: ${machine.name}}, or another role`,
        },
      );
    }
  }
}

export function validateNodePorts(facts: Facts, problems: Problems): void {
  const { nodePortRange, endpoint, input } = facts;
  if (nodePortRange === undefined) return;
  const path: Path = ["network", "nodePortRange"];
  const text = `${nodePortRange.from}-${nodePortRange.to}`;
  if (nodePortRange.from < 1 || nodePortRange.to > 65535) {
    problems.add(path, text, "goes beyond the ports there are", { allowed: "1 to 65535" });
    return;
  }
  if (nodePortRange.from > nodePortRange.to) {
    problems.add(path, text, "ends before it begins", {
      allowed: `${nodePortRange.to}-${nodePortRange.from}`,
    });
    return;
  }
  const within = (port: number) => nodePortRange.from <= port && port <= nodePortRange.to;
  const taken = Object.entries(NODE_PORTS).filter(([port]) => within(Number(port)));
  if (taken.length > 0) {
    const list = taken.map(([port, owner]) => `${port} (${owner})`).join(", ");
    problems.add(path, text, `holds ports of the node: ${list}`, {
      allowed: "a range without them, as 30000-32767",
    });
  }
  const ofCni = cniPortsOf(facts).filter(({ port }) => within(port));
  for (const { port, usual } of ofCni.filter(({ given }) => given)) {
    problems.add(["cni", "port"], port, `lies within network.nodePortRange ${text}`, {
      allowed: `a port outside ${text}, as ${usual}`,
    });
  }
  const fixed = [
    ...ofCni.filter(({ given }) => !given),
    ...partsPorts(facts)
      .filter((part) => within(part.port) && !ofCni.some((one) => one.port === part.port))
      .map(({ owner, ...part }) => ({ ...part, name: owner, settable: false })),
  ];
  if (fixed.length > 0) {
    const list = fixed.map(
      ({ port, protocol, name }) => `${port}, the ${protocol.toUpperCase()} port of ${name} on every node`,
    );
    const ports = [...new Set(fixed.map(({ port }) => port))].join(", ");
    const other = fixed.some(({ settable }) => settable) ? ", or another cni.port" : "";
    problems.add(path, text, `holds ${list.join("; ")}`, { allowed: `a range without ${ports}${other}` });
  }
  if (endpoint.kind !== "nodeLocal" || endpoint.port === undefined || !within(endpoint.port)) return;
  if (input.network?.nodePortRange !== undefined && input.endpoint?.port === undefined) {
    problems.add(path, text, `holds ${endpoint.port}, the port of the API's proxy on every node`, {
      allowed: `a range without ${endpoint.port}, or another endpoint.port`,
    });
  } else {
    problems.add(["endpoint", "port"], endpoint.port, `lies within network.nodePortRange ${text}`, {
      allowed: `a port outside ${text}, as 7443`,
    });
  }
}

/** The names made of the cluster's name and domain. */
export function validateNames(facts: Facts, problems: Problems): void {
  const { name, domain, environment, input } = facts;
  if (!("name" in input) && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(environment)) {
    problems.add(
      ["name"],
      undefined,
      `is missing, and the environment's name ${environment} is not a valid DNS label`,
      {
        allowed: "a DNS label: at most 63 of a-z, 0-9 and -",
      },
    );
    return;
  }
  if (name === undefined || domain === undefined) return;
  const full = apiName(name, domain);
  if (!isDnsName(full)) {
    problems.add(["domain"], domain, `makes api.${name}.<domain> longer than 253 characters`, {
      allowed: `at most ${253 - apiName(name, "").length} characters`,
    });
  }
  const clusterDomain = input.network?.clusterDomain ?? "cluster.local";
  if (full === clusterDomain || full.endsWith(`.${clusterDomain}`)) {
    problems.add(
      ["domain"],
      domain,
      domain === clusterDomain || domain.endsWith(`.${clusterDomain}`)
        ? `lies in network.clusterDomain ${clusterDomain}, where only Services have names`
        : `makes ${full}, which lies in network.clusterDomain ${clusterDomain}, where only Services have names`,
      {
        allowed: `a domain that keeps api.${name}.<domain> outside ${clusterDomain}`,
      },
    );
  }
}

/** A filter that lets nobody in would shut out the very program that writes it. */
export function validateFirewallAccess({ input }: Facts, problems: Problems): void {
  if (kindOf(input.firewall) !== "nftables") return;
  if (input.access === undefined && "access" in input) return;
  for (const key of ["ssh", "api"] as const) {
    const given = input.access?.[key];
    if (given === undefined && input.access !== undefined && key in input.access) continue;
    if (given !== undefined && given.length > 0) continue;
    problems.add(
      ["access", key],
      given,
      "lets nobody in while firewall is nftables: nothing is open unless written",
      {
        allowed: "a list of ranges, with the one that `pulumi up` runs from",
      },
    );
  }
}

type Firewall = Facts["input"]["firewall"];

function kindOf(firewall: Firewall): string | undefined {
  return typeof firewall === "object" ? firewall.kind : firewall;
}

/** Protocols that have ports. */
const WITH_PORTS: readonly string[] = ["tcp", "udp", "sctp"];

/** Rules of one's own: with ports where the protocol has them, each once, and on a host that filters. */
export function validateFirewallRules({ input }: Facts, problems: Problems): void {
  if (typeof input.firewall !== "object") return;
  const { kind, allow = [] } = input.firewall;
  if (kind === "none" && allow.length > 0)
    problems.add(["firewall", "kind"], kind, "filters nothing, so firewall.allow has no effect", {
      allowed: "nftables, or no allow",
    });
  const seen = new Map<string, number>();
  for (const [index, rule] of allow.entries()) {
    if (rule?.protocol === undefined) continue;
    const path = ["firewall", "allow", index, "port"];
    const { protocol, port } = rule;
    if (port === undefined && WITH_PORTS.includes(protocol) && !("port" in rule))
      problems.add(path, port, `is missing: a rule without one would open every ${protocol} port`, {
        allowed: "a port, or two with a hyphen between, as 8000-8100",
      });
    if (port !== undefined && !WITH_PORTS.includes(protocol))
      problems.add(path, port, `is given, but ${protocol} has no ports`, { allowed: "no port" });
    if (typeof port === "string") {
      const [first = 0, last = 0] = port.split("-").map(Number);
      if (first < 1 || last > 65535 || first > last)
        problems.add(path, port, "is not a valid range of ports", {
          allowed: "1 to 65535, the lower one first",
        });
    }
    const key = JSON.stringify([[...(rule.from ?? [])].sort(), protocol, String(port)]);
    const earlier = seen.get(key);
    if (earlier !== undefined)
      problems.add(["firewall", "allow", index], rule.reason, `says the same as firewall.allow[${earlier}]`, {
        allowed: "each rule once",
      });
    else seen.set(key, index);
  }
}
