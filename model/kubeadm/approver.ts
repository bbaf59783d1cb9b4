import { isIP } from "node:net";
import { endpointDomain, partitionOf } from "../data/regions";
import { script } from "../core/script";
import type { RenderedFile } from "../renderedFile";
import { systemdUnit } from "../core/systemd";

export const approverUnit = "pulumi-kubeadm-serving-approver";
const program = `/usr/local/sbin/${approverUnit}`;

/** Seconds between two looks: so long may `kubectl logs` and `exec` fail on a new node. */
const interval = 15;

/** What decides which names a kubelet's serving certificate may have. */
export interface ServingApproverSpec {
  readonly network: { readonly serviceCidr: string };
  readonly endpoint: { readonly host: string };
  readonly access: { readonly host: string };
  readonly apiServer: { readonly certSans: readonly string[] };
  /** Set on AWS, where a Node has a public DNS name of its region. */
  readonly aws?: { readonly region: string };
}

/**
 * Timer, service and script on control-plane nodes that approve the serving certificates which kubelets ask for (signer
 * `kubernetes.io/kubelet-serving`; Kubernetes has no approver for them).
 *
 * What a kubelet says of itself is not believed: it can write its own Node's `status.addresses`. So the only DNS name
 * is the Node's; an address must be claimed by no other Node and lie outside the Service range, and those by which
 * people and nodes reach the API are for control-plane nodes alone. Otherwise one kubelet could get a certificate,
 * signed by the cluster's CA, that passes for another node or for the API server.
 *
 * It uses admin.conf: it runs as root on a control-plane node, where the CA's key lies in the next folder, so a lesser
 * identity would keep nothing from it.
 */
export function approverUnits(settings: ServingApproverSpec): RenderedFile[] {
  return [
    { path: program, content: approverScript(settings), mode: "0755" },
    systemdUnit(`${approverUnit}.service`, {
      Unit: { Description: "Approve serving certificates of kubelets" },
      Service: {
        Type: "oneshot",
        ExecStart: program,
        TimeoutStartSec: "2min",
        Environment: `HOME=%t/${approverUnit}`,
        RuntimeDirectory: approverUnit,
        RuntimeDirectoryPreserve: "yes",
        // Without it every look would write two lines into the journal; the script's own are of level notice.
        LogLevelMax: "notice",
        NoNewPrivileges: "yes",
        PrivateTmp: "yes",
        ProtectSystem: "full",
      },
    }),
    systemdUnit(`${approverUnit}.timer`, {
      Unit: { Description: "Look for serving certificates that kubelets ask for" },
      Timer: { OnCalendar: `*:*:0/${interval}`, AccuracySec: "1s" },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

/** Hosts of the API that are addresses: a worker must not get a certificate for them. */
function apiAddresses(settings: ServingApproverSpec): string[] {
  const hosts = [settings.endpoint.host, settings.access.host, ...settings.apiServer.certSans];
  return [...new Set(hosts.filter((host) => isIP(host) !== 0))];
}

/**
 * What the public DNS names of Nodes end in (VPC User Guide, "DNS attributes for your VPC": in us-east-1
 * `ec2-<address>.compute-1.amazonaws.com`, elsewhere `ec2-<address>.<region>.compute.amazonaws.com`).
 */
function publicDomain(region: string): string {
  const domain = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `${domain}.${endpointDomain(partitionOf(region))}`;
}

function approverScript(settings: ServingApproverSpec): string {
  const [network = "", prefix = ""] = settings.network.serviceCidr.split("/");
  return script("kubeadm/scripts/serving-approver.sh", {
    signer: "kubernetes.io/kubelet-serving",
    runtime_folder: `/run/${approverUnit}`,
    service_network: network,
    service_prefix: prefix,
    api_addresses: apiAddresses(settings),
    public_domain: settings.aws === undefined ? "" : publicDomain(settings.aws.region),
  });
}
