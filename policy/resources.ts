/** Types of the resources that the policies look at, and what can be told of a resource from its URN. */

export const LOCAL_COMMAND = "command:local:Command";
/** Everything of @pulumi/command that opens its own SSH connection. */
export const REMOTE_COMMANDS: readonly string[] = [
  "command:remote:Command",
  "command:remote:CopyFile",
  "command:remote:CopyToRemote",
];

export const PRIVATE_KEY = "tls:index/privateKey:PrivateKey";
export const SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert";
export const LOCALLY_SIGNED = "tls:index/locallySignedCert:LocallySignedCert";

export const CLUSTER = "kubeadm:index:Cluster";
export const PKI = "kubeadm:index:Pki";
export const AUTHORITY = "kubeadm:index:Authority";

export const KUBERNETES_PROVIDER = "pulumi:providers:kubernetes";
export const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
export const SECRET = "kubernetes:core/v1:Secret";
export const SERVICE = "kubernetes:core/v1:Service";

/** The type of the resource that a URN names: `urn:pulumi:stack::project::parentType$type::name`. */
export function typeOfUrn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** The kind that a resource changes: `DeploymentPatch` of @pulumi/kubernetes takes the properties of a Deployment. */
export function withoutPatch(type: string): string {
  return type.startsWith("kubernetes:") ? type.replace(/Patch$/, "") : type;
}

/** Whether a type is a kind of the Kubernetes API: charts and manifests are not, the objects they make are. */
export function isKubernetesObject(type: string): boolean {
  return /^kubernetes:(?!helm\.sh\/|yaml|kustomize)[^:]+:[^:]+$/.test(type);
}
