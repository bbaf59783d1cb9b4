import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Flannel } from "../../components/cni/flannel";
import { byName, record } from "../../testing/recorder";

class Box extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:test:Box", name, {}, opts);
    const first = new k8s.core.v1.Namespace(`${name}-first`, {}, { parent: this, protect: true });
    new k8s.core.v1.Secret(
      `${name}-second`,
      { stringData: { token: pulumi.secret("hush") } },
      {
        parent: this,
        dependsOn: [first],
        ignoreChanges: ["data"],
        deletedWith: first,
        deleteBeforeReplace: true,
      },
    );
    this.registerOutputs({});
  }
}

describe("recorder", () => {
  it("shows parents, dependencies, options and secrets, which mocks alone do not", async () => {
    const resources = await record(() => {
      const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
      new Box("box", { provider });
    });
    const box = byName(resources, "box");
    const first = byName(resources, "box-first");
    const second = byName(resources, "box-second");
    expect(first.parent).toBe(box.urn);
    expect(first.protect).toBe(true);
    expect(first.provider).toBe(`${byName(resources, "cluster").urn}::cluster-id`);
    expect(second.dependsOn).toEqual([first.urn]);
    expect(second.deletedWith).toBe(first.urn);
    expect(second.deleteBeforeReplace).toBe(true);
    expect(second.ignoreChanges).toEqual(["data"]);
    expect(pulumi.runtime.isRpcSecret(second.inputs.stringData)).toBe(true);
  });

  it("leaves no mock behind, and knows no ids in a preview", async () => {
    const ids: unknown[] = [];
    const resources = await record(
      () => {
        const namespace = new k8s.core.v1.Namespace("one", {});
        namespace.id.apply((id) => ids.push(id));
      },
      { preview: true },
    );
    expect(resources.map((one) => one.name)).toEqual(["one"]);
    expect(ids).toEqual([]);
  });

  it("lets the SDK take no stacks, of which it has thousands, and ends that with the program", async () => {
    const errors: { prepareStackTrace?: (error: Error, frames: NodeJS.CallSite[]) => unknown } = Error;
    const prepare = errors.prepareStackTrace;
    const { stackTraceLimit } = Error;
    const framesOf = (program: () => Promise<unknown>): Promise<string[]> => {
      const seen: string[] = [];
      errors.prepareStackTrace = (error, frames) => {
        seen.push(...frames.map((frame) => frame.getFileName() ?? ""));
        return prepare?.(error, frames) ?? String(error);
      };
      return program()
        .then(() => seen.filter((file) => /@pulumi\/pulumi\/(runtime\/debuggable|resource)\.js$/.test(file)))
        .finally(() => (errors.prepareStackTrace = prepare));
    };
    const program = (): void => void new k8s.core.v1.Namespace("one", {});
    expect(await framesOf(() => record(program))).toEqual([]);
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(await framesOf(async () => Promise.resolve(program()))).not.toEqual([]);
  });

  it("marks a secret that is not known yet, which the SDK sends like any other unknown", async () => {
    const resources = await record(
      () => {
        const first = new k8s.core.v1.Namespace("first", {});
        const token = pulumi.secret(first.status.phase);
        new k8s.core.v1.ConfigMap("second", { data: { plain: first.status.phase, token } });
      },
      { preview: true },
    );
    const { sent, inputs } = byName(resources, "second");
    const { plain, token } = sent.data as Record<string, unknown>;
    expect(plain).toBe(pulumi.runtime.unknownValue);
    expect(pulumi.runtime.isRpcSecret(token)).toBe(true);
    expect(pulumi.runtime.isRpcSecret(inputs.data)).toBe(true);
  });

  it("hands out warnings, and the error of a program that fails", async () => {
    const warnings: string[] = [];
    const failing = record(
      () => {
        void pulumi.log.warn("look here");
        throw new TypeError("no such thing");
      },
      { onWarning: (message) => warnings.push(message) },
    );
    await expect(failing).rejects.toThrow(TypeError);
    expect(warnings).toEqual(["look here"]);
    expect(await record(() => new k8s.core.v1.Namespace("next", {}))).toHaveLength(1);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "an error in an output that a resource waits for",
      () =>
        new k8s.core.v1.ConfigMap("one", {
          data: pulumi.output("1").apply((): Record<string, string> => {
            throw new TypeError("no such thing");
          }),
        }),
      /no such thing$/,
    ],
    [
      "an error in an output that a resource waits for, which others wait for",
      () => {
        const namespace = new k8s.core.v1.Namespace("one", {
          metadata: { name: pulumi.output(Promise.reject(new TypeError("no such thing"))) },
        });
        new k8s.core.v1.ConfigMap("two", {}, { dependsOn: [namespace] });
        const { id } = new k8s.core.v1.ConfigMap("three", { data: { id: namespace.id } });
        new k8s.core.v1.ConfigMap("four", { data: { id } });
      },
      /no such thing$/,
    ],
    [
      "an error in an output that nothing waits for",
      () => {
        new k8s.core.v1.ConfigMap("one", {});
        pulumi.output("1").apply(() => {
          throw new TypeError("no such thing");
        });
      },
      /^no such thing$/,
    ],
    [
      "a logged error",
      () => {
        new k8s.core.v1.ConfigMap("one", {});
        void pulumi.log.error("look here");
      },
      /^look here$/,
    ],
    [
      "a second resource with the URN of the first",
      () => [new k8s.core.v1.ConfigMap("one", {}), new k8s.core.v1.ConfigMap("one", {})],
      /^Duplicate resource URN 'urn:pulumi:stack::project::\S+ConfigMap::one'; try/,
    ],
    [
      "a component whose argument is wrong once it is known, in one report",
      () => new Flannel("net", { podCidr: pulumi.output("10.244.0.0/33") }),
      /^1 problem in the settings of Flannel net\n {2}podCidr: "10\.244\.0\.0\/33"/,
    ],
  ])("fails with %s, as Pulumi does", async (_, program, message) => {
    const listeners = process.listeners("unhandledRejection");
    const { error } = console;
    await expect(record(program)).rejects.toThrow(message);
    expect(process.listeners("unhandledRejection")).toEqual(listeners);
    expect(console.error).toBe(error);
    expect(await record(() => new k8s.core.v1.Namespace("next", {}))).toHaveLength(1);
  });

  it("leaves no timer behind that would keep the process of a failed program", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    const failing = record(() => {
      new k8s.core.v1.ConfigMap("one", {});
      throw new TypeError("no such thing");
    });
    await expect(failing).rejects.toThrow("no such thing");
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it("takes two of one name whose parents differ further up, as Pulumi does", async () => {
    const below = (type: string, name: string, parent?: pulumi.Resource) =>
      new pulumi.ComponentResource(type, name, {}, parent === undefined ? {} : { parent });
    const resources = await record(() => {
      for (const part of [
        below("own:index:Part", "part"),
        below("own:index:Part", "part", below("own:index:Whole", "whole")),
      ])
        new k8s.core.v1.ConfigMap("one", {}, { parent: part });
    });
    expect(resources.filter(({ name }) => name === "one").map(({ urn }) => urn.split("::")[2])).toEqual([
      "own:index:Part$kubernetes:core/v1:ConfigMap",
      "own:index:Whole$own:index:Part$kubernetes:core/v1:ConfigMap",
    ]);
  });

  it("gives configuration and outputs of other stacks to the program", async () => {
    const resources = await record(
      () => {
        const config = new pulumi.Config();
        const network = new pulumi.StackReference("acme/network/prod");
        new k8s.core.v1.ConfigMap("one", {
          data: {
            key: config.requireSecret("operatorKey"),
            region: new pulumi.Config("aws").require("region"),
            size: config.requireObject<{ nodes: number }>("size").nodes.toString(),
            vpc: network.requireOutput("vpcId"),
            absent: network.getOutput("absent").apply((value: unknown) => typeof value),
          },
        });
      },
      {
        project: "shop",
        config: { operatorKey: "k", "aws:region": "eu-central-1", size: { nodes: 3 } },
        stackReferences: { "acme/network/prod": { vpcId: "vpc-1" } },
      },
    );
    expect(pulumi.runtime.unwrapRpcSecret(byName(resources, "one").inputs.data)).toEqual({
      key: "k",
      region: "eu-central-1",
      size: "3",
      vpc: "vpc-1",
      absent: "undefined",
    });
  });

  it("names a stack whose outputs nobody gave", async () => {
    const failing = record(() => void new pulumi.StackReference("acme/network/prod"), {
      stackReferences: { "acme/dns/prod": {} },
    });
    await expect(failing).rejects.toThrow(
      "stackReferences has no outputs of the stack acme/network/prod; it has: acme/dns/prod",
    );
  });

  it("does not take a program that runs no second time for an empty one", async () => {
    await expect(record(() => undefined)).rejects.toThrow(/registered no resource.*runs only once/);
    expect(await record(() => undefined, { allowEmpty: true })).toEqual([]);
  });

  it("applies transforms of a resource, its parents and the stack, in this order", async () => {
    const label = (text: string): pulumi.ResourceTransform => {
      return ({ type, props, opts }) => {
        if (type !== "kubernetes:core/v1:Namespace") return undefined;
        const metadata = (props.metadata ?? {}) as { name?: string };
        return {
          props: { ...props, metadata: { ...metadata, name: `${metadata.name ?? ""}${text}` } },
          opts: pulumi.mergeOptions(opts, { ignoreChanges: [text], protect: true }),
        };
      };
    };
    const resources = await record(() => {
      void pulumi.runtime.registerResourceTransform(label("c"));
      const box = new pulumi.ComponentResource("kubeadm:test:Box", "box", {}, { transforms: [label("b")] });
      new k8s.core.v1.Namespace("one", {}, { parent: box, transforms: [label("a")] });
      new k8s.core.v1.Namespace("two", {});
    });
    const one = byName(resources, "one");
    expect(one.inputs.metadata).toMatchObject({ name: "abc" });
    expect(one.ignoreChanges).toEqual(["a", "b", "c"]);
    expect(one.protect).toBe(true);
    expect(byName(resources, "two").inputs.metadata).toMatchObject({ name: "c" });
    expect(byName(resources, "box").protect).toBe(false);
  });
});
