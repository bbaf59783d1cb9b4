import {
  apiProxyUnit,
  cniBinFolder,
  components,
  configFolder,
  firewallUnit,
  installRoot,
  nodeScript,
} from "./paths";
import { giveBack } from "./firewall";
import { prelude } from "./prelude";

const units = ["kubelet.service", apiProxyUnit, "containerd.service", firewallUnit];

/** What setup and its services leave behind, besides the files it put there and kept a list of. */
const folders = [
  "/etc/containerd",
  "/var/lib/containerd",
  "/run/containerd",
  // Made by containerd itself (its plugin io.containerd.internal.v1.opt).
  "/opt/containerd",
  cniBinFolder,
  "/etc/cni/net.d",
  "/var/lib/cni",
  configFolder,
  installRoot,
  "/etc/systemd/system/containerd.service.d",
  "/etc/systemd/system/kubelet.service.d",
  "/etc/systemd/logind.conf.d/99-kubelet.conf",
];

/**
 * Takes back what setup did; packages stay, and so do kernel parameters until the next boot. It refuses on a node:
 * kubeadm reset, which node step's removal runs, comes first.
 */
export function cleanupScript(): string {
  const links = Object.values(components).flatMap(({ links, nodeLinks = [] }) => [...links, ...nodeLinks]);
  return `${prelude()}${giveBack()}${nodeScript("cleanup", { units, links, folders })}`;
}

/** Notes before the first setup what of the folders is somebody else's; an earlier version's setups noted nothing. */
export function rememberFound(): string {
  return nodeScript("remember-found", { folders });
}
