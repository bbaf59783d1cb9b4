import type { Container } from "../../core/manifest";
import type { PodResources } from "../../settings/resolvedShared";

export interface CorednsContainer {
  readonly name: string;
  readonly image: string;
  readonly resources: PodResources | undefined;
  /** The volume that holds the Corefile. */
  readonly volume: string;
  /** Seconds before the first look at its health; undefined: at once. */
  readonly initialDelaySeconds?: number;
}

/** CoreDNS as a container, wherever it runs: ports, probes, and no more rights than port 53 takes. */
export function corednsContainer(wanted: CorednsContainer): Container {
  const { name, image, resources, volume, initialDelaySeconds } = wanted;
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    args: ["-conf", "/etc/coredns/Corefile"],
    resources,
    ports: [
      { name: "dns", containerPort: 53, protocol: "UDP" },
      { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
      { name: "metrics", containerPort: 9153, protocol: "TCP" },
    ],
    livenessProbe: {
      httpGet: { path: "/health", port: 8080 },
      ...(initialDelaySeconds === undefined ? {} : { initialDelaySeconds }),
      timeoutSeconds: 5,
      failureThreshold: 5,
    },
    readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 5 },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
    },
    volumeMounts: [{ name: volume, mountPath: "/etc/coredns", readOnly: true }],
  };
}
