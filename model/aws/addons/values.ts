import type { Manifest } from "../../core/manifest";
import { proxyVariables } from "../../node/downloads";
import { awsOf, type AwsCallerSpec, type AwsCluster } from "../spec";
import { STS_AUDIENCE } from "../../kubeadm/issuer";

/** Where pods of add-ons find the token that AWS takes for their role. */
const TOKEN_FOLDER = "/var/run/secrets/sts.amazonaws.com/serviceaccount";
const TOKEN_VOLUME = "aws-token";
/** Seconds for which a token is good; the kubelet renews it well before. */
const TOKEN_SECONDS = 3600;
/** Any group but root's: by it a container that is not root may read its token. */
export const TOKEN_GROUP = 65534;

export const CLOUD_CONTROLLER_ACCOUNT = "cloud-controller-manager";
export const STORAGE_ACCOUNT = "ebs-csi-controller-sa";
export const ADDON_NAMESPACE = "kube-system";

export const ON_CONTROL_PLANE = { "node-role.kubernetes.io/control-plane": "" } as const;
export const CONTROL_PLANE_TAINT = {
  key: "node-role.kubernetes.io/control-plane",
  operator: "Exists",
  effect: "NoSchedule",
};
/** kubelets with an external cloud provider come with it, and the cloud controller manager takes it away. */
const UNINITIALIZED = { key: "node.cloudprovider.kubernetes.io/uninitialized", operator: "Exists" };
const NOT_READY = { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoSchedule" };

/** The variables by which AWS' SDKs find a role and the token for it. */
export function identityVariables(role: unknown): { name: string; value: unknown }[] {
  if (role === undefined) return [];
  return [
    { name: "AWS_ROLE_ARN", value: role },
    { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${TOKEN_FOLDER}/token` },
    // The region's own endpoint: the global one is another region's.
    { name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" },
  ];
}

/** By it AWS' SDKs go through the proxy; what is the cluster's own goes direct. */
export function proxyEnvironment(settings: Pick<AwsCallerSpec, "proxy">): { name: string; value: string }[] {
  return proxyVariables(settings)
    .filter(([name]) => name === name.toUpperCase())
    .map(([name, value]) => ({ name, value }));
}

export function tokenVolumes(role: unknown): { volumes: object[]; mounts: object[] } {
  if (role === undefined) return { volumes: [], mounts: [] };
  const token = { path: "token", audience: STS_AUDIENCE, expirationSeconds: TOKEN_SECONDS };
  return {
    volumes: [{ name: TOKEN_VOLUME, projected: { sources: [{ serviceAccountToken: token }] } }],
    mounts: [{ name: TOKEN_VOLUME, mountPath: TOKEN_FOLDER, readOnly: true }],
  };
}

/** An image with a tag or a digest, as charts take it: they put the two together with a colon. */
export function chartImage(image: string): { readonly repository: string; readonly tag: string } {
  const at = image.lastIndexOf(":");
  return { repository: image.slice(0, at), tag: image.slice(at + 1) };
}

/**
 * Values of the chart aws-cloud-controller-manager (cloud-provider-aws, charts/aws-cloud-controller-manager/values.yaml).
 * @param role ARN of the add-on's role; undefined: it uses the control-plane nodes' role
 */
export function cloudControllerValues(settings: AwsCallerSpec, role: unknown): Record<string, unknown> {
  const { cloudProvider, region } = awsOf(settings);
  const { volumes, mounts } = tokenVolumes(role);
  return {
    image: chartImage(cloudProvider.image),
    args: [
      "--v=2",
      "--cloud-provider=aws",
      `--cluster-name=${settings.name}`,
      // The CNI routes, and the controller manager of Kubernetes hands out the nodes' slices.
      "--allocate-node-cidrs=false",
      "--configure-cloud-routes=false",
    ],
    nodeSelector: ON_CONTROL_PLANE,
    tolerations: [UNINITIALIZED, CONTROL_PLANE_TAINT, NOT_READY],
    // It runs before the cluster has DNS, and before a node has a pod network.
    hostNetworking: true,
    dnsPolicy: "Default",
    serviceAccountName: CLOUD_CONTROLLER_ACCOUNT,
    podSecurityContext: { fsGroup: TOKEN_GROUP },
    env: [{ name: "AWS_REGION", value: region }, ...identityVariables(role), ...proxyEnvironment(settings)],
    extraVolumes: volumes,
    extraVolumeMounts: mounts,
  };
}

/**
 * Values of the chart aws-ebs-csi-driver (aws-ebs-csi-driver, charts/aws-ebs-csi-driver/values.yaml).
 * @param role ARN of the add-on's role; undefined: it uses the control-plane nodes' role, so that it runs there
 */
export function storageValues(settings: AwsCallerSpec, role: unknown): Record<string, unknown> {
  const { region, tags, controlPlane, pools } = awsOf(settings);
  const { volumes, mounts } = tokenVolumes(role);
  const further = Math.max(
    controlPlane.etcdVolume === undefined ? 0 : 1,
    ...pools.map((pool) => pool.volumes.length),
  );
  return {
    controller: {
      replicaCount: controlPlane.instances.length > 1 ? 2 : 1,
      // The chart makes AWS_REGION of it, and a second variable of that name would be one too many.
      region,
      env: [...identityVariables(role), ...proxyEnvironment(settings)],
      volumes,
      volumeMounts: mounts,
      serviceAccount: { name: STORAGE_ACCOUNT },
      // By it volumes get the cluster's tag; among the extra ones the driver refuses to start with it (pkg/driver/validation.go).
      k8sTagClusterId: settings.name,
      extraVolumeTags: { ...tags },
      nodeSelector: ON_CONTROL_PLANE,
      tolerations: [
        { key: "CriticalAddonsOnly", operator: "Exists" },
        { operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
        CONTROL_PLANE_TAINT,
      ],
    },
    // Workers' metadata service answers the host alone (hop limit 1): a pod asks Kubernetes for its node's facts.
    // Those do not say which volumes an instance has from its start: the driver takes it for the root volume alone, and Kubernetes would
    // place more claims on a node than EC2 attaches (pkg/driver/node.go, getVolumesLimit). It is one number for all nodes.
    node: {
      metadataSources: "kubernetes",
      ...(further === 0 ? {} : { reservedVolumeAttachments: 1 + further }),
    },
    storageClasses: [],
  };
}

export const STORAGE_CLASS = "gp3";

/** The default StorageClass: encrypted, and made where its first pod runs, since a volume never leaves its zone. */
export function storageClass(settings: Pick<AwsCluster, "aws">): Manifest<"storage.k8s.io/v1/StorageClass"> {
  const { storage } = awsOf(settings);
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: STORAGE_CLASS,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "ebs.csi.aws.com",
    parameters: {
      type: "gp3",
      encrypted: "true",
      ...(storage?.kmsKeyId === undefined ? {} : { kmsKeyId: storage.kmsKeyId }),
    },
    reclaimPolicy: "Delete",
    allowVolumeExpansion: true,
    volumeBindingMode: "WaitForFirstConsumer",
  };
}
