import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cniProfile } from "../../../model/cni";
import { weaveManifests } from "../../support/cniManifests";
import type { KubernetesObject } from "../../../model/kubernetes";
import type { ClusterSettings } from "../../../model/settings/resolved";
import type { WeaveSettings } from "../../../model/cni/weave/settings";
import { weave } from "../../support/cniSettings";
import { settingsOf } from "../../support/kubeadmSettings";

interface Env {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string } };
}
interface Container {
  name: string;
  image: string;
  args?: string[];
  env: Env[];
  volumeMounts: { name: string }[];
}
interface Spec {
  initContainers: Container[];
  containers: Container[];
  volumes: { name: string }[];
  serviceAccountName: string;
}

const cluster = (over: Parameters<typeof weave>[0] = {}, more: Partial<ClusterSettings> = {}) =>
  settingsOf({ cni: weave(over), kubeProxy: { mode: "iptables", config: {} }, ...more });

function pods(settings: ClusterSettings): Spec {
  const daemonSet = weaveManifests(settings).find((one) => one.kind === "DaemonSet") as KubernetesObject;
  return (daemonSet.spec as unknown as { template: { spec: Spec } }).template.spec;
}

const environment = (settings: ClusterSettings, name = "weave") =>
  Object.fromEntries(
    [...pods(settings).containers, ...pods(settings).initContainers]
      .filter((one) => one.name === name)
      .flatMap((one) => one.env.map((entry) => [entry.name, entry.value ?? entry.valueFrom] as const)),
  );

const mtuOf = (network: { mtu?: number }, over: Parameters<typeof weave>[0] = {}) =>
  environment(cluster(over, { network: { ...settingsOf().network, ...network } })).WEAVE_MTU;

describe("weave's DaemonSet", () => {
  it("allocates from the cluster's pod range and no other", () => {
    const network = { ...settingsOf().network, podCidr: "10.32.0.0/12" };
    expect(environment(cluster({}, { network })).IPALLOC_RANGE).toBe("10.32.0.0/12");
  });

  it("is the fork's, in its pinned version", () => {
    const { containers, initContainers } = pods(cluster());
    expect([...initContainers, ...containers].map((one) => one.image)).toEqual([
      "rajchaudhuri/weave-kube:2.9.0",
      "rajchaudhuri/weave-kube:2.9.0",
      "rajchaudhuri/weave-npc:2.9.0",
    ]);
  });

  it("has the password from the Secret, and nowhere as text", () => {
    const settings = cluster({ encryption: { password: "meshPassword", trustedSubnets: ["10.40.0.0/24"] } });
    expect(environment(settings).WEAVE_PASSWORD).toEqual({
      secretKeyRef: { name: "weave-passwd", key: "weave-passwd" },
    });
    expect(environment(settings).EXTRA_ARGS).toBe("--trusted-subnets=10.40.0.0/24");
    expect(JSON.stringify(weaveManifests(settings))).not.toContain("meshPassword");
    expect(environment(cluster())).not.toHaveProperty("WEAVE_PASSWORD");
  });

  it("runs its policy controller, or tells the router that there is none", () => {
    expect(pods(cluster()).containers.map((one) => one.name)).toEqual(["weave", "weave-npc"]);
    const without = cluster({ networkPolicy: false });
    expect(pods(without).containers.map((one) => one.name)).toEqual(["weave"]);
    expect(environment(without).EXPECT_NPC).toBe("0");
    expect(environment(without, "weave-init").EXPECT_NPC).toBe("0");
  });

  it("lets every node connect to every other, however many there may be", () => {
    const network = { ...settingsOf().network, maxNodes: 500 };
    expect(environment(cluster({}, { network })).CONN_LIMIT).toBe("500");
    expect(environment(cluster()).CONN_LIMIT).toBe("256");
  });

  it("keeps its metrics to its own host", () => {
    expect(environment(cluster()).WEAVE_METRICS_ADDR).toBe("127.0.0.1:6782");
    expect(pods(cluster()).containers[1].args).toEqual(["--metrics-addr=127.0.0.1:6781"]);
  });

  it("mounts only volumes that it has, and has none that nobody mounts", () => {
    const { containers, initContainers, volumes } = pods(cluster());
    const mounted = [...initContainers, ...containers].flatMap((one) => one.volumeMounts.map((m) => m.name));
    expect(new Set(mounted)).toEqual(new Set(volumes.map((one) => one.name)));
  });
});

describe("weave's MTU", () => {
  it.each([
    [{}, {}, undefined],
    [{ mtu: 1500 }, {}, "1416"],
    [{ mtu: 9001 }, {}, "8916"],
    [{ mtu: 9001 }, { mtu: 1376 }, "1376"],
  ])("with nodes' %j and settings %j is %s", (network, over, expected) => {
    expect(mtuOf(network, over)).toBe(expected);
  });

  it("is a multiple of four that fits into the nodes' in any case", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1280, max: 65535 }), (mtu) => {
        const inner = Number(mtuOf({ mtu }));
        expect(inner % 4).toBe(0);
        expect(inner + 84).toBeLessThanOrEqual(mtu);
        expect(inner + 88).toBeGreaterThan(mtu);
      }),
    );
  });
});

describe("weave's facts", () => {
  it("have ESP where it encrypts, and enforce policies where its controller runs", () => {
    const called = (cni: WeaveSettings) =>
      cniProfile(cni)
        .ports.filter(({ reason }) => reason !== undefined)
        .map(({ protocol }) => protocol);
    expect(called(weave({ encryption: { password: "p", trustedSubnets: [] } }))).toEqual([
      "tcp",
      "udp",
      "udp",
      "esp",
    ]);
    expect(called(weave())).toEqual(["tcp", "udp", "udp"]);
    expect(cniProfile(weave({ networkPolicy: false })).networkPolicy).toBe(false);
  });
});
