import { isUnderWay } from "./rotation";
import { parse } from "yaml";
import { overlaps, parseRange } from "../network/addresses";
import type { HostView, Verdict } from "./finding";
import type { FileFact } from "./facts";

const DAY = 86_400;
/** Milliseconds; etcd warns of more than a second (`peer clock difference`), certificates and leases suffer from some. */
const MOST_CLOCK = 2_000;
/** Percent free at which the kubelet evicts pods by default (nodefs.available 10%, nodefs.inodesFree 5%), and a reserve. */
const LEAST_FREE = 12;
const LEAST_INODES = 8;
/** Days that the daily renewal may be late by. */
const LATE = 3;
/** etcd's own default (`--quota-backend-bytes`), and the shares of it, and of unused pages, that call for somebody. */
const QUOTA = 2 * 1024 ** 3;
const MOST_OF_QUOTA = 0.8;
const MOST_UNUSED = 0.5;
const LEAST_TO_DEFRAGMENT = 256 * 1024 ** 2;

const again = (name: string): string =>
  `compare with npm run plan, put it back, or let the next change of its settings do so: /var/log/pulumi-kubeadm.log on ${name} has the last run`;

export function files({ expected, facts }: HostView): Verdict[] {
  const byPath = new Map(facts.files.map((file) => [file.path, file]));
  return expected.files.flatMap((file): Verdict[] => {
    const found: FileFact | undefined = byPath.get(file.path);
    if (found === undefined || found.state === "noFolder") return [];
    const cure = again(expected.name);
    if (found.state === "missing") return [{ what: `${file.path} is missing`, cure }];
    if (found.sha256 !== file.sha256) return [{ what: `somebody changed ${file.path}`, cure }];
    if (found.mode !== file.mode)
      return [{ what: `${file.path} has mode ${found.mode ?? ""}`, cure: `chmod ${file.mode} ${file.path}` }];
    return [];
  });
}

export function links({ expected, facts }: HostView): Verdict[] {
  return expected.links.flatMap(({ path, target }) => {
    const found = facts.links[path];
    return found === undefined || found === target
      ? []
      : [
          {
            what: `${path} leads to ${found === "" ? "nothing" : found}`,
            cure: `ln -sfn ${target} ${path}, then restart what runs it`,
          },
        ];
  });
}

export function units({ expected, facts }: HostView): Verdict[] {
  return facts.units
    .filter(({ name }) => expected.units.includes(name) || name === "containerd.service")
    .flatMap(({ name, active, enabled }): Verdict[] => [
      ...(active === "active" || active === "activating" || active === "reloading"
        ? []
        : [
            {
              what: `${name} is ${active}`,
              cure: `systemctl start ${name}; journalctl -u ${name} says why it ended`,
            },
          ]),
      ...(["enabled", "static", "enabled-runtime", "linked"].includes(enabled)
        ? []
        : [
            {
              what: `${name} is ${enabled === "" ? "unknown" : enabled} and does not start at boot`,
              cure: `systemctl enable ${name}`,
            },
          ]),
    ]);
}

/** Where a higher value is as good. */
const LEAST: readonly string[] = ["kernel.keys.", "fs.inotify."];

export function sysctls({ expected, facts }: HostView): Verdict[] {
  return expected.sysctls.flatMap(({ key, value }) => {
    const found = facts.sysctls.find((one) => one.key === key);
    if (found === undefined || found.value === "" || !found.writable) return [];
    const least = LEAST.some((beginning) => key.startsWith(beginning));
    if (found.value === value || (least && Number(found.value) >= Number(value))) return [];
    return [{ what: `${key} is ${found.value}, not ${value}`, cure: `sysctl -w ${key}=${value}` }];
  });
}

export function swap({ expected, facts }: HostView): Verdict[] {
  return expected.swapOff && facts.swap
    ? [
        {
          what: "swap is on, and the kubelet does not start with it",
          cure: "swapoff -a, and take it out of /etc/fstab",
        },
      ]
    : [];
}

export function hostsBlock({ expected, facts }: HostView): Verdict[] {
  const lines = facts.hosts.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
  return expected.hosts
    .filter((line) => !lines.includes(line))
    .map((line) => ({
      what: `/etc/hosts lacks "${line}"`,
      cure: "/opt/pulumi-kubeadm/bin/hosts-block writes it again",
    }));
}

