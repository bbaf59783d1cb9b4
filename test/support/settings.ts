import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

import { readCluster } from "../../model/settings/parse";
import type { ClusterSettings } from "../../model/settings/resolved";

const ROOT = path.resolve(__dirname, "../..");

/** Settings as written: what is under `kubeadm:cluster`. */
export type RawSettings = Record<string, unknown>;

/** Parsed once: some files of tests ask thousands of times. */
let metal: RawSettings | undefined;

function parsedMetal(): RawSettings {
  const text = fs.readFileSync(path.join(ROOT, "Pulumi.metal.yaml"), "utf8");
  const written = (parse(text) as { config: { "kubeadm:cluster": RawSettings } }).config["kubeadm:cluster"];
  const { metallb: _m, ingress: _i, metricsServer: _s, tenants: _t, etcd: _e, cni, ...cluster } = written;
  const { networkPolicy: _n, ...plain } = cni as RawSettings;
  return { ...cluster, cni: plain };
}

/**
 * The object under `kubeadm:cluster` of `Pulumi.metal.yaml` without backups and what runs in the cluster besides flannel and
 * CoreDNS, fresh for each call.
 */
export function metalInput(): RawSettings {
  metal ??= parsedMetal();
  return structuredClone(metal);
}

/** The resolved settings of environment `metal`; `overrides` replaces whole top-level keys, undefined removes one. */
export function metalSettings(overrides: RawSettings = {}): ClusterSettings {
  const merged = { ...metalInput(), ...overrides };
  const given = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  return readCluster(given, { environment: "metal" });
}
