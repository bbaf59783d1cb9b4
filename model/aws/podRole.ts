import { identityVariables, tokenVolumes } from "./addons/values";

/** A container as far as a role touches it. */
interface Container {
  readonly env?: readonly object[];
  readonly volumeMounts?: readonly object[];
}

/** A pod's specification as far as a role touches it. */
export interface PodWithRole {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly object[];
}

/** Whose role, and where it is asked for. */
export interface PodRole {
  readonly arn: string;
  /** The account that may take the role on. */
  readonly serviceAccount: string;
  /** Pods do not reach the metadata service, which would tell it. */
  readonly region: string;
}

/**
 * The specification with what AWS' SDKs find a role by: its service account, a token for STS, and the variables that name both, in
 * every container. What a container says of these variables itself stays.
 */
export function podWithRole<Pod extends PodWithRole>(
  pod: Pod,
  role: PodRole,
): Pod & { serviceAccountName: string } {
  const { volumes, mounts } = tokenVolumes(role.arn);
  const variables = [{ name: "AWS_REGION", value: role.region }, ...identityVariables(role.arn)];
  const inside = (container: Container): Container => {
    const own = new Set((container.env ?? []).map((one) => (one as { name?: unknown }).name));
    return {
      ...container,
      env: [...variables.filter(({ name }) => !own.has(name)), ...(container.env ?? [])],
      volumeMounts: [...(container.volumeMounts ?? []), ...mounts],
    };
  };
  return {
    ...pod,
    serviceAccountName: role.serviceAccount,
    containers: pod.containers.map(inside),
    ...(pod.initContainers === undefined ? {} : { initContainers: pod.initContainers.map(inside) }),
    volumes: [...(pod.volumes ?? []), ...volumes],
  };
}
