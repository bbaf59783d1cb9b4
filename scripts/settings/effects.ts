import { ADDON_KEYS, addonOf } from "../../model/addons";
import { CNIS } from "../../model/cni";
import {
  hosts,
  NEW_CLUSTER,
  program,
  refused,
  resources,
  type ChangedStep,
  type Effect,
  type EffectRow,
} from "../../model/settings/effect";

import { PARTS } from "../../model/settings/parts";

export type { ChangedStep, Effect, EffectRow };

/**
 * What a change of each setting does to a cluster that lives. Keys are paths of the schema, with `*` for a name and `[]` for
 * a list's entry; `**` stands for all keys below. docs/replacement.md has the same table, written from this one.
 */

const API_SERVER = ["node controlPlane"] as const;
const ALL_NODES = ["node everywhere"] as const;
const SETUPS = ["setup everywhere"] as const;

/** The cluster itself, on every platform. */
const CLUSTER: readonly EffectRow[] = [
  refused(["platform"], "another platform means other machines and another endpoint"),
  refused(
    ["name", "domain"],
    "they are part of the endpoint, unless `endpoint` is set",
    `set them back, or ${NEW_CLUSTER}`,
  ),
  hosts(
    ["kubernetesVersion"],
    ["preflight", "setup everywhere", "node everywhere"],
    "nodes are drained and upgraded: control-plane nodes first, one at a time, then workers in the portions of `upgrades`; over several minor versions the control plane goes through each first; a step back is refused",
  ),
  hosts(
    ["versions.containerd", "versions.runc", "versions.cniPlugins", "versions.crictl", "versions.pause"],
    SETUPS,
    "containerd restarts, containers keep running; in the order of `rollout`",
  ),
  hosts(
    ["versions.etcd"],
    ["preflight", "node controlPlane"],
    "etcd restarts on one control-plane node after the other",
  ),
  resources(["versions.coredns", "versions.flannel", "versions.flannelCniPlugin"], "a rollout of their pods"),
  hosts(
    [
      "apiServer.extraArgs.*",
      "apiServer.extraArgs.*[]",
      "apiServer.extraVolumes[].**",
      "apiServer.files.**",
      "apiServer.admissionConfiguration.**",
    ],
    API_SERVER,
    "the API server restarts on one control-plane node after the other; another `service-account-issuer` is refused unless the old one stays in the list",
  ),
  hosts(["apiServer.certSans[]"], API_SERVER, "the API server's certificate is reissued if it lacks a name"),
  hosts(
    ["controllerManager.**", "scheduler.**", "etcd.extraArgs.**"],
    API_SERVER,
    "the component restarts on one control-plane node after the other",
  ),
  hosts(
    ["kubelet.config.*"],
    ALL_NODES,
    "the kubelet restarts, pods keep running, in the order of `rollout`; changed swap or shutdown settings also run setups. Another `cpuManagerPolicy` or `memoryManagerPolicy` drains nodes as an upgrade does, except the only control-plane node. Another `cgroupDriver` is refused",
  ),
  hosts(
    ["kubeProxy.mode"],
    ["setup everywhere", "node controlPlane"],
    "kube-proxy's DaemonSet is rolled and removes the rules of the old mode; flannel follows",
  ),
  hosts(["kubeProxy.config.*"], API_SERVER, "kube-proxy's DaemonSet is rolled"),
  hosts(
    ["containerd.dropIn"],
    SETUPS,
    "containerd restarts, containers keep running; in the order of `rollout`",
  ),
  hosts(["ignorePreflightErrors[]"], ["preflight", "setup everywhere", "node everywhere"], "nothing"),
  hosts(["oidc.**"], API_SERVER, "the API server restarts on one control-plane node after the other"),
  hosts(
    ["proxy.**"],
    ["setup everywhere", "node controlPlane"],
    "containerd and the kubelet restart, in the order of `rollout`; then the API servers",
  ),
  hosts(
    ["downloads.checksums.**", "downloads.mirror"],
    SETUPS,
    "nothing, until another version is downloaded",
  ),
  hosts(
    ["images.repository"],
    ["preflight", "setup everywhere", "node controlPlane"],
    "containerd restarts for the pause image, then the control plane's pods",
  ),
  hosts(["images.mirrors.**", "images.registries.**"], SETUPS, "the next pull goes there"),
  hosts(
    ["encryption.provider", "encryption.keys[]", "encryption.rotation"],
    ["preflight", "node controlPlane"],
    "all API servers read the new key, then encrypt with it; all Secrets are rewritten; then the old keys are removed. Refused while a control-plane node is unreachable",
  ),
  hosts(
    ["audit.**", "podSecurity.**"],
    API_SERVER,
    "the API server restarts on one control-plane node after the other",
  ),
  hosts(
    ["certificates.validityDays", "certificates.renewBeforeDays"],
    API_SERVER,
    "applies to the next renewal",
  ),
  hosts(
    ["certificates.rotation"],
    ["preflight", "rotation", "node controlPlane"],
    "every CA, key, certificate and token is replaced, on one control-plane node after the other, workers in the order of `rollout`; pods that ask the API restart. Removing it is refused",
  ),
  hosts(["certificates.rotationGraceSeconds"], ["rotation"], "applies to the next rotation"),
  hosts(["upgrades.ignore[]"], ["preflight"], "applies to the next upgrade of Kubernetes"),
  hosts(
    ["upgrades.through.**"],
    ["preflight", "node controlPlane"],
    "applies to the next upgrade of Kubernetes over several minor versions",
  ),
  hosts(
    ["drainTimeoutSeconds"],
    ALL_NODES,
    "applies to the next drain; on AWS the templates of pools change and their instances roll",
  ),
  program(["protect"], "the protection of the CAs, the service-account key and the encryption key"),
];

