import type { Container, Manifest } from "../core/manifest";
import { namespaceOf } from "../core/objects";
import type { SmokeOptions } from "./options";

/** Names of what the test makes in its own namespace. */
export const SMOKE = "smoke";
const labels = { "app.kubernetes.io/name": "pulumi-kubeadm-smoke" };

/** Namespace of one run; everything the test makes is in it, and goes with it. */
export function smokeNamespace(name: string): Manifest {
  return namespaceOf(name, "restricted", labels);
}

export function smokeSecret(namespace: string, value: string): Manifest {
  return { apiVersion: "v1", kind: "Secret", metadata: { name: SMOKE, namespace }, stringData: { value } };
}

/** What the pods write to their log before anything else. */
export function greeting(namespace: string): string {
  return `smoke test ${namespace}`;
}

/** The web server, on as many nodes as there are replicas if the nodes suffice. */
export function smokeDeployment(namespace: string, options: SmokeOptions, replicas: number): Manifest {
  const script = `echo ${greeting(namespace)} $(hostname); exec ${options.server}`;
  const container: Container = {
    name: SMOKE,
    image: options.image,
    command: ["sh", "-c", script],
    ports: [{ containerPort: options.port }],
    readinessProbe: { httpGet: { path: options.path, port: options.port }, periodSeconds: 1 },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: SMOKE, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          // Nobody (65534) in most images: the restricted level of Pod Security takes no root.
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65534,
            runAsGroup: 65534,
            seccompProfile: { type: "RuntimeDefault" },
          },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "DoNotSchedule",
              // Tainted control-plane nodes are nodes where there is nothing, and would stop the second pod on the
              // first worker.
              nodeTaintsPolicy: "Honor",
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [container],
        },
      },
    },
  };
}

export function smokeService(namespace: string, options: Pick<SmokeOptions, "port" | "nodePort">): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: SMOKE, namespace, labels },
    spec: {
      type: options.nodePort ? "NodePort" : "ClusterIP",
      selector: labels,
      ports: [{ port: 80, targetPort: options.port }],
    },
  };
}

/** Selector of the pods. */
export const SMOKE_SELECTOR = Object.entries(labels)
  .map(([key, value]) => `${key}=${value}`)
  .join(",");

/**
 * In etcd's own container on a control-plane node: what is stored of an object, as kubeadm has etcd's certificates there.
 */
export function etcdCommand(namespace: string): string[] {
  const pki = "/etc/kubernetes/pki/etcd";
  return [
    "etcdctl",
    "--endpoints=https://127.0.0.1:2379",
    `--cacert=${pki}/ca.crt`,
    `--cert=${pki}/healthcheck-client.crt`,
    `--key=${pki}/healthcheck-client.key`,
    "get",
    `/registry/secrets/${namespace}/${SMOKE}`,
    "--print-value-only",
  ];
}

/** Prefix of a stored value that is encrypted: provider, its version and the key's name (KEP-3299 and before). */
export function encryptionOf(stored: string): string | undefined {
  return /^k8s:enc:[a-z]+:v\d+:[^:]*:/.exec(stored)?.[0];
}

/** The cluster's DNS suffix, from a pod's /etc/resolv.conf: `<namespace>.svc.<suffix>` is searched first. */
export function clusterDomainOf(resolvConf: string, namespace: string): string | undefined {
  const searched = /^search\s+(.*)$/m.exec(resolvConf)?.[1]?.split(/\s+/) ?? [];
  const own = searched.find((domain) => domain.startsWith(`${namespace}.svc.`));
  return own?.slice(`${namespace}.svc.`.length);
}
