import { CNI_TRACES } from "../../cni";
import { nodeScript } from "../paths";

/** What CNIs and Kubernetes call their interfaces; a name that ends in `*` is a beginning. */
const INTERFACES: readonly string[] = [
  ...CNI_TRACES.flatMap(({ interfaces }) => interfaces),
  // Of what the library does not install.
  "cbr0",
  "kube-ipvs0",
  "kube-bridge",
  "nodelocaldns",
  "antrea-gw0",
  "ovn-k8s-mp0",
];

/** Programs and maps of eBPF that a CNI pinned. */
const PINS = CNI_TRACES.flatMap(({ pins = [] }) => pins);

/** Units that run another Kubernetes on the host. */
const DISTRIBUTIONS = [
  "k3s",
  "k3s-agent",
  "rke2-server",
  "rke2-agent",
  "k0scontroller",
  "k0sworker",
  "snap.microk8s.daemon-kubelite",
] as const;

/**
 * What another cluster left on a host. `kubeadm reset` keeps the CNI's configuration and its interfaces
 * (its own last words say so). containerd takes the first file of /etc/cni/net.d by name, and a bridge keeps the address it has.
 */
export function leftoverChecks(): string {
  return nodeScript("check-leftovers", {
    cni_interfaces: INTERFACES,
    pins: PINS,
    distributions: DISTRIBUTIONS,
  });
}