const NETWORK: readonly EffectRow[] = [
  refused(["network.serviceCidr"], "Services and the API server's certificate use addresses from it"),
  refused(["network.clusterDomain"], "running pods keep the old names, and tokens name it as their issuer"),
  refused(["network.nodeCidrMaskSize"], "nodes keep the pod range they were assigned"),
  program(["network.peers[].**", "network.maxNodes"], "nothing but the checks"),
  hosts(["network.podsPerNode"], ALL_NODES, "the kubelet restarts, pods keep running"),
  hosts(
    ["network.nodePortRange"],
    ["preflight", "setup everywhere", "node controlPlane"],
    "the API servers restart; Services keep ports outside the new range until they are changed",
  ),
  hosts(["network.mtu"], ["preflight", "setup everywhere"], "new pods"),
];

/** What every CNI has; what only one has is in its own folder. */
const CNI: readonly EffectRow[] = [
  refused(
    ["cni.kind"],
    "pods keep their interfaces, and nodes with different CNIs cannot reach each other's pods",
  ),
  refused(["cni.backend"], "nodes with different backends cannot reach each other's pods while it changes"),
  refused(["cni.podCidr"], "every node and pod has an address from it"),
  resources(["cni.mtu"], "the CNI's pods are rolled; new pods use it"),
  resources(["cni.networkPolicy", "cni.resources.**"], "the CNI's pods are rolled"),
  ...Object.values(CNIS).flatMap(({ effects }) => effects),
];

const IN_CLUSTER: readonly EffectRow[] = [
  ...ADDON_KEYS.flatMap((key) => addonOf(key).effects),
  resources(["helm.**"], "the releases of add-ons"),
  ...PARTS.flatMap(({ effects }) => effects),
];

