import { parse } from "yaml";

import { readCluster } from "../../model/settings/parse";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { RawSettings } from "./settings";

export const REGION = "eu-central-1";

/** What is under `kubeadm:cluster`: one control-plane node and a pool, in one zone and in the open. */
const SMALL = `
platform: aws
network:
  vpcCidr: 10.0.0.0/16
  serviceCidr: 10.96.0.0/16
  peers: [{ name: office, cidr: 192.168.0.0/16 }]
  maxNodes: 256
  podsPerNode: 110
access: { api: [203.0.113.0/24], ssh: [203.0.113.0/24] }
controlPlane: { count: 1, instanceType: t3.medium }
workers:
  general: { count: 2, instanceType: t3.large }
cni: { kind: flannel, backend: vxlan, podCidr: 10.244.0.0/16 }
`;

/** Three control-plane nodes over three zones, in private subnets behind a bastion, and two pools of which one scales. */
const LARGE = `
platform: aws
network: { vpcCidr: 10.16.0.0/16, serviceCidr: 10.96.0.0/16, nat: perZone, flowLogs: { enabled: true } }
access: { api: [203.0.113.0/24], ssh: [203.0.113.0/24] }
bastion: {}
controlPlane: { count: 3, instanceType: m7i.large }
workers:
  general: { count: 3, instanceType: m7i.xlarge }
  burst: { min: 1, max: 6, instanceType: m7i.large, instanceTypes: [m6i.large], spot: { onDemandBase: 1 } }
cni: { kind: flannel, backend: vxlan, podCidr: 10.244.0.0/16 }
`;

const parsed = new Map<string, RawSettings>();

/** Fresh for each call, and parsed once: some files of tests ask thousands of times. */
function fresh(text: string): RawSettings {
  const known = parsed.get(text) ?? (parse(text) as RawSettings);
  parsed.set(text, known);
  return structuredClone(known);
}

export function smallAws(): RawSettings {
  return fresh(SMALL);
}

export function largeAws(): RawSettings {
  return fresh(LARGE);
}

/** Resolved settings, after a change of them as written. */
export function awsSettings(
  base: () => RawSettings = smallAws,
  change: (settings: RawSettings) => void = () => undefined,
  region = REGION,
): ClusterSettings {
  const raw = base();
  change(raw);
  return readCluster(raw, { environment: "cloud", region });
}

/** `downloads.windows`: no table of the library has them, so settings with Windows pools do. */
export const WINDOWS_FILES = Object.fromEntries(
  ["kubernetes", "containerd", "crictl", "cniPlugins", "flannel", "flannelCniPlugin"].map((name) => [
    name,
    "0123456789abcdef".repeat(4),
  ]),
);
