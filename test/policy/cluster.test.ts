/** Policies over whole stacks: environment `metal`, with one thing changed. */
import { describe, expect, it } from "vitest";
import {
  clusterProvider,
  kubernetesVersion,
  oddControlPlaneNodes,
  oneDnsAddress,
  oneInit,
  onePodRange,
} from "../../policy";
import { CLUSTER, CONFIG_MAP, SERVICE } from "../../policy/resources";
import { editSpec, ending, fake, messages, metalStack, run, unknown, type Fake } from "./support";

/** A second, like stack beside the first: another Cluster, of another name in its settings. */
function another(stack: readonly Fake[], name: string): Fake[] {
  const rename = (urn: string) => urn.replace(/::([^:]*)$/, `::other-$1`);
  return structuredClone(stack).map((one) => {
    const environment = one.props.environment as Record<string, string> | undefined;
    if (environment?.KUBEADM_SPEC !== undefined) {
      const spec = JSON.parse(environment.KUBEADM_SPEC) as object;
      environment.KUBEADM_SPEC = JSON.stringify({ ...spec, clusterName: `${name}.example.internal` });
    }
    return {
      ...one,
      name: `other-${one.name}`,
      urn: rename(one.urn),
      parent: one.parent === "" ? "" : rename(one.parent),
      provider: one.provider === "" ? "" : rename(one.provider),
    };
  });
}

function netConf(stack: readonly Fake[]): {
  resource: Fake;
  edit: (change: (text: string) => string) => void;
} {
  const resource = stack.find((one) => {
    const data = one.props.data as Record<string, string> | undefined;
    return one.type === CONFIG_MAP && data?.["net-conf.json"] !== undefined;
  });
  if (resource === undefined) throw new Error("flannel has no ConfigMap");
  const data = resource.props.data as Record<string, string>;
  return { resource, edit: (change) => void (data["net-conf.json"] = change(data["net-conf.json"])) };
}

describe("one-pod-range", () => {
  it("reports a range in flannel's ConfigMap that is not kubeadm's", async () => {
    const stack = await metalStack();
    const { resource, edit } = netConf(stack);
    edit((text) => text.replace("10.244.0.0/16", "10.32.0.0/12"));
    expect((await run(onePodRange, stack)).violations).toEqual([
      {
        message:
          "flannel's net-conf.json has pod range 10.32.0.0/12, but metal.example.internal has 10.244.0.0/16",
        urn: resource.urn,
      },
    ]);
  });

  it("reports a ConfigMap without a range", async () => {
    const stack = await metalStack();
    netConf(stack).edit(() => "{");
    expect(await messages(onePodRange, stack)).toEqual([
      expect.stringContaining("has pod range none"),
      expect.stringContaining("has backend none"),
    ]);
  });

  it("reports a backend that is not the settings'", async () => {
    const stack = await metalStack();
    netConf(stack).edit((text) => text.replace('"vxlan"', '"host-gw"'));
    expect(await messages(onePodRange, stack)).toEqual([
      "flannel's net-conf.json has backend host-gw, but the settings say vxlan",
    ]);
  });

  it("reports a node of another range", async () => {
    const stack = await metalStack();
    const step = ending(stack, "-w2-node");
    editSpec(step, (text) => text.replaceAll("10.244.0.0/16", "10.32.0.0/12"));
    expect((await run(onePodRange, stack)).violations).toEqual([
      {
        message: expect.stringContaining("w2-node has pod range 10.32.0.0/12") as string,
        urn: step.urn,
      },
    ]);
  });

  it("takes the range that init watches for the cluster's", async () => {
    const stack = await metalStack();
    const init = ending(stack, "-init");
    const environment = init.props.environment as Record<string, string>;
    environment.KUBEADM_FIXED = environment.KUBEADM_FIXED.replace("10.244.0.0/16", "10.32.0.0/12");
    // Every step of a host, init's own settings and flannel's ConfigMap differ from it.
    expect(await messages(onePodRange, stack)).toHaveLength(13);
  });

  it("judges what is known while a ConfigMap is not", async () => {
    const stack = await metalStack();
    netConf(stack).resource.props.data = unknown;
    editSpec(ending(stack, "-w2-setup"), (text) => text.replaceAll("10.244.0.0/16", "10.32.0.0/12"));
    expect(await messages(onePodRange, stack)).toHaveLength(1);
  });

  it("holds each of two clusters against its own", async () => {
    const first = await metalStack();
    const second = another(first, "second");
    for (const one of second) {
      const environment = one.props.environment as Record<string, string> | undefined;
      for (const key of Object.keys(environment ?? {}))
        if (environment) environment[key] = environment[key].replaceAll("10.244.0.0/16", "10.32.0.0/16");
    }
    expect(await messages(onePodRange, [...first, ...second])).toEqual([
      expect.stringMatching(/10\.244\.0\.0\/16, but second\.example\.internal has 10\.32\.0\.0\/16/),
    ]);
    netConf(second).edit((text) => text.replace("10.244.0.0/16", "10.32.0.0/16"));
    expect(await messages(onePodRange, [...first, ...second])).toEqual([]);
  });

  it("takes an object for the cluster's that it stands below, where its provider does not tell", async () => {
    const first = await metalStack();
    const second = another(first, "second");
    const { resource, edit } = netConf(second);
    resource.provider = "";
    edit((text) => text.replace("10.244.0.0/16", "10.32.0.0/16"));
    expect(await messages(onePodRange, [...first, ...second])).toEqual([
      "flannel's net-conf.json has pod range 10.32.0.0/16, but second.example.internal has 10.244.0.0/16",
    ]);
  });
});

