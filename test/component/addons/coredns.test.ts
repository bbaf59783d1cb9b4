import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { CoreDns } from "../../../components/addons/coredns";
import { settingsOf } from "../../support/kubeadmSettings";
import { byName, record } from "../../../testing/recorder";

const settings = settingsOf();

async function resources() {
  return record(() => {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    new CoreDns("dns", { serviceAddress: settings.network.dnsServiceAddress }, { provider });
  });
}

describe("CoreDns", () => {
  it("puts all it makes into one component, with the cluster's provider", async () => {
    const all = await resources();
    const component = byName(all, "dns");
    expect(component.type).toBe("kubeadm:index:CoreDns");
    const children = all.filter((one) => one.name.startsWith("dns-"));
    expect(children).toHaveLength(7);
    for (const child of children) {
      expect(child.parent).toBe(component.urn);
      expect(child.provider).toBe(`${byName(all, "cluster").urn}::cluster-id`);
      expect(child.inputs.metadata).toHaveProperty("name");
    }
  });

  it("puts Service kube-dns on the address that kubelets hand to pods", async () => {
    const all = await resources();
    const service = byName(all, "dns-service-kube-dns");
    expect(service.inputs.spec).toMatchObject({ clusterIP: settings.network.dnsServiceAddress });
  });

  it("does not make the Deployment wait for a Service that waits for the Deployment's pods", async () => {
    const all = await resources();
    const deployment = byName(all, "dns-deployment-coredns");
    expect(deployment.dependsOn).not.toContain(byName(all, "dns-service-kube-dns").urn);
  });
});
