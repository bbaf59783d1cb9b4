# shellcheck shell=bash disable=SC2154
# Uses: rotation/scripts/kubelet-restarts.sh
# Variables: node authority serves

# The kubelet asks for another certificate only when its own is about to end, so the request is made here, in the node's name. The
# approver of Kubernetes takes it, as it takes those of kubelets (pkg/controller/certificates/approver).
folder=/var/lib/kubelet/pki
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
printf '%s\n' "$authority" >"$work/authority"
as_node() { kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 20s "$@"; }
signed_anew() { openssl verify -no_check_time -CAfile "$work/authority" "$1" >/dev/null 2>&1; }
if ! signed_anew "$folder/kubelet-client-current.pem"; then
  phase "certificate of the kubelet"
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/key"
  openssl req -new -sha256 -key "$work/key" -subj "/O=system:nodes/CN=system:node:$node" -out "$work/request"
  name="pulumi-kubeadm-rotation-$node-$(date +%s)"
  cat >"$work/object" <<OBJECT
{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"$name"},"spec":{
"signerName":"kubernetes.io/kube-apiserver-client-kubelet","usages":["digital signature","client auth"],"request":"$(base64 -w 0 <"$work/request")"}}
OBJECT
  asked() { as_node create -f "$work/object" >"$work/said" 2>&1 || grep -q AlreadyExists "$work/said"; }
  wait_for 60 1 asked || die "the API did not take the request for the kubelet's certificate: $(tail -n 1 "$work/said")"
  issued() {
    as_node get certificatesigningrequest "$name" -o 'jsonpath={.status.certificate}' 2>/dev/null | base64 -d >"$work/certificate" 2>/dev/null
    [ -s "$work/certificate" ]
  }
  wait_for 120 1 issued || die "the request $name for the kubelet's certificate was not signed within two minutes: kubectl describe csr $name says why"
  signed_anew "$work/certificate" || die "the certificate of request $name is not signed by the new CA: a controller manager still has the old one"
  file="$folder/kubelet-client-$(date -u +%Y-%m-%d-%H-%M-%S).pem"
  cat "$work/certificate" "$work/key" >"$file.new"
  chmod 600 "$file.new"
  replace "$file.new" "$file"
  ln -sfn "$file" "$folder/kubelet-client-current.pem.new"
  replace "$folder/kubelet-client-current.pem.new" "$folder/kubelet-client-current.pem"
fi
# Without its file the kubelet asks for a serving certificate as soon as it starts.
if [ -n "$serves" ] && [ -e "$folder/kubelet-server-current.pem" ] && ! signed_anew "$folder/kubelet-server-current.pem"; then
  rm -f "$folder/kubelet-server-current.pem"
fi
rm -rf "$work"
kubelet_restarts
