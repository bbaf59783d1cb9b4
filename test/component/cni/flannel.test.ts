import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { Flannel } from "../../../components/cni/flannel";
import { flannelManifests } from "../../support/cniManifests";
import { settingsOf } from "../../support/kubeadmSettings";
import { byName, record } from "../../../testing/recorder";

const settings = settingsOf();

async function resources() {
  return record(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    const init = new k8s.core.v1.Namespace("init", {}, { provider });
    new Flannel("flannel", { backend: "vxlan" }, { provider, deletedWith: init });
  });
}

describe("Flannel", () => {
  it("is one component with a typed resource per object of the manifest", async () => {
    const all = await resources();
    const component = byName(all, "flannel");
    expect(component.type).toBe("kubeadm:index:Flannel");
    const children = all.filter((one) => one.parent === component.urn);
    expect(children.map((one) => one.type).sort()).toEqual(
      [
        "kubernetes:apps/v1:DaemonSet",
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:ServiceAccount",
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
      ].sort(),
    );
    expect(children).toHaveLength(flannelManifests(settings).length);
    expect(children.every((one) => one.name.startsWith("flannel-"))).toBe(true);
  });

  it("gives every child the cluster's provider and lets it go with init", async () => {
    const all = await resources();
    const provider = byName(all, "cluster");
    const init = byName(all, "init");
    const children = all.filter((one) => one.parent === byName(all, "flannel").urn);
    expect(new Set(children.map((one) => one.provider))).toEqual(new Set([`${provider.urn}::cluster-id`]));
    expect(new Set(children.map((one) => one.deletedWith))).toEqual(new Set([init.urn]));
  });

  it("makes the DaemonSet after everything its pods need", async () => {
    const all = await resources();
    const children = all.filter((one) => one.parent === byName(all, "flannel").urn);
    const daemonSet = children.find((one) => one.type.endsWith(":DaemonSet"));
    const others = children.filter((one) => one !== daemonSet).map((one) => one.urn);
    expect([...(daemonSet?.dependsOn ?? [])].sort()).toEqual(others.sort());
  });

  it("plans the same resources when the cluster is not there yet", async () => {
    const preview = await record(
      () => {
        const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
        new Flannel("flannel", {}, { provider });
      },
      { preview: true },
    );
    expect(preview.filter((one) => one.name.startsWith("flannel-"))).toHaveLength(6);
  });
});
