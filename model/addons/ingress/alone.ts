import { z } from "zod";

import type { HelmSettings } from "../../charts";
import { UPSTREAM_REGISTRY } from "../../images";
import { parseAlone } from "../../settings/alone";
import { checkAddon } from "../../settings/checks/addons";
import { repository } from "../../settings/schema/primitives";
import { helmSchema, type HelmInput } from "../helm/schema";
import { chartsFit } from "../helm/validate";
import { nginxSchema, traefikSchema } from "./schema";
import {
  resolveIngress,
  type IngressNginxInput,
  type IngressSettings,
  type IngressSurroundings,
  type TraefikInput,
} from "./settings";

/** What of the cluster an ingress controller has to know. */
interface ClusterInput {
  /**
   * Where the cluster runs: on `aws` the cloud controller makes the load balancer.
   *
   * @defaultValue `machines`
   */
  platform?: "machines" | "aws";
  /**
   * The cluster has the definitions of Gateway API, and Traefik serves them.
   *
   * @defaultValue `false`
   */
  gatewayApi?: boolean;
  /**
   * Registry and folder of images of Kubernetes' own, in place of `registry.k8s.io`.
   *
   * @defaultValue `registry.k8s.io`
   */
  imageRepository?: string;
  /** Where Traefik's chart comes from, and in which version. */
  helm?: HelmInput;
}

/** An ingress controller on a cluster of which nothing else is known. */
export type IngressAloneInput = (IngressNginxInput | TraefikInput) & ClusterInput;

export interface IngressSpec extends IngressSurroundings {
  readonly ingress: IngressSettings;
  readonly addons: IngressSurroundings["addons"] & { readonly helm: HelmSettings };
}

const clusterShape = {
  platform: z.enum(["machines", "aws"]).optional(),
  gatewayApi: z.boolean().optional(),
  imageRepository: repository.optional(),
  helm: helmSchema.optional(),
};
const schema = z.discriminatedUnion("kind", [
  nginxSchema.extend(clusterShape),
  traefikSchema.extend(clusterShape),
]);

/** @throws SettingsError with every problem */
export function parseIngress(given: unknown, title: string): IngressSpec {
  const {
    platform = "machines",
    gatewayApi = false,
    imageRepository,
    helm,
    ...input
  } = parseAlone(title, given, {
    schema,
    key: "ingress",
    around: ({ helm, ...left }) => ({ ingress: left, helm }),
    checks: [checkAddon("ingress"), chartsFit],
    aws: (given as { platform?: unknown } | undefined)?.platform === "aws",
  });
  return {
    ingress: resolveIngress(input),
    platform,
    images: { repository: imageRepository ?? UPSTREAM_REGISTRY },
    addons: {
      helm: { sources: helm?.sources ?? {}, versions: helm?.versions ?? {} },
      ...(gatewayApi ? { gatewayApi: {} } : {}),
    },
  };
}
