import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { SPEC_VARIABLE, type LeftoversStepSpec, type StepSpec } from "../../../host/protocol";
import { groupRules } from "../../../model/aws/firewall";
import "../../../aws";
import { createCluster } from "../../../stacks/program";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { awsSettings, largeAws, REGION, smallAws } from "../../support/awsInput";
import type { RawSettings } from "../../support/settings";

const ROOT = path.resolve(__dirname, "../../..");

type Settings = Parameters<typeof createCluster>[0]["settings"];

/** As the first preview sees it. */
function cluster(raw: RawSettings): Promise<readonly Recorded[]> {
  return record(
    () => {
      createCluster({ settings: raw as unknown as Settings, environment: "cloud", region: REGION });
    },
    {
      preview: true,
      onWarning: () => undefined,
      call: () => ({ insecureValue: pulumi.unknown }),
    },
  );
}

let small: readonly Recorded[];
let large: readonly Recorded[];

beforeAll(async () => {
  small = await cluster(smallAws());
  large = await cluster(largeAws());
});

const ofType = (all: readonly Recorded[], end: string) => all.filter((one) => one.type.endsWith(`:${end}`));

/** What comes before a resource, and stays as long as it does. */
function needed(all: readonly Recorded[], name: string): ReadonlySet<string> {
  const byUrn = new Map(all.map((one) => [one.urn, one]));
  const below = new Set<string>();
  const follow = (urn: string): void => {
    if (below.has(urn)) return;
    below.add(urn);
    for (const next of byUrn.get(urn)?.dependsOn ?? []) follow(next);
  };
  follow(byName(all, name).urn);
  return below;
}

const names = (all: readonly Recorded[]) => all.map((one) => one.name).sort();

describe("the tree", () => {
  it("hangs below the cluster, every child named after its parent, and no two alike", () => {
    for (const all of [small, large]) {
      const byUrn = new Map(all.map((one) => [one.urn, one.name]));
      for (const one of all)
        if (one.parent !== "") expect(one.name.startsWith(`${byUrn.get(one.parent)}-`), one.name).toBe(true);
      expect(new Set(names(all)).size).toBe(all.length);
    }
  });

  it("costs four resources a control-plane node, its one step included, and a step between two control-plane nodes", () => {
    for (const name of ["cp-1", "cp-2", "cp-3"]) {
      const own = large.filter((one) => one.custom && one.name.includes(`-${name}`));
      expect(names(own)).toEqual([
        `cloud-control-plane-${name}-node`,
        `cloud-instances-${name}`,
        `cloud-instances-${name}-internal`,
        `cloud-instances-${name}-public`,
        ...(name === "cp-3" ? [] : [`cloud-instances-${name}-settled`]),
      ]);
    }
    expect(names(small.filter((one) => one.custom && one.name.includes("-cp-1")))).toEqual([
      "cloud-control-plane-cp-1-node",
      "cloud-instances-cp-1",
    ]);
  });

  it("costs the same for a pool of a thousand as for one of three", async () => {
    const sized = (count: number) =>
      cluster({
        ...smallAws(),
        network: { vpcCidr: "10.0.0.0/16", serviceCidr: "10.96.0.0/16", maxNodes: 1200 },
        cni: { kind: "flannel", backend: "vxlan", podCidr: "10.128.0.0/9" },
        workers: { general: { count, instanceType: "t3.large" } },
      });
    const [few, many] = [await sized(3), await sized(1000)];
    expect(names(many)).toEqual(names(few));
    expect(many.filter((one) => one.custom && one.name.startsWith("cloud-pool-general"))).toHaveLength(9);
  });
});