const MACHINES: readonly EffectRow[] = [
  refused(
    ["machines.*.role"],
    "workers and control-plane nodes are set up differently",
    "remove the machine, run up, and add it again",
  ),
  program(["machines.*.pool"], "the machine's new steps take it over; its role label follows"),
  program(
    [
      "machines.*.host",
      "machines.*.port",
      "machines.*.user",
      "machines.*.hostKey",
      "machines.*.key",
      "bastion.**",
    ],
    "nothing: only the way to the host changes. With `firewall: nftables` all hosts allow the bastion's new address",
  ),
  refused(
    ["machines.*.nodeAddress"],
    "kubelet, etcd and certificates of a node keep the address it joined with",
    "raise the machine's `revision`: it is drained, removed, and joins again",
  ),
  hosts(
    ["machines.*.nodeInterface", "machines.*.os"],
    ["preflight", "setup w1"],
    "whatever differs on the host",
  ),
  hosts(
    ["machines.*.architecture"],
    ["preflight", "setup w1", "node w1"],
    "setup compares it with the host and refuses a different one",
  ),
  hosts(
    ["machines.*.labels.*", "machines.*.taints[].**"],
    ["node w1"],
    "labels and taints set by others stay",
  ),
  hosts(
    ["machines.*.revision"],
    ["preflight", "setup w1", "node w1"],
    "the node is drained and removed, then joins again",
  ),
  program(["machines.*.removal"], "nothing, until the machine is removed"),
  refused(["endpoint.**"], "every node's kubeconfig and the API server's certificate name it"),
  hosts(
    ["access.host", "access.port"],
    API_SERVER,
    "the API server's certificate is reissued if it lacks the name; kubeconfigs change",
  ),
  hosts(
    ["access.ssh[]", "access.api[]", "access.nodePorts[]"],
    SETUPS,
    "with `firewall: nftables` the rules are loaded in one step; otherwise nothing",
  ),
  hosts(["firewall.**"], SETUPS, "the rules are added or removed at once; connections stay open"),
  hosts(
    ["upgrades.maxUnavailable", "upgrades.pools.*.maxUnavailable"],
    ["preflight", "node workers"],
    "applies to the next change",
  ),
  hosts(["rollout.maxUnavailable"], ["setup everywhere", "node everywhere"], "applies to the next change"),
];

/** What only `platform: aws` has; docs/aws.md says which instances are replaced for it. */
const AWS: readonly EffectRow[] = [
  resources(
    ["network.**"],
    "the network on AWS; a change that would replace the instances' network is refused before anything is deleted (docs/aws.md)",
  ),
  resources(
    ["network.existing.cidrReservations"],
    "the reservations are added or removed; without one AWS may assign a fixed address to another instance",
  ),
  hosts(
    ["ecr.version", "ecr.checksums.**"],
    SETUPS,
    "kubelets restart with the provider, pods keep running; templates of pools change, and their groups roll. Adding or removing `ecr: {}` does the same",
  ),
  resources(["ecr.accounts[]", "ecr.pullThroughCache"], "the roles of nodes; applies to the next pull"),
  resources(
    ["network.endpoints.**"],
    "endpoints are added or removed, and calls to AWS services take the new way; setups run again only with `proxy`, for its exceptions",
  ),
  resources(
    ["access.sessionManager"],
    "the roles of instances; their agents notice within half an hour, or immediately after a restart",
  ),
  resources(
    [
      "access.**",
      "bastion.**",
      "egress",
      "tags.*",
      "storage.**",
      "clusterAutoscaler.**",
      "loadBalancerController.**",
    ],
    "resources of AWS",
  ),
  resources(
    ["onDestroy.**"],
    "one step that runs at a destroy; `up` must run once with the new value before `pulumi destroy`",
  ),
  resources(
    ["controlPlane.**"],
    "the instance is replaced if EC2 cannot change it in place, one control-plane node at a time (docs/aws.md)",
  ),
  hosts(
    ["controlPlane.packages[]"],
    SETUPS,
    "missing packages are installed; removed ones stay installed. A pool's packages are part of its boot files, so its group rolls",
  ),
  hosts(
    ["workers.*.repair.**"],
    API_SERVER,
    "a timer on control-plane nodes uses it; no node of the pool changes",
  ),
  resources(
    ["workers.*.maxSurge", "workers.*.maxUnavailable"],
    "the pool's group; applies to the next rolling replacement",
  ),
  resources(["workers.**"], "the pool's template changes, and its group rolls"),
  resources(
    ["controlPlane.policyArns[]", "workers.*.policyArns[]", "iam.permissionsBoundary"],
    "the roles; running instances have it within seconds",
  ),
  refused(
    ["iam.path"],
    "IAM cannot move roles and instance profiles, and instances that run would lose theirs",
    `set it back, or ${NEW_CLUSTER}`,
  ),
  resources(["controlPlane.securityGroupIds[]"], "the instances' interfaces, in place"),
  resources(["ssh.**", "endpoint.dns.**"], "resources of AWS"),
  refused(
    ["podIdentity"],
    "it sets the issuer of service-account tokens: pods would lose access to the API until their tokens are renewed",
  ),
];