describe("a pool that the program creates", () => {
  it("is its cluster's, though it is beside it", async () => {
    const stack = await metalStack();
    ending(stack, "-pool-general").parent = "";
    expect(await messages(oneInit, stack)).toEqual([]);
    expect(await messages(oddControlPlaneNodes, stack)).toEqual([]);
    editSpec(ending(stack, "-w2-node"), (text) => text.replaceAll("10.244.0.0/16", "10.32.0.0/12"));
    expect(await messages(onePodRange, stack)).toEqual([
      expect.stringContaining(
        "w2-node has pod range 10.32.0.0/12, but metal.example.internal has 10.244.0.0/16",
      ),
    ]);
  });
});

describe("one-dns-address", () => {
  function kubeDns(stack: readonly Fake[]): Fake {
    const found = stack.filter((one) => one.type === SERVICE);
    expect(found).toHaveLength(1);
    return found[0];
  }

  it("reports kube-dns on another address", async () => {
    const stack = await metalStack();
    const service = kubeDns(stack);
    (service.props.spec as Record<string, unknown>).clusterIP = "10.96.0.11";
    expect((await run(oneDnsAddress, stack)).violations).toEqual([
      {
        message: "Service kube-dns has 10.96.0.11, but the kubelets of metal.example.internal use 10.96.0.10",
        urn: service.urn,
      },
    ]);
  });

  it("lets an address be that the API server has yet to give", async () => {
    const stack = await metalStack();
    (kubeDns(stack).props.spec as Record<string, unknown>).clusterIP = unknown;
    expect(await messages(oneDnsAddress, stack)).toEqual([]);
  });

  it("does not look at other Services", async () => {
    const stack = await metalStack();
    const service = kubeDns(stack);
    (service.props.spec as Record<string, unknown>).clusterIP = "10.96.0.11";
    (service.props.metadata as Record<string, unknown>).namespace = "default";
    expect(await messages(oneDnsAddress, stack)).toEqual([]);
  });

  it("reports a node whose kubelet is told another", async () => {
    const stack = await metalStack();
    editSpec(ending(stack, "-w2-node"), (text) => text.replaceAll('"10.96.0.10"', '"10.96.0.53"'));
    expect(await messages(oneDnsAddress, stack)).toEqual([
      expect.stringContaining("w2-node has DNS address 10.96.0.53"),
    ]);
  });
});

describe("one-init", () => {
  it("reports a second init", async () => {
    const stack = await metalStack();
    const init = ending(stack, "-init");
    const second = {
      ...structuredClone(init),
      name: "second-init",
      urn: init.urn.replace(/::[^:]*$/, "::second-init"),
    };
    expect(await messages(oneInit, [...stack, second])).toEqual([
      expect.stringMatching(/^metal\.example\.internal has 2 inits: .*second-init/),
    ]);
  });

  it("reports a cluster without one", async () => {
    const stack = (await metalStack()).filter((one) => !one.name.endsWith("-init"));
    expect(await messages(oneInit, stack)).toEqual(["metal.example.internal has 0 inits"]);
  });

  it("reports an init that something would replace", async () => {
    const stack = await metalStack();
    ending(stack, "-init").props.triggers = ["cp1@2"];
    expect(await messages(oneInit, stack)).toEqual([expect.stringContaining("has triggers")]);
  });

  it("lets two clusters be that have their own names, and reports two of one name", async () => {
    const stack = await metalStack();
    expect(await messages(oneInit, [...stack, ...another(stack, "second")])).toEqual([]);
    expect(await messages(oneInit, [...stack, ...another(stack, "metal")])).toEqual([
      "two clusters of this stack are metal.example.internal: their nodes would use one address",
    ]);
  });

  it("knows clusters by the settings' name where parts are used without a Cluster", async () => {
    const stack = (await metalStack()).filter((one) => one.type !== CLUSTER);
    expect(await messages(oneInit, stack)).toEqual([]);
    const other = another(stack, "second").filter((one) => !one.name.endsWith("-init"));
    expect(await messages(oneInit, [...stack, ...other])).toEqual(["second.example.internal has 0 inits"]);
  });
});