describe("a rotation of certificates", () => {
  const raw = { ...largeAws(), certificates: { rotation: "2026-12" } };

  it("waits in no circle, and adds its step to what a new cluster shows", async () => {
    const rotated = await cluster(raw);
    const more = names(rotated).filter((name) => !large.some((one) => one.name === name));
    expect(more).toContain("cloud-control-plane-rotation");
    expect(more.filter((name) => !name.startsWith("cloud-pki-"))).toEqual(["cloud-control-plane-rotation"]);
    expect(names(rotated)).toEqual(
      expect.arrayContaining(names(large).filter((name) => !name.startsWith("cloud-pki-admin"))),
    );
  });

  it("tells its step of pools, and of the keys that AWS has to know", async () => {
    const spec = JSON.parse(
      (
        byName(await cluster(raw), "cloud-control-plane-rotation").inputs.environment as Record<
          string,
          string
        >
      )[SPEC_VARIABLE] ?? "",
    ) as StepSpec;
    expect(spec).toMatchObject({
      step: "rotation",
      aws: {
        region: REGION,
        identity: true,
        pools: awsSettings(largeAws).aws?.pools.map(({ name }) => name),
      },
    });
  });
});

describe("the firewall", () => {
  it("is one rule for each of the model, its reason as description", () => {
    const rules = groupRules(awsSettings(largeAws));
    const made = ofType(large, "SecurityGroupIngressRule");
    expect(made).toHaveLength(rules.length);
    expect(made.map((one) => one.inputs.description).sort()).toEqual(rules.map((rule) => rule.reason).sort());
  });

  it("gives balancers their group from the start", () => {
    for (const one of ofType(large, "LoadBalancer")) {
      expect(one.inputs.securityGroups).toHaveLength(1);
      expect((one.inputs.name as string).length).toBeLessThanOrEqual(32);
    }
  });
});

describe("the endpoint", () => {
  it("has the internal balancer at the addresses that nodes' hosts files name", () => {
    const { inputs } = byName(large, "cloud-endpoint-internal");
    const mappings = inputs.subnetMappings as { privateIpv4Address: string }[];
    const { endpoint } = awsSettings(largeAws);
    expect(endpoint.kind === "addresses" && endpoint.addresses).toEqual(
      mappings.map((one) => one.privateIpv4Address),
    );
    expect(inputs.internal).toBe(true);
  });

  it("passes TCP on without the caller's address, and asks /readyz over HTTPS", () => {
    for (const one of ofType(large, "TargetGroup")) {
      expect(one.inputs).toMatchObject({
        protocol: "TCP",
        preserveClientIp: "false",
        targetType: "instance",
        healthCheck: { protocol: "HTTPS", path: "/readyz" },
      });
    }
  });

  it("is made public once there is a way to the internet, without which AWS refuses it", () => {
    const waits = byName(large, "cloud-endpoint-public").dependsOn.map((urn) => urn.split("::").pop());
    expect(waits).toContain("cloud-network-public-routes-out");
  });

  it("is the one control-plane node's elastic address where there is no balancer", () => {
    expect(names(ofType(small, "Eip"))).toEqual(["cloud-instances-address"]);
    expect(ofType(small, "LoadBalancer")).toEqual([]);
  });

  it("leaves the first of several control-plane nodes the elastic address that it had alone", async () => {
    const grown = await cluster({ ...smallAws(), controlPlane: { count: 3, instanceType: "t3.medium" } });
    expect(names(ofType(grown, "Eip"))).toEqual(["cloud-instances-address"]);
    expect(ofType(grown, "LoadBalancer")).toHaveLength(2);
    // Where nobody reaches it by a public address it has none.
    expect(names(ofType(large, "Eip"))).not.toContain("cloud-instances-address");
  });
});