/** By platform; a key of both platforms is in the first. The most exact row is the one that counts. */
export const EFFECTS: Readonly<Record<"everywhere" | "machines" | "aws", readonly EffectRow[]>> = {
  everywhere: [...CLUSTER, ...NETWORK, ...CNI, ...IN_CLUSTER],
  machines: MACHINES,
  aws: AWS,
};

/** Whether a row's key stands for a key of the schema. */
export function covers(pattern: string, key: string): boolean {
  if (!pattern.endsWith("**")) return pattern === key;
  const below = pattern.slice(0, -2).replace(/\.$/, "");
  return key === below || key.startsWith(`${below}.`) || key.startsWith(`${below}[]`);
}

/** The row that decides for a key of a platform's schema; undefined: there is none. */
export function effectOf(platform: "machines" | "aws", key: string): EffectRow | undefined {
  const rows = [...EFFECTS[platform], ...EFFECTS.everywhere];
  const exact = (row: EffectRow): number =>
    Math.max(
      -1,
      ...row.keys
        .filter((pattern) => covers(pattern, key))
        .map((pattern) => pattern.replace("**", "").length + (pattern.endsWith("**") ? 0 : 1_000)),
    );
  const [best] = rows.filter((row) => exact(row) >= 0).sort((a, b) => exact(b) - exact(a));
  return best;
}

const TITLES = {
  everywhere: "Every platform",
  machines: "`platform: machines`",
  aws: "`platform: aws`",
} as const;
const STEPS: Readonly<Record<ChangedStep, string>> = {
  rotation: "rotation",
  preflight: "preflight",
  init: "init",
  "setup everywhere": "all setups",
  "setup controlPlane": "setups of control-plane nodes",
  "node controlPlane": "the control-plane nodes",
  "node everywhere": "all nodes",
  "node workers": "the workers",
  "setup w1": "the machine's setup",
  "node w1": "the machine's node",
};

/** The table of docs/replacement.md. */
export function effectsTable(): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  return (Object.keys(TITLES) as (keyof typeof TITLES)[])
    .map((platform) => {
      const rows = EFFECTS[platform].map(({ keys, effect }) => {
        const names = keys.map((key) => `\`${key}\``).join(", ");
        switch (effect.kind) {
          case "hosts":
            return [names, effect.steps.map((step) => STEPS[step]).join(", "), effect.seen];
          case "resources":
            return [names, "resources of Pulumi", effect.seen];
          case "program":
            return [names, "no host", effect.seen];
          case "refused":
            return [names, "**refused**", `${effect.why}. Instead, ${effect.way}`];
        }
      });
      const lines = [["Setting", "Runs again", "What it does"], ["---", "---", "---"], ...rows];
      return `### ${TITLES[platform]}\n\n${lines.map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n")}\n`;
    })
    .join("\n");
}
