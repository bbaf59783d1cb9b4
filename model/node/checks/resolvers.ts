import { nodeScript } from "../paths";

/**
 * @param resolvConf the file; "": CoreDNS does not ask the host's name servers; undefined: kubeadm looks for it
 * The name servers that the kubelet hands to CoreDNS. kubeadm knows one case by itself: where systemd-resolved runs it
 * takes /run/systemd/resolve/resolv.conf (cmd/kubeadm/app/componentconfigs/kubelet.go). A server on loopback is CoreDNS' own
 * loopback in its pod: its plugin `loop` ends it. Pods have IPv4 alone.
 */
export function resolverChecks(resolvConf: string | undefined): string {
  if (resolvConf === "") return "check_resolvers() { :; }\n";
  return nodeScript("check-resolvers", { resolv_conf: resolvConf ?? "" });
}