describe("instances", () => {
  it("of control-plane nodes are hard to lose: encrypted, IMDSv2, fixed address, spread over zones", () => {
    const controlPlaneNodes = ofType(large, "Instance").filter((one) =>
      one.name.startsWith("cloud-instances"),
    );
    expect(controlPlaneNodes).toHaveLength(3);
    for (const one of controlPlaneNodes) {
      expect(one.inputs).toMatchObject({
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true, volumeType: "gp3" },
        disableApiTermination: true,
      });
      expect([...one.ignoreChanges].sort()).toEqual([
        "ami",
        "ebsBlockDevices",
        "keyName",
        "rootBlockDevice.kmsKeyId",
        "userDataBase64",
      ]);
      expect(one.deleteBeforeReplace).toBe(true);
      expect(one.protect).toBe(true);
      expect(one.replaceOnChanges).toEqual(['tags["pulumi-kubeadm/revision"]']);
    }
    const zones = awsSettings(largeAws).aws?.controlPlane.instances.map(
      (controlPlaneNode) => controlPlaneNode.subnet,
    );
    expect(new Set(zones).size).toBe(3);
  });

  it("of control-plane nodes have a volume for etcd from their start, whose id their own steps are told", async () => {
    const raw = largeAws();
    const controlPlane = { ...(raw["controlPlane"] as object), etcdVolume: { iops: 6000 } };
    const all = await cluster({ ...raw, controlPlane });
    for (const one of ofType(all, "Instance").filter(({ name }) => name.startsWith("cloud-instances")))
      expect(one.inputs.ebsBlockDevices).toMatchObject([
        {
          deviceName: "/dev/sdf",
          volumeType: "gp3",
          volumeSize: 20,
          iops: 6000,
          encrypted: true,
          deleteOnTermination: true,
        },
      ]);
    const { dependsOn } = byName(all, "cloud-control-plane-cp-2-node");
    expect(dependsOn).toContain(byName(all, "cloud-instances-cp-2").urn);
    expect(byName(large, "cloud-instances-cp-1").inputs.ebsBlockDevices).toBeUndefined();
  });

  it("that are lost come back by a restore, which brings the first setup along and waits for what can refuse it", async () => {
    const restore = "etcd-0123456789abcdef-20261129T015500Z-r1-e3.6.8-k1.36.4.snapshot";
    const backup = { target: { kind: "s3", bucket: "backups" } };
    const all = await cluster({ ...largeAws(), etcd: { backup, restore } });
    const step = byName(all, "cloud-control-plane-restore");
    for (const name of [
      "cloud-control-plane-guard",
      "cloud-control-plane-health",
      "cloud-control-plane-init",
    ])
      expect(step.dependsOn, name).toContain(byName(all, name).urn);
    expect(byName(all, "cloud-control-plane-cp-1-node").dependsOn).toContain(step.urn);
    const told = (name: string): Record<string, unknown> => {
      const { environment } = byName(all, name).inputs as { environment: Record<string, string> };
      return JSON.parse(environment[SPEC_VARIABLE] ?? "") as Record<string, unknown>;
    };
    expect(told("cloud-control-plane-restore")).toMatchObject({
      snapshot: restore,
      setup: (told("cloud-control-plane-cp-1-node")["setup"] as object) ?? expect.fail("it has a setup"),
    });
    expect(told("cloud-pool-general-ready")["restored"]).toBe(restore);
  });

  it("of control-plane nodes have a second hop to their metadata only where add-ons use the control-plane nodes' role", async () => {
    const without = await cluster({ ...smallAws(), podIdentity: false });
    expect(byName(without, "cloud-instances-cp-1").inputs).toMatchObject({
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 2 },
    });
  });

  it("of control-plane nodes are let go of by name, or with the whole stack", async () => {
    const holds = async (raw: RawSettings) =>
      ofType(await cluster(raw), "Instance")
        .filter((one) => one.name.startsWith("cloud-instances"))
        .map(({ protect, inputs }) => [protect, inputs.disableApiTermination, inputs.forceDestroy]);
    const raw = largeAws();
    const controlPlane = { ...(raw["controlPlane"] as object), deletable: ["cp-2"] };
    expect(await holds({ ...raw, controlPlane })).toEqual([
      [true, true, false],
      [false, false, true],
      [true, true, false],
    ]);
    expect(await holds({ ...raw, protect: false })).toEqual(Array(3).fill([false, false, true]));
  });

  it("of pools have one hop to their metadata, and an image that is looked up at each start", () => {
    for (const one of ofType(large, "LaunchTemplate")) {
      expect(one.inputs).toMatchObject({
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      });
      expect(one.inputs.imageId).toMatch(/^resolve:ssm:\/aws\/service\//);
      expect(Buffer.from(one.inputs.userData as string, "base64").length).toBeLessThanOrEqual(16_384);
    }
  });

  it("of a pool stay in their group when a drain may take longer: a hook that differs is another group", async () => {
    const group = (all: readonly Recorded[]) => byName(all, "cloud-pool-general-group").inputs;
    const slower = await cluster({ ...smallAws(), drainTimeoutSeconds: 600 });
    expect(group(slower)).toEqual(group(small));
    expect(group(small).initialLifecycleHooks).toMatchObject([{ name: "drain", heartbeatTimeout: 300 }]);
  });

  it("of a pool come into service when they are Ready nodes, by a hook that replaces no group", async () => {
    const hook = byName(small, "cloud-pool-general-launch");
    expect(hook.inputs).toEqual({
      name: "launch",
      autoscalingGroupName: hook.inputs.autoscalingGroupName,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      heartbeatTimeout: 900,
      defaultResult: "ABANDON",
      notificationMetadata: hook.inputs.notificationMetadata,
    });
    // Something that is the group's alone, so that the hook follows where the group is replaced under the same name.
    const { urn } = byName(small, "cloud-pool-general-group");
    expect(hook.propertyDependencies.notificationMetadata).toEqual([urn]);
    const windowed = { count: 1, instanceType: "t3.large", joinTimeoutSeconds: 60 };
    const quick = await cluster({ ...smallAws(), workers: { general: windowed } });
    expect(byName(quick, "cloud-pool-general-launch").inputs.heartbeatTimeout).toBe(300);
    const initial = byName(quick, "cloud-pool-general-group").inputs.initialLifecycleHooks;
    expect(initial).toEqual(byName(small, "cloud-pool-general-group").inputs.initialLifecycleHooks);
  });

  it("of a pool roll by one more and then one less, unless the settings let it shrink", async () => {
    const preferences = (all: readonly Recorded[]) =>
      (byName(all, "cloud-pool-general-group").inputs.instanceRefresh as { preferences: object }).preferences;
    expect(preferences(small)).toMatchObject({ minHealthyPercentage: 100, maxHealthyPercentage: 110 });
    const pool = { count: 1, instanceType: "t3.large", maxUnavailable: "10%" };
    const shrinking = await cluster({ ...smallAws(), workers: { general: pool } });
    expect(preferences(shrinking)).toMatchObject({ minHealthyPercentage: 90, maxHealthyPercentage: 100 });
  });

  it("of a pool are waited for by their step, and never by the provider", () => {
    for (const one of ofType(large, "Group")) expect(one.inputs.waitForCapacityTimeout, one.name).toBe("0");
  });

  it("of a pool have the time to drain when the pool goes", async () => {
    const minutes = async (drainTimeoutSeconds: number) => {
      const all = await cluster({ ...smallAws(), drainTimeoutSeconds });
      return byName(all, "cloud-pool-general-group").customTimeouts.delete;
    };
    expect(await minutes(120)).toBe("27m");
    expect(await minutes(3600)).toBe("85m");
  });

  it("of a pool that scales are counted by whoever scales it", () => {
    expect(byName(large, "cloud-pool-burst-group").ignoreChanges).toEqual(["desiredCapacity"]);
    expect(byName(large, "cloud-pool-general-group").ignoreChanges).toEqual([]);
    expect(byName(large, "cloud-pool-burst-group").inputs.mixedInstancesPolicy).toMatchObject({
      instancesDistribution: { onDemandBaseCapacity: 1 },
    });
  });
});

