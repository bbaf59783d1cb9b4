/** Scripts that bring the encryption of Secrets to other keys while the cluster lives. */
import { apiServerPort, paths } from "../kubeadm";
import { keyId, writeEncryption, type EncryptionKey } from "../kubeadm/encryption";
import type { ClusterMachine } from "../machine";
import { prelude, putFiles, STATE_DIR, word } from "../node/shell";

/** Lies on a control-plane node from the moment that Secrets are encrypted with another key until all are rewritten. */
export const REWRITE_MARK = `${STATE_DIR}/encryption.rewrite`;

/** API servers look for a changed file once a minute (apiserver/pkg/server/options/encryptionconfig/controller). */
const LOADED_WITHIN = 180;
/** How often Secrets of a namespace that others change meanwhile are tried. */
const TRIES = 10;

/** What the next line says of the mark: `##mark yes` or `##mark no`. */
export const MARK_LINE = "##mark ";

/** Prints the file that the API server reads, then whether the mark is there. Changes nothing. */
export function readScript(): string {
  return `${prelude()}
[ -e ${paths.encryption} ] && cat ${paths.encryption}
if [ -e ${REWRITE_MARK} ]; then echo "${MARK_LINE}yes"; else echo "${MARK_LINE}no"; fi
`;
}

/** Names of the nodes whose API servers are part of the cluster, one in a line. */
export function apiServersScript(): string {
  return `${prelude()}
kubectl --namespace kube-system get pods --selector component=kube-apiserver -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\\n"}{end}'
`;
}

/**
 * Gives the API server of a control-plane node these keys, and waits until it has loaded them: its metrics have the digest of
 * the file (\`apiserver_encryption_config_controller_last_config_info\`, Kubernetes 1.34 and later).
 * @param mark \`set\`: Secrets are to be rewritten from now on; \`clear\`: they are
 */
export function keysScript(
  machine: ClusterMachine,
  what: string,
  keys: readonly EncryptionKey[],
  mark: "set" | "clear" | "keep",
): string {
  const [first] = keys;
  const server = `https://${machine.nodeAddress}:${apiServerPort}`;
  const set =
    mark === "set" && first !== undefined
      ? `mkdir -p ${STATE_DIR}\nprintf '%s\\n' ${word(keyId(first))} >${REWRITE_MARK}\nsync ${REWRITE_MARK} ${STATE_DIR}\n`
      : "";
  return `${prelude()}
phase ${word(what)}
${set}${putFiles([{ path: paths.encryption, mode: "0600", content: writeEncryption(keys) }])}
digest=$(sha256sum <${paths.encryption} | cut -d ' ' -f 1)
loaded=""
until=$((SECONDS + ${LOADED_WITHIN}))
while [ "$SECONDS" -lt "$until" ]; do
  metrics=$(kubectl --server ${server} get --raw /metrics 2>/dev/null || true)
  if grep -F "hash=\\"sha256:$digest\\"" <<<"$metrics" | grep '^apiserver_encryption_config_controller_last_config_info{' >/dev/null; then loaded=yes; break; fi
  sleep 2
done
[ -n "$loaded" ] || die "the API server of ${machine.name} did not load its changed encryption keys within ${LOADED_WITHIN} s: look at its log (crictl logs). Nothing is lost: Secrets stay readable with the keys that it has"
${mark === "clear" ? `rm -f ${REWRITE_MARK}\n` : ""}`;
}

/**
 * Run on a control-plane node when all API servers encrypt with the new key: writes every Secret as it is, which encrypts it
 * anew where it was encrypted with another key. What others change meanwhile is encrypted with the new key by that.
 */
export function rewriteScript(): string {
  return `${prelude()}
phase "rewriting Secrets"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
trap 'rm -rf "$work"' EXIT
# rewrite NAMESPACE: 0 done; 1 some were changed by others meanwhile, which encrypted them with the new key; 2 refused.
rewrite() {
  kubectl --namespace "$1" get secrets -o json >"$work/secrets" 2>"$work/errors" || return 2
  kubectl replace -f "$work/secrets" >/dev/null 2>"$work/said" && return 0
  grep -vE '^(Warning:|Error from server \\((Conflict|NotFound)\\):|error: no objects passed to replace|$)' "$work/said" >"$work/errors" && return 2
  grep -q '^Error from server (Conflict)' "$work/said" || return 0
  return 1
}
kubectl get namespaces -o 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}' >"$work/namespaces"
count=0
while read -r namespace; do
  for _ in $(seq 1 ${TRIES}); do
    status=0
    rewrite "$namespace" </dev/null || status=$?
    [ "$status" -ne 0 ] || break
    sleep 1
  done
  [ "$status" -ne 2 ] || die "Secrets of namespace $namespace cannot be encrypted with the new key, so the old keys stay: $(head -n 3 "$work/errors" | paste -sd ' ')"
  count=$((count + 1))
done <"$work/namespaces"
note "the Secrets of $count namespaces are encrypted with the new key"
`;
}
