import { webImage } from "./images";

/** Objects that tests put into a cluster. */
export function webDaemonSet(name: string): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          tolerations: [{ operator: "Exists" }],
          containers: [
            { name: "web", image: webImage, ports: [{ containerPort: 8080 }], securityContext: hardened },
          ],
        },
      },
    },
  };
}

export function webService(name: string, nodePort: number): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { type: "NodePort", selector: { app: name }, ports: [{ port: 80, targetPort: 8080, nodePort }] },
  };
}

const hardened = { allowPrivilegeEscalation: false };

/** A pod's name, node and address. */
export interface Pod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

export function podsOf(json: string): Pod[] {
  const list = JSON.parse(json) as {
    items: { metadata: { name: string }; spec: { nodeName: string }; status: { podIP?: string } }[];
  };
  return list.items.map((item) => ({
    name: item.metadata.name,
    node: item.spec.nodeName,
    address: item.status.podIP ?? "",
  }));
}