describe("Cluster Autoscaler", () => {
  it("is a release with a role of its own, after the controller that initialises its node", async () => {
    const workers = { general: { min: 1, max: 3, instanceType: "t3.large" } };
    const all = await cluster({ ...smallAws(), workers, clusterAutoscaler: {} });
    const release = byName(all, "cloud-autoscaler-release");
    expect(release.inputs).toMatchObject({ chart: "cluster-autoscaler", namespace: "kube-system" });
    expect(release.dependsOn).toContain(byName(all, "cloud-autoscaler-identity-policy").urn);
    expect(byName(all, "cloud-autoscaler").dependsOn).toContain(
      byName(all, "cloud-cloud-provider-release").urn,
    );
    expect(names(small).filter((name) => name.startsWith("cloud-autoscaler"))).toEqual([]);
  });
});

describe("AWS Load Balancer Controller", () => {
  it("is a release with a role of its own, before everything that creates a Service", async () => {
    const all = await cluster({ ...smallAws(), loadBalancerController: {} });
    const release = byName(all, "cloud-load-balancers-release");
    expect(release.inputs).toMatchObject({ chart: "aws-load-balancer-controller", namespace: "kube-system" });
    expect(release.dependsOn).toContain(byName(all, "cloud-load-balancers-identity-policy").urn);
    expect(byName(all, "cloud-load-balancers").dependsOn).toContain(
      byName(all, "cloud-cloud-provider-release").urn,
    );
    expect(byName(all, "cloud-coredns").dependsOn).toContain(release.urn);
    expect(byName(all, "cloud-leftovers").dependsOn).toContain(release.urn);
    expect(names(small).filter((name) => name.startsWith("cloud-load-balancers"))).toEqual([]);
  });
});

