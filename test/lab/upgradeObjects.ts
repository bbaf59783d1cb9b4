import { webImage } from "./images";

const labels = { app: "steady" };

/** Port of every node at which the Service below answers. */
export const STEADY_PORT = 30090;

/**
 * An application that is to answer while its nodes are drained, as people would write one: two pods on two nodes, one of
 * them always there, each going on a little when it is asked to end, since rules on the nodes follow a moment later.
 */
export function steadyObjects(): object[] {
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "steady" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: "kubernetes.io/hostname",
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [
              {
                name: "web",
                image: webImage,
                ports: [{ containerPort: 8080 }],
                readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
                lifecycle: { preStop: { sleep: { seconds: 5 } } },
                securityContext: { allowPrivilegeEscalation: false },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "steady" },
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "steady" },
      spec: {
        type: "NodePort",
        selector: labels,
        ports: [{ port: 80, targetPort: 8080, nodePort: STEADY_PORT }],
      },
    },
  ];
}