export function clock({ facts, expected }: HostView): Verdict[] {
  const { clockAhead: ahead } = facts;
  return Math.abs(ahead) <= MOST_CLOCK
    ? []
    : [
        {
          what: `the clock is ${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
          cure: `check time synchronisation on ${expected.name} (chronyc tracking, timedatectl) and here`,
        },
      ];
}

export function disks({ facts }: HostView): Verdict[] {
  return facts.disks.flatMap(({ path, kib, freeKib, inodes, freeInodes }): Verdict[] => {
    const free = kib === 0 ? 100 : (100 * freeKib) / kib;
    const freeNodes = inodes === 0 ? 100 : (100 * freeInodes) / inodes;
    return [
      ...(free >= LEAST_FREE
        ? []
        : [
            {
              what: `${path} has ${Math.floor(free)} % free; the kubelet evicts pods at 10 %`,
              cure: `free space (crictl rmi --prune, old logs), or enlarge the volume`,
            },
          ]),
      ...(freeNodes >= LEAST_INODES
        ? []
        : [
            {
              what: `${path} has ${Math.floor(freeNodes)} % of its inodes free; the kubelet evicts pods at 5 %`,
              cure: "remove small files, or make the file system anew with more inodes",
            },
          ]),
    ];
  });
}

export function certificates({ cluster, facts }: HostView): Verdict[] {
  return facts.certificates.flatMap(({ path, seconds, trusted }): Verdict[] => {
    const days = Math.floor(seconds / DAY);
    const ofKubelet = path.startsWith("/var/lib/kubelet");
    const renew = ofKubelet
      ? "systemctl restart kubelet, then kubectl get csr: it asks for another"
      : "systemctl start pulumi-kubeadm-renew-certificates";
    if (!trusted)
      return [
        {
          what: `${path} is not signed by this cluster's CA`,
          cure: "put back the certificate that was there: nothing trusts another",
        },
      ];
    if (seconds <= 0) return [{ what: `${path} ended ${-days} days ago`, cure: renew }];
    if (ofKubelet || path.endsWith("/ca.crt") || path.endsWith("front-proxy-ca.crt")) return [];
    return days < cluster.renewBeforeDays - LATE
      ? [
          {
            what: `${path} ends in ${days} days and was not renewed ${cluster.renewBeforeDays} days before`,
            cure: `${renew}; journalctl -u pulumi-kubeadm-renew-certificates says why it did not`,
          },
        ]
      : [];
  });
}

export function clusterId({ cluster, expected, facts }: HostView): Verdict[] {
  if (expected.node === undefined) return [];
  // Another CA may be the one of a rotation, which has its own row.
  if (facts.cluster === (cluster.authority ?? cluster.id) || isUnderWay({ cluster, facts })) return [];
  return [
    {
      what: "/etc/kubernetes/pki/ca.crt is not this cluster's CA",
      cure: `put back the stack's output caCertificate, or raise machines.${expected.name}.revision to join it again`,
    },
  ];
}

/** The address that nodes use must be on the host, and be the one that the kubelet registers. */
export function nodeAddress({ expected, facts, node }: HostView): Verdict[] {
  const { nodeAddress: wanted, name } = expected;
  const others = facts.addresses.filter(({ interface: own }) => own !== "lo");
  if (!others.some(({ address }) => address === wanted))
    return [
      {
        what: `no interface has the node address ${wanted}: ${others.map(({ interface: own, address }) => `${own} ${address}`).join(", ")}`,
        cure: `give it back, or set machines.${name}.nodeAddress and raise its revision`,
      },
    ];
  if (facts.kubeletAddress !== "" && facts.kubeletAddress !== wanted)
    return [
      {
        what: `the kubelet registers ${facts.kubeletAddress}, an address of the wrong network card: nodes use ${wanted}`,
        cure: `set --node-ip=${wanted} in /var/lib/kubelet/kubeadm-flags.env and restart the kubelet`,
      },
    ];
  if (node !== undefined && !node.addresses.includes(wanted))
    return [
      {
        what: `its Node has the address ${node.addresses.join(", ") || "none"}, of the wrong network card: nodes use ${wanted}`,
        cure: "systemctl restart kubelet: it registers the address of --node-ip",
      },
    ];
  return [];
}

