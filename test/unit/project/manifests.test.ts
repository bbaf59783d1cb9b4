import { describe, expect, it } from "vitest";
import type { Manifest } from "../../../model/core/manifest";

const selector = { matchLabels: { app: "web" } };

/** The compiler checks this file: a directive without an error below it is an error itself. */
describe("manifests of the library", () => {
  it("have the fields of their kind, nested ones included", () => {
    const right: Manifest = {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "web" },
      spec: {
        selector,
        template: {
          spec: { containers: [{ name: "web", readinessProbe: { httpGet: { path: "/", port: 80 } } }] },
        },
      },
    };
    const wrong: Manifest[] = [
      {
        ...right,
        spec: {
          selector,
          template: {
            spec: {
              // @ts-expect-error readinessProbe
              containers: [{ name: "web", readinesProbe: { httpGet: { path: "/", port: 80 } } }],
            },
          },
        },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web" },
        // @ts-expect-error targetPort
        spec: { ports: [{ port: 80, targetport: "http" }] },
      },
      // @ts-expect-error DaemonSets are of apps/v1
      { apiVersion: "v1", kind: "DaemonSet", metadata: { name: "web" } },
      // @ts-expect-error a RuntimeClass has a handler
      { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "windows" } },
    ];
    expect(wrong.map(({ metadata }) => metadata.name)).toEqual(["web", "web", "web", "windows"]);
  });
});
