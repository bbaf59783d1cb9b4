import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { type Problem, SettingsError } from "../../../model/settings/problems";
import { RENAMED } from "../../../model/settings/renamed";
import { type RawSettings, metalInput } from "../../support/settings";
import { type Change, all, edited, set } from "./edit";
import { largeAws } from "../../support/awsInput";

interface Case {
  /** Writes the key under a name, old or new. */
  readonly at: (key: string) => Change;
  readonly path: string;
  readonly value: unknown;
  readonly allowed: string;
  readonly base?: () => RawSettings;
}

/** A key at a path, between what else is needed there. */
function row(path: string, value: unknown, allowed: string, base?: () => RawSettings, needs?: Change): Case {
  const at = (key: string) => all(needs ?? (() => undefined), put(key, value));
  return { at, path, value, allowed, base };
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

const CASES: Readonly<Record<string, Case>> = {
  "network.nodeMask": row("network.nodeMask", 25, "network.nodeCidrMaskSize"),
  "network.nodePorts": row("network.nodePorts", "31000-32000", "network.nodePortRange"),
  drainTimeout: row("drainTimeout", 60, "drainTimeoutSeconds"),
  "workers.*.joinTimeout": row(
    "workers.general.joinTimeout",
    600,
    "workers.general.joinTimeoutSeconds",
    largeAws,
  ),
  "certificates.leafDays": row("certificates.leafDays", 90, "certificates.validityDays"),
  "coredns.forwarders": row("coredns.forwarders", ["9.9.9.9"], "coredns.upstreamServers"),
  "coredns.podRecords": row("coredns.podRecords", "verified", "coredns.pods"),
  "coredns.spread": row("coredns.spread", "preferred", "coredns.antiAffinity"),
  "metallb.bgp.peers[].asNumber": row(
    "metallb.bgp.peers[0].asNumber",
    64512,
    "metallb.bgp.peers[0].peerASN",
    undefined,
    bgp({ myASN: 64601 }),
  ),
  "metallb.bgp.peers[].myAsNumber": row(
    "metallb.bgp.peers[0].myAsNumber",
    64601,
    "metallb.bgp.peers[0].myASN",
    undefined,
    bgp({ peerASN: 64512 }),
  ),
  "tenants.*.quota.others": row(
    "tenants.shop.quota.others",
    { "count/jobs.batch": 9 },
    "tenants.shop.quota.hard",
    undefined,
    policies,
  ),
  "tenants.*.quota.volumeClaims": row(
    "tenants.shop.quota.volumeClaims",
    4,
    "tenants.shop.quota.persistentVolumeClaims",
    undefined,
    policies,
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
        message: "is under a renamed key",
        allowed,
      });
    },
  );

  it.each(Object.values(CASES))("$allowed: takes the same value", ({ at, allowed, base }) => {
    expect(problemsOf(at(allowed), base)).toEqual([]);
  });
});