describe("odd-control-plane-nodes", () => {
  const without = (stack: readonly Fake[], ...ends: string[]) =>
    stack.filter((one) => !ends.some((end) => one.name.endsWith(end)));

  it("takes one control-plane node and three", async () => {
    const stack = await metalStack();
    expect(await messages(oddControlPlaneNodes, stack)).toEqual([]);
    expect(await messages(oddControlPlaneNodes, without(stack, "-cp2-node", "-cp3-node"))).toEqual([]);
  });

  it("reports two, and none", async () => {
    const stack = await metalStack();
    expect(await messages(oddControlPlaneNodes, without(stack, "-cp3-node"))).toEqual([
      "metal.example.internal has 2 control-plane nodes: etcd needs an odd number of members",
    ]);
    const ends = ["-cp1-node", "-cp2-node", "-cp3-node"];
    expect(await messages(oddControlPlaneNodes, without(stack, ...ends))).toEqual([
      expect.stringContaining("has 0 control-plane nodes"),
    ]);
  });

  it("says nothing of worker pools alone", async () => {
    const stack = (await metalStack()).filter((one) => !one.name.includes("control-plane"));
    expect(await messages(oddControlPlaneNodes, stack)).toEqual([]);
  });
});

describe("cluster-provider", () => {
  const object = (provider: string) =>
    fake("kubernetes:core/v1:Namespace", { metadata: { name: "shop" } }, { name: "shop", provider });
  const ofTheEngine = "urn:pulumi:metal::project::pulumi:providers:kubernetes::default_4_34_2";

  it("reports an object of the default provider", async () => {
    const stack = [...(await metalStack()), object(ofTheEngine)];
    expect(await messages(clusterProvider, stack)).toEqual([
      expect.stringContaining("shop uses the default provider"),
    ]);
    expect(await messages(clusterProvider, stack, { allow: ["shop"] })).toEqual([]);
  });

  it("reports a Helm release too, and no chart, which is a component", async () => {
    const stack = await metalStack();
    const release = { ...object(ofTheEngine), type: "kubernetes:helm.sh/v3:Release" };
    expect(await messages(clusterProvider, [...stack, release])).toHaveLength(1);
    expect(
      await messages(clusterProvider, [...stack, { ...release, type: "kubernetes:helm.sh/v4:Chart" }]),
    ).toEqual([]);
  });

  it("lets the cluster's provider be, and another that somebody made", async () => {
    const stack = await metalStack();
    const own = stack.find((one) => one.type === "pulumi:providers:kubernetes")?.urn ?? "";
    const given = ofTheEngine.replace("default_4_34_2", "office");
    expect(await messages(clusterProvider, [...stack, object(own), { ...object(given), urn: "b" }])).toEqual(
      [],
    );
  });

  it("does not look at stacks without a cluster", async () => {
    expect((await run(clusterProvider, [object(ofTheEngine)])).notApplicable).toBeDefined();
  });
});

describe("kubernetes-version", () => {
  it("reports the oldest minor once for a cluster", async () => {
    const stack = await metalStack({ settings: { kubernetesVersion: "1.34.4" } });
    expect(await messages(kubernetesVersion, stack)).toEqual([
      "metal.example.internal is Kubernetes 1.34.4; upgrade to 1.35 or newer",
    ]);
    expect(await messages(kubernetesVersion, stack, { least: "1.34" })).toEqual([]);
  });

  it("takes the others, unless the configuration wants newer", async () => {
    const stack = await metalStack({ settings: { kubernetesVersion: "1.35.8" } });
    expect(await messages(kubernetesVersion, stack)).toEqual([]);
    expect(await messages(kubernetesVersion, stack, { least: "1.36" })).toHaveLength(1);
  });

  it("reports a minor that the library does not know", async () => {
    const stack = await metalStack();
    for (const one of stack.filter((step) => step.name.endsWith("-node")))
      editSpec(one, (text) => text.replace('"kubernetesVersion":"1.36.4"', '"kubernetesVersion":"1.20.0"'));
    expect(await messages(kubernetesVersion, stack)).toEqual([
      "metal.example.internal is Kubernetes 1.20.0; this library knows 1.34, 1.35, 1.36, 1.37",
    ]);
  });

  it("does not go by init, which keeps the version it started with", async () => {
    const stack = await metalStack();
    editSpec(ending(stack, "-init"), (text) => text.replace('"1.36.4"', '"1.20.0"'));
    expect(await messages(kubernetesVersion, stack)).toEqual([]);
  });
});
