# shellcheck shell=bash disable=SC2154
# Variables: join_access_file auto_approval

phase "who may join"
kubectl apply --server-side --force-conflicts --field-manager pulumi-kubeadm -f "$join_access_file" >/dev/null
kubectl delete clusterrolebinding "$auto_approval" --ignore-not-found
# Its group is above RBAC and cannot be taken back; `kubeadm init phase kubeconfig super-admin` makes it anew in an emergency.
rm -f /etc/kubernetes/super-admin.conf
