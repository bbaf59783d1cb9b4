import { apiName } from "../../network/endpoint";
import type { Checked } from "../checked";
import { entriesOf } from "../entries";
import type { Path, Problems } from "../problems";
import { DNS_LABEL, isDnsName } from "../schema/primitives";
import { cniPortsOf } from "./cni";
import { partsPorts } from "./hostPorts";
import { writtenMachines } from "./machines";
import { NODE_PORTS } from "../../network/ports";

/** The API's proxy listens on a port that nothing else has on nodes. */
export function validateProxyPort(checked: Checked, problems: Problems): void {
  const { kind, port } = checked.settings.endpoint;
  if (kind !== "nodeLocal") return;
  const part = partsPorts(checked).find((one) => one.protocol === "tcp" && one.port === port);
  const owner = NODE_PORTS[port] ?? part?.owner;
  if (owner === undefined) return;
  const place = NODE_PORTS[port] === undefined ? "the nodes" : "every control-plane node";
  problems.add(["endpoint", "port"], port, `is the port of ${owner} on ${place}`, {
    allowed: "a free port, such as 7443",
  });
}

/** The endpoint's load balancer is a machine that there is, and every load balancer is the endpoint's. */
export function validateLoadBalancers(checked: Checked, problems: Problems): void {
  const { endpoint } = checked.settings;
  const machines = writtenMachines(checked);
  const balancers = machines.filter(({ role }) => role === "loadBalancer");
  if (endpoint.kind !== "loadBalancer") {
    for (const { path, name } of balancers) {
      const message = `has role loadBalancer, but endpoint.kind is ${endpoint.kind}`;
      problems.add([...path, "role"], "loadBalancer", message, {
        allowed: `endpoint: {kind: loadBalancer, machine: ${name}}, or another role`,
      });
    }
    return;
  }
  const { machine } = endpoint;
  const found = machines.find(({ name }) => name === machine);
  if (found !== undefined && (found.role === undefined || found.role === "loadBalancer")) return;
  const message =
    found === undefined ? "is not a machine of these settings" : `is a machine of role ${found.role}`;
  problems.add(["endpoint", "machine"], machine, message, {
    allowed: balancers.map(({ name }) => name).join(", ") || "the key of a machine with role: loadBalancer",
  });
}

export function validateNodePorts(checked: Checked, problems: Problems): void {
  const { settings, written } = checked;
  const { nodePortRange } = settings.network;
  const endpoint = checked.endpoint;
  const path: Path = ["network", "nodePortRange"];
  const text = `${nodePortRange.from}-${nodePortRange.to}`;
  if (nodePortRange.from < 1 || nodePortRange.to > 65535) {
    problems.add(path, text, "exceeds 65535, the highest port", { allowed: "1 to 65535" });
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
      allowed: "a range without them, such as 30000-32767",
    });
  }
  const ofCni = cniPortsOf(checked).filter(({ port }) => within(port));
  for (const { port, usual } of ofCni.filter(({ given }) => given)) {
    problems.add(["cni", "port"], port, `lies within network.nodePortRange ${text}`, {
      allowed: `a port outside ${text}, such as ${usual}`,
    });
  }
  const fixed = [
    ...ofCni.filter(({ given }) => !given),
    ...partsPorts(checked)
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
  if (written.network?.nodePortRange !== undefined && written.endpoint?.port === undefined) {
    problems.add(path, text, `holds ${endpoint.port}, the port of the API's proxy on every node`, {
      allowed: `a range without ${endpoint.port}, or another endpoint.port`,
    });
  } else {
    problems.add(["endpoint", "port"], endpoint.port, `lies within network.nodePortRange ${text}`, {
      allowed: `a port outside ${text}, such as 7443`,
    });
  }
}

export function validateNames({ written, settings }: Checked, problems: Problems): void {
  const { environment } = settings;
  if (written.name !== undefined || DNS_LABEL.test(environment)) return;
  const message =
    environment === ""
      ? "is missing, and no environment is given that could name the cluster"
      : `is missing, and the environment's name ${environment} is not a valid DNS label`;
  problems.add(["name"], undefined, message, { allowed: "a DNS label: at most 63 of a-z, 0-9 and -" });
}

/** The names made of the cluster's name and domain. */
export function validateApiName({ settings }: Checked, problems: Problems): void {
  const { name, domain } = settings;
  const { clusterDomain } = settings.network;
  if (!DNS_LABEL.test(name)) return;
  const full = apiName(name, domain);
  if (!isDnsName(full))
    problems.add(["domain"], domain, `makes api.${name}.<domain> longer than 253 characters`, {
      allowed: `at most ${253 - apiName(name, "").length} characters`,
    });
  const inside = (one: string) => one === clusterDomain || one.endsWith(`.${clusterDomain}`);
  if (!inside(full)) return;
  const lies = inside(domain) ? "lies" : `makes ${full}, which lies`;
  const message = `${lies} in network.clusterDomain ${clusterDomain}, which is reserved for Services`;
  problems.add(["domain"], domain, message, {
    allowed: `a domain that keeps api.${name}.<domain> outside ${clusterDomain}`,
  });
}

/** A filter that lets nobody in would shut out the very program that writes it. */
export function validateFirewallAccess({ written, settings, refused }: Checked, problems: Problems): void {
  if (settings.firewall !== "nftables") return;
  for (const key of ["ssh", "api"] as const) {
    if (settings.firewallAccess[key].length > 0 || refused(["access", key])) continue;
    const message = "lets nobody in: with firewall nftables, only listed ranges may connect";
    problems.add(["access", key], written.access?.[key], message, {
      allowed: "a list of ranges that includes the one `pulumi up` runs from",
    });
  }
}

/** Protocols that have ports. */
const WITH_PORTS: readonly string[] = ["tcp", "udp", "sctp"];

/** Your own rules: with ports where the protocol has them, each once, and on a host that filters. */
export function validateFirewallRules({ written: { firewall } }: Checked, problems: Problems): void {
  if (typeof firewall !== "object") return;
  const { kind, allow = [] } = firewall;
  if (kind === "none" && allow.length > 0)
    problems.add(["firewall", "kind"], kind, "filters nothing, so firewall.allow has no effect", {
      allowed: "nftables, or no allow",
    });
  const seen = new Map<string, number>();
  for (const [index, { protocol, port, from, reason }] of entriesOf(allow)) {
    const path = ["firewall", "allow", index, "port"];
    if (port === undefined && WITH_PORTS.includes(protocol))
      problems.add(path, port, `is missing: without it the rule would open every ${protocol} port`, {
        allowed: "a port, or a range of ports such as 8000-8100",
      });
    if (port !== undefined && !WITH_PORTS.includes(protocol))
      problems.add(path, port, `is set, but ${protocol} has no ports`, { allowed: "no port" });
    const [first = 1, last = first] = String(port ?? 1)
      .split("-")
      .map(Number);
    if (first < 1 || last > 65535 || first > last)
      problems.add(path, port, "is not a valid range of ports", {
        allowed: "1 to 65535, the lower one first",
      });
    const key = JSON.stringify([[...from].sort(), protocol, String(port)]);
    const earlier = seen.get(key);
    if (earlier !== undefined)
      problems.add(["firewall", "allow", index], reason, `duplicates firewall.allow[${earlier}]`, {
        allowed: "each rule once",
      });
    else seen.set(key, index);
  }
}
