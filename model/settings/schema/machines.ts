import { z } from "zod";

import { PROTOCOL_NUMBERS, type Protocol } from "../../network/flow";
import { API_PORT } from "../../network/ports";
import { hopVersions, ignoredBlockers, networkShape } from "./common";
import { sshShape } from "./ssh";
import { accessRange, address, dnsLabel, filterRange, host, matching, port, text } from "./primitives";

const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** As `kubectl taint` takes it, or as a Node has it. */
export const taint = z.union([
  text((value) => {
    const match = /^[^=:]+(?:=[^=:]*)?:([A-Za-z]+)$/.exec(value);
    if (match !== null && TAINT_EFFECTS.some((effect) => effect === match[1])) return undefined;
    return {
      message: match === null ? "is not a valid taint" : "has an unknown effect",
      allowed: `key:Effect or key=value:Effect, the effect one of ${TAINT_EFFECTS.join(", ")}`,
    };
  }),
  z.strictObject({ key: z.string(), value: z.string().optional(), effect: z.enum(TAINT_EFFECTS) }),
]);

export const OS_FAMILIES = [
  "ubuntu-22.04",
  "ubuntu-24.04",
  "debian-12",
  "debian-13",
  "rhel-9",
  "amazon-linux-2023",
] as const;

const machine = z.strictObject({
  role: z.enum(["controlPlane", "worker", "loadBalancer"]),
  pool: dnsLabel.optional(),
  ...sshShape,
  nodeAddress: address.optional(),
  // IFNAMSIZ is 16 with the closing zero (linux/if.h).
  nodeInterface: matching(
    /^[A-Za-z0-9_.-]{1,15}$/,
    "the name of an interface, such as eth1; 15 characters at most",
  ).optional(),
  architecture: z.enum(["amd64", "arm64"]).default("amd64"),
  os: z.enum(OS_FAMILIES).optional(),
  labels: z.record(z.string(), z.string()).default({}),
  taints: z.array(taint).optional(),
  revision: z.number().int().min(1).default(1),
  removal: z.enum(["safe", "force"]).default("safe"),
});

/** A machine of a pool: a worker in it. */
export const poolMachine = machine.omit({ role: true, pool: true });

/** As a Deployment has it. */
const maxUnavailable = z.union([
  z.number().int().min(1).max(5000),
  matching(
    /^([1-9]\d?|100)%$/,
    "a whole number of workers from 1 to 5000, or a share of them from 1% to 100%, such as 10%",
  ),
]);

/** A pool of machines as a component takes it. */
export const machinePool = z.strictObject({
  machines: z.record(z.string(), poolMachine),
  pool: dnsLabel,
  labels: z.record(z.string(), z.string()).optional(),
  taints: z.array(taint).optional(),
  maxUnavailable: maxUnavailable.optional(),
});

/** Where nginx on every node takes calls of the API. */
export const LOCAL_PROXY_PORT = 7443;

const endpoint = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("address"), host: host.optional(), port: port.default(API_PORT) }),
  z.strictObject({ kind: z.literal("nodeLocal"), port: port.default(LOCAL_PROXY_PORT) }),
  z.strictObject({ kind: z.literal("loadBalancer"), machine: z.string(), port: port.default(API_PORT) }),
]);

const PROTOCOLS = Object.keys(PROTOCOL_NUMBERS) as [Exclude<Protocol, "any">, ...Exclude<Protocol, "any">[]];

export const FIREWALLS = ["none", "nftables"] as const;

/** Longest reason: nft's longest comment is 128 bytes with the closing zero (NFTNL_UDATA_COMMENT_MAXLEN). */
const LONGEST_REASON = 100;

/** A rule of one's own. Whether it needs a port is the protocol's. */
const allowed = z.strictObject({
  from: z.array(filterRange).min(1),
  protocol: z.enum(PROTOCOLS),
  port: z
    .union([port, matching(/^\d{1,5}-\d{1,5}$/, "a port, or a range of ports such as 8000-8100")])
    .optional(),
  reason: matching(
    new RegExp(`^[\\x20-\\x7e]{1,${LONGEST_REASON}}$`),
    `one line of ${LONGEST_REASON} ASCII characters at most`,
  ),
});

/** Settings of `platform: machines` only. */
export const machinesShape = {
  network: z.strictObject(networkShape).prefault({}),
  machines: z.record(z.string(), machine),
  bastion: z.strictObject(sshShape).optional(),
  endpoint: endpoint.optional(),
  /** `host` and `port`: where people and the program reach the API; the lists: who may, when `firewall` is on. */
  access: z
    .strictObject({
      host: host.optional(),
      port: port.optional(),
      ssh: z.array(filterRange).default([]),
      api: z.array(accessRange).default([]),
      nodePorts: z.array(accessRange).default([]),
    })
    .prefault({}),
  rollout: z.strictObject({ maxUnavailable: maxUnavailable.default("10%") }).prefault({}),
  upgrades: z
    .strictObject({
      maxUnavailable: maxUnavailable.default(1),
      ignore: ignoredBlockers,
      through: hopVersions,
      pools: z.record(dnsLabel, z.strictObject({ maxUnavailable })).default({}),
    })
    .prefault({}),
  firewall: z
    .union([
      z.enum(FIREWALLS),
      z.strictObject({ kind: z.enum(FIREWALLS), allow: z.array(allowed).default([]) }),
    ])
    .default("none"),
};
