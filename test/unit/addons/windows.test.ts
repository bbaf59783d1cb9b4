import { describe, expect, it } from "vitest";

import {
  windowsCniConf,
  windowsKubeProxyConfig,
  windowsManifests,
  windowsNetConf,
} from "../../../model/windows/manifests";
import { netConf } from "../../support/cniManifests";
import { configHashAnnotation, type KubernetesObject } from "../../../model/kubernetes";
import { awsSettings } from "../../support/awsInput";
import { windowsSettings } from "../../support/windowsSettings";

const settings = windowsSettings();
const objects = windowsManifests(settings);
const daemonSets = objects.filter((object) => object.kind === "DaemonSet");

interface DaemonSet {
  readonly template: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: Readonly<Record<string, unknown>>;
  };
}

function specOf(object: (typeof objects)[number] | undefined): DaemonSet {
  return (object as KubernetesObject | undefined)?.spec as unknown as DaemonSet;
}

describe("objects for Windows nodes", () => {
  it("are none without a pool of them", () => {
    expect(windowsManifests(awsSettings())).toEqual([]);
  });

  it("are flannel, kube-proxy and a runtime class, each part with its own ConfigMap", () => {
    expect(objects.map((object) => `${object.kind} ${object.metadata.name}`)).toEqual([
      "RuntimeClass windows-2022",
      "ConfigMap kube-flannel-ds-windows",
      "DaemonSet kube-flannel-ds-windows",
      "ConfigMap kube-proxy-windows",
      "DaemonSet kube-proxy-windows",
    ]);
  });

  it("run as processes of Windows hosts, and nowhere else", () => {
    for (const object of daemonSets) {
      expect(specOf(object).template.spec).toMatchObject({
        nodeSelector: { "kubernetes.io/os": "windows" },
        hostNetwork: true,
        securityContext: { windowsOptions: { hostProcess: true } },
        tolerations: [{ operator: "Exists" }],
      });
    }
  });

  it("lead pods to the release that they were built for, past the taint", () => {
    const both = windowsSettings((raw) => {
      (raw["workers"] as Record<string, unknown>)["newer"] = {
        instanceType: "m6i.large",
        os: "windows-2025",
      };
    });
    const classes = windowsManifests(both).filter((object) => object.kind === "RuntimeClass");
    expect(classes.map((object) => object["scheduling"])).toEqual(
      ["10.0.20348", "10.0.26100"].map((build) => ({
        nodeSelector: {
          "kubernetes.io/os": "windows",
          "kubernetes.io/arch": "amd64",
          "node.kubernetes.io/windows-build": build,
        },
        tolerations: [{ key: "os", operator: "Equal", value: "windows", effect: "NoSchedule" }],
      })),
    );
  });

  it("are on the network that Linux nodes are on", () => {
    const linux = netConf(settings) as { Backend: Record<string, unknown>; Network: string };
    const windows = windowsNetConf(settings) as { Backend: Record<string, unknown>; Network: string };
    expect(windows.Network).toBe(linux.Network);
    expect(windows.Backend).toMatchObject({
      Type: linux.Backend["Type"],
      VNI: linux.Backend["VNI"],
      Port: linux.Backend["Port"],
    });
    const name = windows.Backend["Name"];
    expect(windowsCniConf(settings)["name"]).toBe(name);
    expect(windowsKubeProxyConfig(settings)["winkernel"]).toMatchObject({ networkName: name });
  });

  it("take the mode that Windows has, whatever Linux nodes have", () => {
    expect(settings.kubeProxy.mode).toBe("nftables");
    expect(windowsKubeProxyConfig(settings)["mode"]).toBe("kernelspace");
  });

  it("are made anew when what they read has changed", () => {
    const other = windowsSettings((raw) => {
      (raw["network"] as Record<string, unknown>)["serviceCidr"] = "10.97.0.0/16";
    });
    const hash = (from: typeof objects) =>
      from
        .filter((object) => object.kind === "DaemonSet")
        .map((object) => specOf(object).template.metadata.annotations[configHashAnnotation]);
    const [flannel, proxy] = hash(objects);
    const [otherFlannel, otherProxy] = hash(windowsManifests(other));
    expect(otherFlannel).not.toBe(flannel);
    expect(otherProxy).toBe(proxy);
  });
});