describe("leftovers", () => {
  it("are looked for before anything goes that the controllers need, and stay protected with the cluster", () => {
    const step = byName(large, "cloud-leftovers");
    for (const name of [
      "cloud-cloud-provider-release",
      "cloud-storage-release",
      "cloud-control-plane-cp-1-node",
      "cloud-control-plane-cp-3-node",
      "cloud-pool-general-ready",
      "cloud-pool-burst-ready",
    ])
      expect(step.dependsOn, name).toContain(byName(large, name).urn);
    // Whatever waits for it would be deleted before it.
    expect(names(large.filter((one) => one.dependsOn.includes(step.urn)))).toEqual(["cloud-destroy-guard"]);
    expect(step.protect).toBe(true);
  });

  it("are looked for before anything on AWS goes: a destroy that they refuse has deleted nothing there", () => {
    for (const all of [small, large]) {
      const below = needed(all, "cloud-leftovers");
      const first = all.filter((one) => one.custom && one.type.startsWith("aws:") && !below.has(one.urn));
      expect(names(first)).toEqual([]);
    }
  });

  it("are what the settings say, by the roles of the controllers", async () => {
    const raw = { ...smallAws(), protect: false, onDestroy: { volumes: "delete" } };
    const step = byName(await cluster(raw), "cloud-leftovers");
    const environment = step.inputs["environment"] as Record<string, string>;
    expect(JSON.parse(environment[SPEC_VARIABLE] ?? "")).toEqual({
      step: "leftovers",
      controlPlaneNodes: ["cp-1"],
      leftovers: {
        loadBalancers: "delete",
        volumes: "delete",
        cluster: "cloud",
        aws: { region: REGION, partition: "aws" },
        proxy: [],
        storage: true,
        controller: false,
        roles: { balancers: "${cloudControllerRole}", volumes: "${storageRole}" },
        own: [],
      },
    });
    expect(step.protect).not.toBe(true);
    const alone = byName(await cluster({ ...smallAws(), podIdentity: false }), "cloud-leftovers");
    const own = JSON.parse(
      (alone.inputs["environment"] as Record<string, string>)[SPEC_VARIABLE] ?? "",
    ) as LeftoversStepSpec;
    expect(own.leftovers.roles).toEqual({});
  });
});

