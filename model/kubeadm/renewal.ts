import type { RenderedFile } from "../renderedFile";
import { searchPath } from "../core/searchPath";
import { paths } from "./paths";
import { systemdUnit } from "./units";

export const renewalUnit = "pulumi-kubeadm-renew-certificates";
const script = `/usr/local/sbin/${renewalUnit}`;

/**
 * Timer, service and script that keep a control-plane node's kubeadm certificates alive: once a day each control-plane
 * node looks, and when one of its leaf certificates ends within `certificates.renewBeforeDays` renews them all and
 * restarts what read them. The kubelet's own certificates rotate by themselves; the CAs are never touched.
 */
export function renewalUnits(settings: {
  readonly certificates: { readonly renewBeforeDays: number };
}): RenderedFile[] {
  return [
    { path: script, content: renewalScript(settings.certificates.renewBeforeDays), mode: "0755" },
    systemdUnit(`${renewalUnit}.service`, {
      Unit: {
        Description: "Renew kubeadm's certificates when their end is near",
        ConditionPathExists: `${paths.pki}/apiserver.crt`,
        After: "kubelet.service",
      },
      Service: { Type: "oneshot", ExecStart: script, TimeoutStartSec: "30min" },
    }),
    systemdUnit(`${renewalUnit}.timer`, {
      Unit: { Description: "Look daily whether kubeadm's certificates must be renewed" },
      Timer: {
        OnCalendar: "daily",
        // Control-plane nodes were made within minutes of one another: the machine's id spreads them, so that etcd
        // keeps its quorum.
        RandomizedDelaySec: "12h",
        FixedRandomDelay: "true",
        Persistent: "true",
      },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

/**
 * Static pods are restarted by stopping their container: the kubelet starts it again at once, and nothing has to be
 * moved out of the manifests folder, where an interruption would leave a control-plane node without its API server. A
 * file per component remembers a restart that is due, so a run that was cut off is finished by the next one.
 */
function renewalScript(renewBeforeDays: number): string {
  return `#!/usr/bin/env bash
# Renews kubeadm's certificates when one of them ends within ${renewBeforeDays} days, then restarts what uses them.
set -euo pipefail
export LC_ALL=C PATH="${searchPath}"
pki=${paths.pki}
kubernetes=/etc/kubernetes
pending=/var/lib/pulumi-kubeadm/renewal
seconds=${renewBeforeDays * 86400}

crictl() { command crictl --runtime-endpoint ${paths.criSocket} "$@"; }

# Prints the certificates that end too soon, one a line.
due() {
  local file
  for file in "$pki"/{apiserver,apiserver-etcd-client,apiserver-kubelet-client,front-proxy-client}.crt "$pki"/etcd/{server,peer,healthcheck-client}.crt; do
    [ -e "$file" ] || continue
    openssl x509 -noout -checkend "$seconds" -in "$file" >/dev/null || echo "$file"
  done
  for file in "$kubernetes"/{admin,super-admin,controller-manager,scheduler}.conf; do
    [ -e "$file" ] || continue
    sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d | openssl x509 -noout -checkend "$seconds" >/dev/null || echo "$file"
  done
}

container() { crictl ps --quiet --state Running --label io.kubernetes.pod.namespace=kube-system --name "^$1\\$" | head -n 1; }

healthy() {
  local ask=(curl --silent --fail --max-time 3 --output /dev/null)
  case $1 in
    etcd) "\${ask[@]}" http://127.0.0.1:2381/health ;;
    kube-apiserver) "\${ask[@]}" --noproxy '*' --cacert "$pki/ca.crt" https://127.0.0.1:6443/readyz ;;
    # Their certificates are their own, made at start, and this does not leave the host.
    kube-controller-manager) "\${ask[@]}" --noproxy '*' --insecure https://127.0.0.1:10257/healthz ;;
    kube-scheduler) "\${ask[@]}" --noproxy '*' --insecure https://127.0.0.1:10259/healthz ;;
  esac
}

restart() {
  local name=$1 before after
  before=$(container "$name")
  if [ -n "$before" ]; then
    echo "restarting $name"
    crictl stop --timeout 30 "$before" >/dev/null
  fi
  for _ in $(seq 1 180); do
    after=$(container "$name")
    if [ -n "$after" ] && [ "$after" != "$before" ] && healthy "$name"; then
      rm -f "$pending/$name"
      return 0
    fi
    sleep 1
  done
  echo "$name did not become healthy within three minutes of its restart" >&2
  return 1
}

exec 9>/run/${renewalUnit}.lock
flock --nonblock 9 || { echo "another run is under way"; exit 0; }
mkdir -p "$pending"

list=$(due)
if [ -n "$list" ]; then
  echo "renewing, because these end within ${renewBeforeDays} days:"
  echo "$list"
  touch "$pending"/{etcd,kube-apiserver,kube-controller-manager,kube-scheduler}
  sync "$pending"
  kubeadm certs renew all
  list=$(due)
  [ -z "$list" ] || { printf 'still ending too soon after the renewal:\\n%s\\n' "$list" >&2; exit 1; }
fi

# One after the other, and the next only when the last one answers again.
for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  [ ! -e "$pending/$name" ] || restart "$name"
done
`;
}
