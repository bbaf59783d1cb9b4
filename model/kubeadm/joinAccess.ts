import { script } from "../core/script";
import type { RenderedFile } from "../renderedFile";
import { toYaml } from "../yaml";
import { configFolder } from "./paths";

/**
 * Group of join credentials: a group of the library's own, so that nothing which kubeadm grants its bootstrap tokens, now or
 * in a later upgrade, holds for it. It may ask for a certificate; control-plane nodes approve it by name (joinApprover.ts).
 */
export const JOIN_GROUP = "system:bootstrappers:pulumi-kubeadm";

/** User name of a join credential: who may join with it. A Node's name, or on AWS a pool's. */
export function joinUser(who: string): string {
  return `system:bootstrap:${who}`;
}

/** kubeadm's binding that lets the controller manager approve any node's name for bootstrap tokens (app/constants). */
const AUTO_APPROVAL = "kubeadm:node-autoapprove-bootstrap";

const RBAC = "rbac.authorization.k8s.io";
const file = `${configFolder}/join-access.yaml`;

/**
 * What `kubeadm join` reads and asks for, by the roles that Kubernetes and kubeadm have for bootstrap tokens (kubeadm,
 * app/phases: bootstraptoken/node, bootstraptoken/clusterinfo, uploadconfig, kubelet, addons/proxy).
 */
const ROLES = [
  { name: "certificates", kind: "ClusterRole", role: "system:node-bootstrapper" },
  { name: "nodes", kind: "ClusterRole", role: "kubeadm:get-nodes" },
  {
    name: "cluster-configuration",
    kind: "Role",
    role: "kubeadm:nodes-kubeadm-config",
    namespace: "kube-system",
  },
  { name: "kubelet-configuration", kind: "Role", role: "kubeadm:kubelet-config", namespace: "kube-system" },
  { name: "kube-proxy", kind: "Role", role: "kube-proxy", namespace: "kube-system" },
  {
    name: "cluster-info",
    kind: "Role",
    role: "kubeadm:bootstrap-signer-clusterinfo",
    namespace: "kube-public",
  },
] as const;

/** On control-plane nodes: the bindings of the group, for `grantJoinAccess`. */
export const JOIN_ACCESS_FILE: RenderedFile = {
  path: file,
  mode: "0600",
  content: toYaml(
    ...ROLES.map((one) => ({
      apiVersion: `${RBAC}/v1`,
      kind: "namespace" in one ? "RoleBinding" : "ClusterRoleBinding",
      metadata: {
        name: `pulumi-kubeadm:join-${one.name}`,
        ...("namespace" in one ? { namespace: one.namespace } : {}),
      },
      roleRef: { apiGroup: RBAC, kind: one.kind, name: one.role },
      subjects: [{ kind: "Group", apiGroup: RBAC, name: JOIN_GROUP }],
    })),
  ),
};

/**
 * Bash, on a control-plane node that is a member: gives the group its roles, and takes away kubeadm's automatic approval,
 * which `kubeadm init` and `kubeadm upgrade apply` make. kubelets' renewals keep theirs: the controller manager approves
 * them for the node's own name alone (Kubernetes, pkg/controller/certificates/approver: isSelfNodeClientCert).
 */
export function grantJoinAccess(): string {
  return script("kubeadm/scripts/grant-join-access.sh", {
    join_access_file: file,
    auto_approval: AUTO_APPROVAL,
  });
}