describe("the guard of a destroy", () => {
  const settingsOf = (environment: string): RawSettings =>
    (
      parse(readFileSync(path.join(ROOT, `Pulumi.${environment}.yaml`), "utf8")) as {
        config: { "kubeadm:cluster": RawSettings };
      }
    ).config["kubeadm:cluster"];

  it.each([
    ["a small cluster", smallAws],
    ["prod", () => settingsOf("prod")],
    ["rotated certificates", () => ({ ...largeAws(), certificates: { rotation: "spring" } })],
    [
      "dev, with roles of people",
      () => ({
        ...settingsOf("dev"),
        roles: [{ group: "viewers", clusterRole: "view", source: "certificate" }],
      }),
    ],
    [
      "Calico with reflectors, which nothing waits for",
      () => ({
        ...largeAws(),
        cni: {
          kind: "calico",
          backend: "bgp",
          podCidr: "10.244.0.0/16",
          nodeToNodeMesh: false,
          routeReflectors: { nodeSelector: { reflector: "yes" } },
        },
        network: { ...(largeAws()["network"] as object), zones: 1 },
        controlPlane: { ...(largeAws()["controlPlane"] as object), labels: { reflector: "yes" } },
      }),
    ],
  ])(
    "needs all of %s, so a destroy that it refuses has deleted nothing; and nothing needs it",
    async (_, raw) => {
      const all = await cluster(raw());
      const guard = byName(all, "cloud-destroy-guard");
      const below = needed(all, guard.name);
      expect(names(all.filter((one) => one.custom && !below.has(one.urn)))).toEqual([]);
      expect(all.filter((one) => one.dependsOn.includes(guard.urn))).toEqual([]);
      // Direct dependencies are what `--continue-on-error` goes by.
      for (const end of ["-leftovers", "-cloud-provider-release", "-control-plane-cp-1-node"])
        expect(guard.dependsOn, end).toContain(byName(all, `cloud${end}`).urn);
      expect([guard.inputs["create"], guard.inputs["update"]]).toEqual([undefined, undefined]);
    },
  );

  it("is protected as the cluster is, and lets the balancer of the stack's own ingress go", async () => {
    expect(byName(large, "cloud-destroy-guard").protect).toBe(true);
    const ingress = {
      kind: "ingress-nginx",
      expose: { type: "loadBalancer", sourceRanges: ["203.0.113.0/24"] },
    };
    const guard = byName(await cluster({ ...smallAws(), protect: false, ingress }), "cloud-destroy-guard");
    expect(guard.protect).not.toBe(true);
    const environment = guard.inputs["environment"] as Record<string, string>;
    expect(JSON.parse(environment[SPEC_VARIABLE] ?? "")).toMatchObject({
      step: "destroyGuard",
      leftovers: { own: ["Service ingress-nginx/ingress-nginx-controller"] },
    });
  });
});

describe("order", () => {
  const urn = (name: string) => byName(large, name).urn;

  it("begins on AWS with the guard, which waits for nothing there, and a node's leaving waits for it directly", () => {
    const guard = byName(large, "cloud-control-plane-guard");
    const onAws = large.filter((one) => /^(aws|kubeadm:aws):/.test(one.type));
    const urns = new Set(onAws.map((one) => one.urn));
    expect(guard.dependsOn.filter((one) => urns.has(one))).toEqual([]);
    const waits = new Set([guard.urn]);
    // Children are registered below their component and so after it: the component's own dependencies hold for them.
    for (const one of onAws)
      if (one.dependsOn.includes(guard.urn) || waits.has(one.parent)) waits.add(one.urn);
    const add = onAws.filter((one) => !waits.has(one.urn)).map((one) => one.name);
    expect(add.filter((name) => !/^cloud-(pool|cloud-provider|storage)(-|$)/.test(name))).toEqual([]);
    for (const name of ["cp-1", "cp-2", "cp-3"])
      expect(byName(large, `cloud-control-plane-${name}-node`).dependsOn).toContain(guard.urn);
  });

  it("looks at the other nodes before an instance is touched, by a way that depends on none, and after it", () => {
    const health = byName(large, "cloud-control-plane-health");
    const instances = ofType(large, "Instance").filter(({ name }) => name.startsWith("cloud-instances"));
    for (const one of instances) {
      expect(one.dependsOn).toContain(health.urn);
      expect(health.dependsOn).not.toContain(one.urn);
      expect(byName(large, `${one.name.replace("instances", "control-plane")}-node`).dependsOn).toContain(
        health.urn,
      );
    }
    expect(byName(large, "cloud-instances-cp-2-settled").dependsOn).toContain(urn("cloud-instances-cp-2"));
    expect(byName(large, "cloud-instances-cp-3").dependsOn).toEqual(
      expect.arrayContaining([urn("cloud-instances-cp-2"), urn("cloud-instances-cp-2-settled")]),
    );
    expect(small.filter((one) => /-(health|settled)$/.test(one.name))).toEqual([]);
  });

  it("publishes the cluster's identity before a machine is touched", () => {
    expect(byName(large, "cloud-preflight").dependsOn).toContain(urn("cloud-identity-provider"));
  });

  it("has control-plane nodes, balancers and secrets before kubeadm, and pools after the last control-plane node", () => {
    const { dependsOn } = byName(large, "cloud-preflight");
    for (const name of ["cloud-instances-cp-3", "cloud-endpoint-internal-listener"])
      expect(dependsOn, name).toContain(urn(name));
    expect(byName(large, "cloud-instances-cp-1").dependsOn).toContain(urn("cloud-secrets-host-key-value"));
    expect(byName(large, "cloud-pool-general-group").dependsOn).toContain(
      urn("cloud-control-plane-cp-3-node"),
    );
  });

  it("has the cloud controller before DNS, and after the network", () => {
    const release = byName(large, "cloud-cloud-provider-release");
    // Its children are registered below it and so after it: the component's own dependencies hold for them.
    expect(byName(large, "cloud-coredns").dependsOn).toContain(release.urn);
    const network = large.filter((one) => one.parent === urn("cloud-flannel")).map((one) => one.urn);
    expect(network.length).toBeGreaterThan(0);
    for (const one of network) expect(byName(large, "cloud-cloud-provider").dependsOn).toContain(one);
  });

  it("lets roles outlive what is in the cluster", () => {
    for (const one of [...ofType(large, "Role"), ...ofType(large, "RolePolicy")])
      expect(one.deletedWith, one.name).toBe("");
  });
});

