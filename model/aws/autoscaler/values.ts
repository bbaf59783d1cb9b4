import type { AwsPool } from "../settings";
import {
  chartImage,
  CONTROL_PLANE_TAINT,
  identityVariables,
  ON_CONTROL_PLANE,
  proxyEnvironment,
  TOKEN_GROUP,
  tokenVolumes,
} from "../addons/values";
import { launchTimeout } from "../hooks";
import { awsOf, type AwsCallerSpec } from "../spec";
import type { ClusterAutoscalerSettings } from "./settings";

export const AUTOSCALER_ACCOUNT = "cluster-autoscaler";

/**
 * Values of the chart cluster-autoscaler (kubernetes/autoscaler, cluster-autoscaler/charts/cluster-autoscaler/values.yaml).
 * @param role ARN of the add-on's role; undefined: it uses the control-plane nodes' role, so that it runs there
 */
export function autoscalerValues(
  settings: AwsCallerSpec,
  autoscaler: ClusterAutoscalerSettings,
  role: unknown,
): Record<string, unknown> {
  const { region, pools } = awsOf(settings);
  const { volumes, mounts } = tokenVolumes(role);
  const environment = [...identityVariables(role), ...proxyEnvironment(settings)];
  return {
    fullnameOverride: AUTOSCALER_ACCOUNT,
    cloudProvider: "aws",
    awsRegion: region,
    autoDiscovery: { clusterName: settings.name },
    image: chartImage(autoscaler.image),
    extraArgs: {
      v: 2,
      expander: autoscaler.expander,
      "scale-down-unneeded-time": `${autoscaler.scaleDownAfterMinutes}m`,
      "scale-down-utilization-threshold": String(autoscaler.scaleDownUtilization / 100),
      "skip-nodes-with-local-storage": autoscaler.keepNodesWithLocalStorage,
      "skip-nodes-with-system-pods": autoscaler.keepNodesWithSystemPods,
      "max-node-provision-time": `${provisionSeconds(pools)}s`,
    },
    rbac: { serviceAccount: { name: AUTOSCALER_ACCOUNT } },
    extraEnv: Object.fromEntries(environment.map(({ name, value }) => [name, value])),
    extraVolumes: volumes,
    extraVolumeMounts: mounts,
    // Pools may be empty, and what fills them must run somewhere.
    nodeSelector: ON_CONTROL_PLANE,
    tolerations: [CONTROL_PLANE_TAINT],
    resources: autoscaler.resources,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: TOKEN_GROUP,
      fsGroup: TOKEN_GROUP,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containerSecurityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** Its own limit, in seconds: upstream ends an instance that is no node by then. */
const LEAST_PROVISION = 900;

/** A pool's own hook and timer end an instance that does not become a node; before that nobody else does. */
function provisionSeconds(pools: readonly AwsPool[]): number {
  return Math.max(LEAST_PROVISION, ...pools.map((pool) => 2 * launchTimeout(pool)));
}
