import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { WindowsNodes } from "../../../components/addons/windows";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { record } from "../../../testing/recorder";
import { awsSettings } from "../../support/awsInput";
import { windowsSettings } from "../../support/windowsSettings";

class Marker extends pulumi.CustomResource {
  constructor(name: string) {
    super("test:index:Marker", name, {});
  }
}

async function typesOf(settings: ClusterSettings): Promise<string[]> {
  const recorded = await record(() => {
    new WindowsNodes("prod-windows", { settings }, { deletedWith: new Marker("init") });
  });
  return recorded
    .filter((resource) => resource.type.startsWith("kubernetes:"))
    .map((resource) => `${resource.type} ${resource.name}`)
    .sort();
}

describe("WindowsNodes", () => {
  it("makes typed objects, named after it", async () => {
    expect(await typesOf(windowsSettings())).toEqual([
      "kubernetes:apps/v1:DaemonSet prod-windows-daemon-set-kube-flannel-ds-windows",
      "kubernetes:apps/v1:DaemonSet prod-windows-daemon-set-kube-proxy-windows",
      "kubernetes:core/v1:ConfigMap prod-windows-config-map-kube-flannel-ds-windows",
      "kubernetes:core/v1:ConfigMap prod-windows-config-map-kube-proxy-windows",
      "kubernetes:node.k8s.io/v1:RuntimeClass prod-windows-runtime-class-windows-2022",
    ]);
  });

  it("makes nothing where all nodes are of Linux", async () => {
    expect(await typesOf(awsSettings())).toEqual([]);
  });
});
