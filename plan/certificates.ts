import { renewalUnit } from "../model/kubeadm";
import type { ClusterSettings } from "../model/settings/resolved";
import type { PlannedResource } from "./resources";

/** A certificate of the cluster and what becomes of it. Spans count from when it is made: a plan knows no dates. */
export interface PlannedCertificate {
  readonly name: string;
  /** Whose it is, or where it lies. */
  readonly place: string;
  readonly validDays: number;
  readonly renewed: string;
}

const HOURS_A_DAY = 24;
/** kube-controller-manager's default for `--cluster-signing-duration` (command line reference: 8760h). */
const SIGNED_DAYS = 365;

/**
 * Leaf certificates that kubeadm makes on each control-plane node (Kubernetes documentation, "PKI certificates and
 * requirements").
 */
const LEAVES: readonly { readonly name: string; readonly place: string }[] = [
  { name: "API server", place: "pki/apiserver.crt" },
  { name: "API server to kubelets", place: "pki/apiserver-kubelet-client.crt" },
  { name: "API server to etcd", place: "pki/apiserver-etcd-client.crt" },
  { name: "Front proxy", place: "pki/front-proxy-client.crt" },
  { name: "etcd server, peer and health check", place: "pki/etcd/{server,peer,healthcheck-client}.crt" },
  { name: "Administrator on the control-plane node", place: "{admin,super-admin}.conf" },
  { name: "Controller manager and scheduler", place: "{controller-manager,scheduler}.conf" },
];

export function certificatesOf(
  settings: ClusterSettings,
  resources: readonly PlannedResource[],
): PlannedCertificate[] {
  return [
    ...ownCertificates(resources, settings.certificates.rotation),
    ...leafCertificates(settings),
    ...kubeletCertificates(settings),
  ];
}

/** What `@pulumi/tls` makes, as the resources say. */
function ownCertificates(
  resources: readonly PlannedResource[],
  rotation: string | undefined,
): PlannedCertificate[] {
  return resources.flatMap((resource) => {
    const hours = resource.inputs.validityPeriodHours;
    if (typeof hours !== "number") return [];
    const request = resources.find(
      (one) => one.parent === resource.parent && one.type.endsWith(":CertRequest"),
    );
    const subject = (resource.inputs.subject ?? request?.inputs.subject) as
      { commonName?: string } | undefined;
    const early = resource.inputs.earlyRenewalHours;
    return [
      {
        name: `${resource.inputs.isCaCertificate === true ? "CA " : ""}${subject?.commonName ?? resource.name}`,
        place: `the stack: ${resource.name}`,
        validDays: Math.floor(hours / HOURS_A_DAY),
        renewed:
          typeof early === "number"
            ? `by pulumi up, in its last ${Math.floor(early / HOURS_A_DAY)} days`
            : authorityRenewed(resource.name, rotation),
      },
    ];
  });
}

/** A CA is replaced by a rotation alone. */
function authorityRenewed(name: string, rotation: string | undefined): string {
  if (rotation === undefined) return "never by an ordinary up";
  return name.endsWith(`-${rotation}-certificate`)
    ? "by another name in certificates.rotation"
    : `replaced by the rotation ${rotation}: nothing trusts it; it stays as the cluster's identity`;
}

function leafCertificates({ certificates }: ClusterSettings): PlannedCertificate[] {
  return LEAVES.map(({ name, place }) => ({
    name,
    place: `each control-plane node: /etc/kubernetes/${place}`,
    validDays: certificates.validityDays,
    renewed: `by the timer ${renewalUnit}, in its last ${certificates.renewBeforeDays} days, and at every upgrade`,
  }));
}

function kubeletCertificates(settings: ClusterSettings): PlannedCertificate[] {
  const days = signedDays(settings.controllerManager.extraArgs["cluster-signing-duration"]);
  const place = "each node: /var/lib/kubelet/pki";
  return [
    {
      name: "Kubelet to API server",
      place,
      validDays: days,
      renewed: "by the kubelet, well before it expires",
    },
    {
      name: "Kubelet, serving",
      place,
      validDays: days,
      renewed: "by the kubelet; control-plane nodes approve requests that name only the node itself",
    },
  ];
}

/** Go's duration as people write it for this flag: hours, perhaps with minutes and seconds. */
function signedDays(duration: string | readonly string[] | undefined): number {
  const hours = /^(\d+)h/.exec(String(duration ?? ""))?.[1];
  return hours === undefined ? SIGNED_DAYS : Math.floor(Number(hours) / HOURS_A_DAY);
}