describe("steps", () => {
  const spec = (one: Recorded) =>
    JSON.parse((one.inputs.environment as Record<string, string>)[SPEC_VARIABLE] ?? "null") as StepSpec;

  it("bring a control-plane node's setup along in its one step", () => {
    const one = spec(byName(large, "cloud-control-plane-cp-2-node"));
    expect(one).toMatchObject({ step: "node", setup: { digest: expect.any(String) as string } });
  });

  it("are secret where hosts and keys are, and hold none elsewhere", () => {
    for (const one of ofType(large, "Command")) {
      expect(pulumi.runtime.isRpcSecret(one.inputs.stdin), one.name).toBe(true);
      expect(JSON.stringify(one.inputs.environment)).not.toContain("PRIVATE KEY");
    }
  });

  it("belong to an instance: another one is another machine", () => {
    const { triggers } = byName(large, "cloud-control-plane-cp-1-node").sent as {
      triggers: unknown[];
    };
    expect(triggers).toEqual(["cp-1@1", pulumi.runtime.unknownValue]);
  });
});

/** A refusal ends the whole program: test/engine/aws.test.ts. */
describe("what the account has", () => {
  const answers =
    (names: readonly string[], offered: readonly string[]) =>
    ({ token }: { token: string }) => {
      if (token.endsWith(":getAvailabilityZones")) return { names };
      if (token.endsWith(":getInstanceTypeOfferings"))
        return { instanceTypes: offered, locations: offered.map(() => `${REGION}a`) };
      return { insecureValue: pulumi.unknown };
    };
  const made = (call: (args: { token: string }) => Record<string, unknown>) => {
    const seen: string[] = [];
    const run = record(
      () => {
        createCluster({ settings: smallAws() as unknown as Settings, environment: "cloud", region: REGION });
      },
      { preview: true, onWarning: () => undefined, call, outputs: ({ type }) => (seen.push(type), {}) },
    );
    return run.then(
      () => ({ seen, error: "" }),
      (error: unknown) => ({ seen, error: String(error) }),
    );
  };

  it("is asked of the account, and where it has it all the cluster is made", async () => {
    const { seen, error } = await made(answers([`${REGION}a`], ["t3.medium", "t3.large"]));
    expect(error).toBe("");
    expect(seen).toContain("aws:ec2/vpc:Vpc");
  });
});

describe("secrets", () => {
  it("are host keys alone in Secrets Manager, and no key pair of the cluster", () => {
    expect(names(ofType(large, "SecretVersion"))).toEqual([
      "cloud-secrets-bastion-host-key-value",
      "cloud-secrets-host-key-value",
    ]);
  });

  it("stay secret on their way to Secrets Manager and the parameter store", () => {
    for (const one of ofType(large, "SecretVersion"))
      expect(pulumi.runtime.isRpcSecret(one.inputs.secretString), one.name).toBe(true);
    for (const one of ofType(large, "Parameter").filter(({ name }) => name.endsWith("-join"))) {
      expect(pulumi.runtime.isRpcSecret(one.inputs.value), one.name).toBe(true);
      expect(one.inputs.type).toBe("SecureString");
    }
  });
});
