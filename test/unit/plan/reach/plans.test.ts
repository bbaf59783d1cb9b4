/** Plans of the library's own environments, and of settings that lead packets another way: nothing blocked, nothing unused. */
import { expect, it } from "vitest";
import type { RawSettings } from "../../../support/settings";
import { set } from "../../settings/edit";
import { findings, planned } from "./support";

const MIRROR = ["https://mirror.example.internal:5000"];
const REGISTRIES = ["registry.k8s.io", "quay.io", "docker.io", "public.ecr.aws", "ghcr.io"];
const PRIVATE_API = { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"], endpointAccess: "private" };
const BALANCER = {
  role: "loadBalancer",
  host: "192.0.2.9",
  nodeAddress: "10.40.0.9",
  user: "ubuntu",
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINZvvh9O9qc0EEgq+k66Dd7jeBKkp71VqC5uur055Rjk",
  key: "operator",
};

type Edits = Readonly<Record<string, unknown>>;

/** Paths with the value they get; undefined takes the key away. */
const VARIANTS: readonly [what: string, environment: string, edits: Edits][] = [
  ["one control-plane node in the open", "dev", {}],
  ["control-plane nodes before the first pool", "dev", { workers: {} }],
  ["three zones in private subnets", "prod", {}],
  ["machines with a firewall", "metal", {}],
  ["machines without", "lab", {}],
  [
    "a private API that the bastion forwards to",
    "prod",
    { access: { ...PRIVATE_API, connectVia: "bastion" } },
  ],
  [
    "a private API over a VPN",
    "prod",
    {
      access: { ...PRIVATE_API, api: ["192.168.0.0/16"], ssh: ["192.168.0.0/16"], connectVia: "vpn" },
      bastion: undefined,
    },
  ],
  ["one NAT gateway and strict egress", "prod", { egress: "strict", "network.nat": "one" }],
  [
    "endpoints and no way to the internet",
    "prod",
    {
      "network.nat": "none",
      "network.endpoints": {},
      downloads: { mirror: "https://mirror.example.internal:8443" },
      images: { mirrors: Object.fromEntries(REGISTRIES.map((one) => [one, MIRROR])) },
    },
  ],
  [
    "Calico across subnets without encapsulation inside them",
    "prod",
    { "cni.backend": "vxlan-cross-subnet" },
  ],
  [
    "flannel's host-gw in one subnet",
    "dev",
    { "cni.backend": "host-gw", "workers.general.sourceDestinationCheckOff": true },
  ],
  [
    "a machine that balances the API",
    "metal",
    { "machines.lb": BALANCER, endpoint: { kind: "loadBalancer", machine: "lb" } },
  ],
  [
    "rules of one's own for hosts, IPv6 among them",
    "metal",
    {
      firewall: {
        kind: "nftables",
        allow: [
          {
            protocol: "tcp",
            port: 9100,
            from: ["192.168.7.0/24", "2001:db8::/48"],
            reason: "Prometheus scrapes hosts",
          },
          { protocol: "vrrp", from: ["10.40.0.0/24"], reason: "keepalived" },
        ],
      },
    },
  ],
];

function edit(cluster: RawSettings, edits: Edits): void {
  for (const [path, value] of Object.entries(edits)) set(path, value)(cluster);
}

it.each(VARIANTS)(
  "%s: every flow arrives, and no rule is for nobody",
  { timeout: 60_000 },
  async (_, environment, edits) => {
    expect(findings(await planned(environment, (cluster) => edit(cluster, edits)))).toEqual([]);
  },
);