/** flannel's own file, against the settings and the Node. */
export function subnetEnv({ cluster, facts, node }: HostView): Verdict[] {
  const { FLANNEL_NETWORK: network, FLANNEL_SUBNET: subnet } = facts.subnet;
  const { podCidr } = cluster.fixed;
  const cure = "kubectl -n kube-flannel rollout restart daemonset kube-flannel-ds writes it again";
  if (network !== undefined && network !== podCidr)
    return [
      {
        what: `subnet.env has the pod range ${network}, and the settings have ${podCidr}`,
        cure,
      },
    ];
  const slice = node?.podCidrs[0];
  if (subnet === undefined || slice === undefined) return [];
  const [own, given] = [parseRange(subnet.replace(/\.1\//, ".0/")), parseRange(slice)];
  return "problem" in own || "problem" in given || !overlaps(own, given)
    ? [{ what: `subnet.env has the slice ${subnet}, and the Node has ${slice}`, cure }]
    : [];
}

/** Bytes that encapsulation takes of a packet; flannel's VXLAN. */
const OVERHEAD = 50;

export function mtu({ cluster, expected, facts }: HostView): Verdict[] {
  const { cni, cniBackend } = cluster.fixed;
  const own = facts.addresses.find(({ address }) => address === expected.nodeAddress)?.interface;
  const outer = own === undefined ? undefined : facts.mtus[own];
  const inner = facts.mtus["flannel.1"];
  if (cni !== "flannel" || cniBackend !== "vxlan" || outer === undefined || inner === undefined) return [];
  return inner + OVERHEAD <= outer
    ? []
    : [
        {
          what: `flannel.1 has MTU ${inner} and ${own ?? ""} ${outer}: full packets of pods do not fit with ${OVERHEAD} bytes of VXLAN`,
          cure: `ip link set ${own ?? ""} mtu ${inner + OVERHEAD}, or set network.mtu to ${outer}`,
        },
      ];
}

export function ports({ cluster, expected, facts }: HostView): Verdict[] {
  return facts.probes
    .filter(({ answer }) => answer !== "open" && answer !== "failed")
    .map(({ name, address, port, answer }): Verdict => {
      const target = cluster.hosts.find((one) => one.name === name);
      const overlay = target !== undefined && address !== target.nodeAddress;
      const what = overlay ? `pods' network to ${name} (${address})` : `tcp ${port} of ${name} (${address})`;
      if (answer === "stalls")
        return {
          what: `${what} connects, and large packets do not arrive: the path carries a smaller MTU`,
          cure: `compare ip link on ${expected.name}, ${name} and what is between; set network.mtu to what passes`,
        };
      if (overlay)
        return {
          what: `${what} does not answer: the overlay's port is blocked, or routes are missing`,
          cure: "let through the ports of npm run plan, table Flows; ip route, and the CNI's log",
        };
      if (answer === "unreachable")
        return {
          what: `${what} cannot be reached: the answer is that there is no way`,
          cure: `ip route get ${address} on ${expected.name}; a packet filter with REJECT on the way says the same`,
        };
      return answer === "silent"
        ? {
            what: `${what} does not answer: something between drops it`,
            cure: "let it through on the way: npm run plan, table Flows, says why it is needed",
          }
        : {
            what: `${what} refuses: nothing listens there`,
            cure: `crictl ps -a and journalctl -u kubelet on ${name}`,
          };
    });
}

export function etcd({ cluster, expected, facts }: HostView): Verdict[] {
  const { etcd: own, flags } = facts;
  if (expected.role !== "controlPlane") return [];
  if (own === undefined)
    return [
      {
        what: "etcd does not answer on this host",
        cure: "crictl logs of etcd's container; the manifest is in /etc/kubernetes/manifests/etcd.yaml",
      },
    ];
  const quota = Number(flags["quota-backend-bytes"]?.[0] ?? QUOTA) || QUOTA;
  const unused = own.sizeBytes - own.usedBytes;
  const mib = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;
  const names = cluster.hosts.filter(({ role }) => role === "controlPlane").map(({ nodeName }) => nodeName);
  return [
    ...own.alarms.map((alarm) => ({
      what: `etcd has an alarm: ${alarm}`,
      cure: "compact and defragment, then etcdctl alarm disarm (docs/how-to/back-up-etcd.md)",
    })),
    ...(own.sizeBytes > quota * MOST_OF_QUOTA
      ? [
          {
            what: `etcd has ${mib(own.sizeBytes)} of ${mib(quota)}; it refuses writes when that is full`,
            cure: "etcdctl defrag, then look for what fills it; etcd.extraArgs.quota-backend-bytes",
          },
        ]
      : []),
    ...(own.sizeBytes > LEAST_TO_DEFRAGMENT && unused > own.sizeBytes * MOST_UNUSED
      ? [{ what: `etcd has ${mib(unused)} of unused pages`, cure: "etcdctl defrag, one member at a time" }]
      : []),
    ...own.members
      .filter((name) => !names.includes(name))
      .map((name) => ({
        what: `etcd has a member ${name === "" ? "that never started" : name}, which the settings do not have`,
        cure: "etcdctl member remove, after a look at why it is there",
      })),
  ];
}

export function firewall({ expected, facts }: HostView): Verdict[] {
  const { firewallTable: table } = expected;
  return table === undefined || facts.tables.includes(table)
    ? []
    : [
        {
          what: `the firewall's table ${table} is not loaded: the host is open`,
          cure: "systemctl restart pulumi-kubeadm-firewall",
        },
      ];
}

/** Ranges in the manifests of the control plane. */
export function manifests({ cluster, expected, facts }: HostView): Verdict[] {
  if (expected.role !== "controlPlane") return [];
  const { podCidr, serviceCidr, nodeCidrMaskSize } = cluster.fixed;
  const wanted: [string, string | undefined][] = [
    ["cluster-cidr", podCidr],
    ["service-cluster-ip-range", serviceCidr],
    ["node-cidr-mask-size", nodeCidrMaskSize === undefined ? undefined : String(nodeCidrMaskSize)],
    ["advertise-address", expected.nodeAddress],
  ];
  const missing = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].filter(
    (name) => !facts.manifests.includes(`${name}.yaml`),
  );
  return [
    ...missing.map((name) => ({
      what: `/etc/kubernetes/manifests/${name}.yaml is missing`,
      cure: `move it back, or: kubeadm init phase control-plane all --config /etc/kubernetes/pulumi-kubeadm/kubeadm.yaml`,
    })),
    ...wanted.flatMap(([flag, value]) =>
      (facts.flags[flag] ?? [])
        .filter((found) => value !== undefined && found !== value)
        .map((found) => ({
          what: `a manifest has --${flag}=${found}, and the settings have ${value ?? ""}`,
          cure: `write ${value ?? ""} into the manifest in /etc/kubernetes/manifests: the kubelet restarts the component`,
        })),
    ),
  ];
}

export function kubeletConfig({ cluster, expected, facts }: HostView): Verdict[] {
  if (expected.node === undefined || facts.kubeletConfig === "") return [];
  const wanted = cluster.hosts.find((one) => Object.keys(one.kubeletConfig).length > 0)?.kubeletConfig ?? {};
  const found = (parse(facts.kubeletConfig) ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).flatMap(([key, value]) => {
    // Of each node's own, kubeadm's patches decide.
    if (found[key] === undefined || JSON.stringify(found[key]) === JSON.stringify(value)) return [];
    return [
      {
        what: `the kubelet's ${key} is ${JSON.stringify(found[key])}, not ${JSON.stringify(value)}`,
        cure: "kubeadm upgrade node phase kubelet-config writes it again; then restart the kubelet",
      },
    ];
  });
}

/** Another CNI's file that sorts before ours takes the pods over (containerd reads the first). */
export function cniConfiguration({ expected, facts, cluster }: HostView): Verdict[] {
  const { cni } = cluster.fixed;
  if (expected.node === undefined || cni === undefined) return [];
  const configurations = facts.cniFiles.filter((name) => /\.(conf|conflist|json)$/.test(name)).sort();
  const own = configurations.find((name) => name.includes(cni));
  if (own === undefined)
    return [
      {
        what: `/etc/cni/net.d has no configuration of ${cni}: pods get no network`,
        cure: `look at ${cni}'s pod on this node: it writes the file`,
      },
    ];
  const [first] = configurations;
  return first === own
    ? []
    : [
        {
          what: `/etc/cni/net.d/${first ?? ""} comes before ${own}: pods get another network`,
          cure: `rm /etc/cni/net.d/${first ?? ""}, then restart the pods of this node`,
        },
      ];
}

export function unfinished({ expected, facts }: HostView): Verdict[] {
  return [
    ...facts.pending.map((unit) => ({
      what: `${unit} still has to restart: a setup was cut off`,
      cure: "pulumi up ends it",
    })),
    ...(facts.unfinished
      ? [{ what: "a change of the node was cut off", cure: `pulumi up ends it on ${expected.name}` }]
      : []),
  ];
}
