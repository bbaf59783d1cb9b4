import {
  chartImage,
  CONTROL_PLANE_TAINT,
  identityVariables,
  ON_CONTROL_PLANE,
  proxyEnvironment,
  TOKEN_GROUP,
  tokenVolumes,
} from "../addons/values";
import { awsOf, type AwsCallerSpec } from "../spec";
import type { LoadBalancerControllerSettings } from "./settings";

export const LOAD_BALANCERS_ACCOUNT = "aws-load-balancer-controller";

/**
 * Values of the chart aws-load-balancer-controller (aws-load-balancer-controller v3.5.0, helm/.../values.yaml).
 * @param found what only AWS knows: the ARN of the controller's role (undefined: it uses the control-plane nodes') and the VPC's id
 */
export function loadBalancerControllerValues(
  settings: AwsCallerSpec,
  controller: LoadBalancerControllerSettings,
  found: { readonly role: unknown; readonly vpcId: unknown },
): Record<string, unknown> {
  const { region, tags } = awsOf(settings);
  const { volumes, mounts } = tokenVolumes(found.role);
  const environment = [...identityVariables(found.role), ...proxyEnvironment(settings)];
  return {
    fullnameOverride: LOAD_BALANCERS_ACCOUNT,
    clusterName: settings.name,
    // Without them it would ask the metadata service, which answers no pod.
    region,
    vpcId: found.vpcId,
    image: chartImage(controller.image),
    replicaCount: controller.replicas,
    // The webhooks' certificate is made by the first release, and a new one with each would break calls until pods have it.
    keepTLSSecret: true,
    enableServiceMutatorWebhook: controller.defaultForServices,
    ingressClassConfig: { default: controller.defaultForIngresses },
    // Its role allows none of them (statements.ts).
    enableShield: false,
    enableWaf: false,
    enableWafv2: false,
    defaultTags: { ...tags },
    serviceAccount: { name: LOAD_BALANCERS_ACCOUNT },
    env: Object.fromEntries(environment.map(({ name, value }) => [name, value])),
    extraVolumes: volumes,
    extraVolumeMounts: mounts,
    // It comes before the cluster has DNS, and the VPC's resolver knows all that it calls.
    dnsPolicy: "Default",
    nodeSelector: ON_CONTROL_PLANE,
    tolerations: [CONTROL_PLANE_TAINT],
    resources: controller.resources,
    podSecurityContext: { fsGroup: TOKEN_GROUP, seccompProfile: { type: "RuntimeDefault" } },
    securityContext: {
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
    ...(controller.replicas > 1 ? { podDisruptionBudget: { maxUnavailable: 1 } } : {}),
  };
}
