import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { type Problem, SettingsError } from "../../../model/settings/problems";
import { RENAMED } from "../../../model/settings/renamed";
import { type RawSettings, metalInput } from "../../support/settings";
import { type Change, all, edited, set } from "./edit";
import { largeAws, smallAws } from "../../support/awsInput";

interface Case {
  /** Writes the key under a name, old or new. */
  readonly at: (key: string) => Change;
  readonly path: string;
  readonly value: unknown;
  /** What the error says instead. */
  readonly allowed: string;
  /** The new key's path. */
  readonly now: string;
  readonly base?: () => RawSettings;
}

/** A key at a path, between what else is needed there. */
function row(
  path: string,
  value: unknown,
  allowed: string,
  {
    needs = () => undefined,
    base,
    now = allowed,
  }: { needs?: Change; base?: () => RawSettings; now?: string } = {},
): Case {
  return { at: (key) => all(needs, put(key, value)), path, value, allowed, now, base };
}

/** As `set`, and past entries of lists. */
function put(path: string, value: unknown): Change {
  return set(path.replaceAll("[", ".").replaceAll("]", ""), value);
}

const bgp =
  (known: object): Change =>
  (settings) => {
    const peers = [{ name: "rack1", address: "10.40.0.1", ...known }];
    settings["metallb"] = { pools: { lan: { addresses: ["10.40.9.0/28"] } }, bgp: { peers } };
  };
const policies = set("cni.networkPolicy", "kube-network-policies");

const ROUTED = "subnet-0123456789abcdef0";
const oneSubnet =
  (known: object): Change =>
  (settings) => {
    const subnets = [{ id: ROUTED, cidr: "10.0.1.0/24", zone: "a", ...known }];
    settings["network"] = { existing: { vpcId: "vpc-0123456789abcdef0", subnets }, vpcCidr: "10.0.0.0/16" };
  };

const onAws = { base: largeAws };
const CASES: Readonly<Record<string, Case>> = {
  "network.nodeMask": row("network.nodeMask", 25, "network.nodeCidrMaskSize"),
  "network.nodePorts": row("network.nodePorts", "31000-32000", "network.nodePortRange"),
  drainTimeout: row("drainTimeout", 60, "drainTimeoutSeconds"),
  "machines.*.generation": row("machines.w1.generation", 2, "machines.w1.revision"),
  "workers.*.generation": row("workers.general.generation", 2, "workers.general.revision", onAws),
  "controlPlane.generations": row("controlPlane.generations", { "cp-2": 2 }, "controlPlane.revisions", onAws),
  "controlPlane.reach": row("controlPlane.reach", "private", "controlPlane.subnetType", onAws),
  "workers.*.reach": row("workers.general.reach", "private", "workers.general.subnetType", onAws),
  "network.existing.subnets[].reach": row(
    "network.existing.subnets[0].reach",
    "public",
    "network.existing.subnets[0].subnetType",
    { base: smallAws, needs: oneSubnet({}) },
  ),
  "access.through": row("access.through", "bastion", "access.connectVia", onAws),
  "access.endpoint": row("access.endpoint", "public", "access.endpointAccess", onAws),
  "workers.*.minHealthyPercent": row(
    "workers.general.minHealthyPercent",
    "90%",
    "workers.general.maxUnavailable, the share of nodes that may be away",
    { ...onAws, now: "workers.general.maxUnavailable" },
  ),
  "workers.*.maxHealthyPercent": row(
    "workers.general.maxHealthyPercent",
    "20%",
    "workers.general.maxSurge, the share of nodes beyond the pool's size",
    { ...onAws, now: "workers.general.maxSurge" },
  ),
  "workers.*.joinTimeout": row(
    "workers.general.joinTimeout",
    600,
    "workers.general.joinTimeoutSeconds",
    onAws,
  ),
  "certificates.leafDays": row("certificates.leafDays", 90, "certificates.validityDays"),
  "coredns.forwarders": row("coredns.forwarders", ["9.9.9.9"], "coredns.upstreamServers"),
  "coredns.podRecords": row("coredns.podRecords", "verified", "coredns.pods"),
  "coredns.spread": row("coredns.spread", "preferred", "coredns.antiAffinity"),
  "metallb.bgp.peers[].asNumber": row(
    "metallb.bgp.peers[0].asNumber",
    64512,
    "metallb.bgp.peers[0].peerASN",
    { needs: bgp({ myASN: 64601 }) },
  ),
  "metallb.bgp.peers[].myAsNumber": row(
    "metallb.bgp.peers[0].myAsNumber",
    64601,
    "metallb.bgp.peers[0].myASN",
    { needs: bgp({ peerASN: 64512 }) },
  ),
  "ingress.arrive": row(
    "ingress.arrive",
    { type: "hostPorts" },
    "ingress.expose, where `by` is `type` and `from` is `sourceRanges`",
    { needs: set("ingress.kind", "traefik"), now: "ingress.expose" },
  ),
  "ingress.expose.from": row("ingress.expose.from", ["203.0.113.0/24"], "ingress.expose.sourceRanges", {
    base: largeAws,
    needs: (settings) => {
      settings["ingress"] = { kind: "traefik", expose: { type: "loadBalancer" } };
    },
  }),
  "tenants.*.quota.others": row(
    "tenants.shop.quota.others",
    { "count/jobs.batch": 9 },
    "tenants.shop.quota.hard",
    { needs: policies },
  ),
  "tenants.*.quota.volumeClaims": row(
    "tenants.shop.quota.volumeClaims",
    4,
    "tenants.shop.quota.persistentVolumeClaims",
    { needs: policies },
  ),
};

function problemsOf(change: Change, base: () => RawSettings = metalInput): readonly Problem[] {
  try {
    readCluster(edited(change, base), { environment: "metal", region: "eu-central-1" });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("a key under its old name", () => {
  it("has a case here for each", () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(RENAMED).sort());
  });

  it.each(Object.values(CASES))(
    "$path: the error names the new key",
    ({ at, path, value, allowed, base }) => {
      expect(problemsOf(at(path), base)).toContainEqual({
        path,
        value: JSON.stringify(value),
        message: "renamed key",
        allowed,
      });
    },
  );

  it.each(Object.values(CASES))("$now: takes the same value", ({ at, now, base }) => {
    expect(problemsOf(at(now), base)).toEqual([]);
  });
});
