/**
 * What controllers have created on AWS, at a destroy through the real engine: it goes while nodes and controllers are there, and where
 * it may not go, nothing does: on AWS, in the cluster, whose API is a real one without nodes, and in the state. The steps are the real
 * ones, and find a control-plane node that a server plays.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CloudProvider } from "../../components/aws/cloudProvider";
import type { Storage } from "../../components/aws/storage";
import type { Leftovers } from "../../model/aws/leftovers/program";
import { answer, SshHost, stateLine } from "../unit/host/sshHost";
import { startApiServer, type ApiServer } from "./apiServer";
import { describeWithEngine } from "./available";
import { awsObjects } from "./awsAccount";
import { makeAwsParts, paperHosts } from "./awsParts";
import { configOf } from "./environments";
import { createEngineStack, isStandIn, type EngineStack, type OperationOptions } from "./harness";
import { EngineError, opsOf } from "./result";

if (isStandIn("aws")) describeWithEngine("leftovers of a cluster on AWS", leftoversOfDev);
else it.skip("the official plugin would need an account", () => undefined);

/** In place of a chart, which would need an API: with a resource in it, whose end shows when the controller's is. */
class Controller extends pulumi.ComponentResource {
  readonly roleArn = pulumi.output("arn:aws:iam::123456789012:role/controller");

  constructor(name: string, opts: pulumi.ComponentResourceOptions) {
    super("test:index:Controller", name, {}, opts);
    new tls.PrivateKey(`${name}-release`, { algorithm: "ED25519" }, { parent: this });
    this.registerOutputs({});
  }
}

const none: Leftovers = { balanced: [], claims: [], account: [] };
const some: Leftovers = {
  balanced: ["Service shop/web"],
  claims: ["shop/data"],
  account: [{ kind: "volume", id: "vol-1", of: "claim shop/data", gib: 10 }],
};

function leftoversOfDev(): void {
  const config = configOf("dev");
  const raw = config["kubeadm:cluster"] as object;
  let onDestroy: object = {};
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;
  let server: SshHost;
  let api: ApiServer;
  /** A stack of before has no guard; an add-on may leave the settings. */
  let guarded = false;
  let addon = true;
  /** What the program on the control-plane node was asked for, and what it finds: the last answer stays. */
  const words: string[] = [];
  let finds: Leftovers[] = [none];
  let cluster = "";

  beforeAll(async () => {
    server = await SshHost.start({
      exec: (command, channel) => {
        channel.on("data", () => undefined);
        channel.on("end", () => {
          const word = /python3 -I - (\w+)/.exec(command)?.[1];
          const node = { cluster, state: "joined" };
          if (word === undefined) return answer(channel, 0, `${stateLine(node)}\n`);
          words.push(word);
          const found = finds.length > 1 ? finds.shift() : finds[0];
          return answer(channel, 0, word === "admit" ? "" : `##leftovers ${JSON.stringify(found)}\n`);
        });
      },
    });
    api = await startApiServer();
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "dev",
      program: () => {
        const settings = { ...raw, protect: false, onDestroy };
        const parts = makeAwsParts(settings, "dev", config["aws:region"] as string);
        // As a release does through its provider, which has the administrator's certificate.
        const opts = { parent: parts, dependsOn: [...parts.nodes, parts.pki] };
        const controller = new Controller("dev-cloud-provider", opts) as unknown as CloudProvider;
        const storage = new Controller("dev-storage", {
          ...opts,
          dependsOn: [controller],
        }) as unknown as Storage;
        const { steps, nodes } = parts;
        const args = { steps, controller, storage, loadBalancers: undefined, nodes };
        parts.platform.createLeftovers("dev", args, { parent: parts });
        const inside = inCluster(parts, [...nodes, controller]);
        if (guarded) parts.platform.createDestroyGuard("dev", inside, { parent: parts });
        return Promise.resolve({});
      },
      config,
    });
    hosts = paperHosts(engine.workDir);
    await up({});
    cluster =
      hosts.asked().find(({ spec }) => spec.step === "leftovers")?.cluster ?? expect.fail("no leftovers");
    hosts.play("leftovers", server.connection());
    hosts.play("destroyGuard", server.connection());
  });

  afterAll(async () => {
    await engine?.close();
    await server?.stop();
    await api?.stop();
  });

  /** What `Cluster` has in the cluster, as it has it: with init, and a Service with a load balancer, which goes by itself. */
  function inCluster(parent: ReturnType<typeof makeAwsParts>, after: pulumi.Resource[]): pulumi.Resource[] {
    const { kubeconfig } = api;
    const provider = new k8s.Provider(
      "dev-kubernetes",
      { kubeconfig, upsertExistingObjects: true },
      { parent },
    );
    const opts = { parent, provider, dependsOn: after };
    const metadata = { namespace: "kube-system", annotations: { "pulumi.com/skipAwait": "true" } };
    const spec = { type: "LoadBalancer", ports: [{ port: 80 }] };
    const config = (name: string): pulumi.Resource =>
      new k8s.core.v1.ConfigMap(
        `dev-${name}`,
        { metadata: { ...metadata, name } },
        { ...opts, deletedWith: parent.init },
      );
    return [
      provider,
      config("coredns"),
      ...(addon ? [config("addon")] : []),
      new k8s.core.v1.Service(
        "dev-ingress-service",
        { metadata: { ...metadata, name: "ingress" }, spec },
        opts,
      ),
    ];
  }

  /** What of it the cluster has. */
  async function there(): Promise<string[]> {
    const names = async (kind: string): Promise<string[]> => {
      const { items } = await api.request<{ items: { metadata: { name: string } }[] }>(
        "GET",
        `/api/v1/namespaces/kube-system/${kind}`,
      );
      return items.map(({ metadata }) => metadata.name);
    };
    const all = [...(await names("configmaps")), ...(await names("services"))];
    return all.filter((name) => ["coredns", "addon", "ingress"].includes(name)).sort();
  }

  async function state(): Promise<string[]> {
    const { deployment } = (await engine.exportState()) as {
      deployment: { resources?: { urn: string; custom: boolean; delete?: boolean }[] };
    };
    // A component has nothing besides its children; one without any may leave the state, and comes back.
    return (deployment.resources ?? [])
      .filter(({ custom }) => custom)
      .map(({ urn, delete: going }) => `${urn}${going ? " going" : ""}`)
      .sort();
  }

  const urnOf = async (name: string): Promise<string> =>
    (await state()).find((urn) => urn.endsWith(`::${name}`)) ?? expect.fail(name);

  async function up(next: object): Promise<string[]> {
    onDestroy = next;
    hosts.forget();
    return opsOf(await engine.up()).filter((op) => op !== "create dev-endpoint");
  }

  /** A destroy that ends with such a text, before it deletes anything; everything is there as it was. */
  async function refused(text: string, options?: OperationOptions): Promise<void> {
    const before = awsObjects(engine.awsAccount).sort();
    const all = { state: await state(), there: await there() };
    expect(all.there).toEqual(["addon", "coredns", "ingress"]);
    hosts.forget();
    words.length = 0;
    const error: unknown = await engine.destroy(options).catch((refusal: unknown) => refusal);
    if (!(error instanceof EngineError)) return expect.fail("the destroy went through");
    expect(error.result.log).toContain(text);
    expect(error.result.log).toContain("Nothing was deleted");
    expect(hosts.steps()).toEqual(["delete destroyGuard"]);
    expect({ state: await state(), there: await there() }).toEqual(all);
    expect(words).toEqual(["look"]);
    expect(awsObjects(engine.awsAccount).sort()).toEqual(before);
  }

  it("get the guard of a destroy by an update that asks no host and changes nothing else", async () => {
    guarded = true;
    expect(await up({})).toEqual(["create dev-destroy-guard"]);
    expect(hosts.steps()).toEqual([]);
  });

  it("let a destroy of theirs stop before anything is deleted where they must not go, and say how to go on", async () => {
    await up({ loadBalancers: "refuse" });
    finds = [some];
    const text =
      "onDestroy.loadBalancers is refuse, and AWS has load balancers for Service shop/web. " +
      "Delete them, or set onDestroy.loadBalancers to delete and run up";
    await refused(text);
    // With it the engine goes on with what does not depend on what failed: that is nothing.
    await refused(text, { continueOnError: true });
  });

  it("stop it too where volumes must not stay unseen", async () => {
    await up({ volumes: "refuse" });
    finds = [some];
    await refused(
      "onDestroy.volumes is refuse, and the cluster has claim shop/data, volume vol-1 (10 GiB) of claim shop/data",
      {
        continueOnError: true,
      },
    );
  });

  it("let one add-on go by the settings without a question", async () => {
    addon = false;
    expect(await up({ volumes: "refuse" })).toEqual(["delete dev-addon"]);
    addon = true;
    expect(await up({ volumes: "refuse" })).toEqual(["create dev-addon"]);
    expect(hosts.steps()).toEqual([]);
  });

  it("let one go by a target with the guard alone, and by its leave", async () => {
    const target = [await urnOf("dev-addon")];
    const alone: unknown = await engine.destroy({ target }).catch((error: unknown) => error);
    if (!(alone instanceof EngineError)) return expect.fail("it went without the guard");
    expect(alone.result.log).toContain("dev-destroy-guard");
    await refused("onDestroy.volumes is refuse", { target, targetDependents: true });
    finds = [none];
    const { log: _log, ...result } = await engine.destroy({ target, targetDependents: true });
    expect(opsOf(result).sort()).toEqual(["delete dev-addon", "delete dev-destroy-guard"]);
    expect((await up({})).sort()).toEqual([
      "create dev-addon",
      "create dev-destroy-guard",
      "update dev-leftovers",
    ]);
  });

  it("go first at a destroy, then controllers, then nodes, then AWS; what stays is listed", async () => {
    await up({});
    hosts.forget();
    words.length = 0;
    finds = [some, some, some, { ...none, account: some.account }];
    const { log, ...result } = await engine.destroy();
    expect(words).toEqual(["look", "look", "remove", "remove"]);
    expect(log).toContain("waiting for AWS to delete: Service shop/web");
    expect(log).toContain(
      "left on AWS: volume vol-1 (10 GiB) of claim shop/data. If you do not need it: aws ec2 delete-volume",
    );
    const order = opsOf(result);
    const at = (what: string): number => {
      const place = order.indexOf(`delete ${what}`);
      return place === -1 ? expect.fail(`${what} was not deleted: ${order.join(", ")}`) : place;
    };
    expect(at("dev-leftovers")).toBeLessThan(at("dev-storage-release"));
    expect(at("dev-storage-release")).toBeLessThan(at("dev-cloud-provider-release"));
    expect(hosts.steps().slice(0, 2)).toEqual(["delete destroyGuard", "delete leftovers"]);
    // Nothing at all is deleted before the guard lets it, and nothing on AWS before they are gone.
    expect(order[0]).toBe("delete dev-destroy-guard");
    expect(await there()).toEqual(["addon", "coredns"]);
    for (const node of order.filter((one) =>
      /^delete dev-(control-plane-.*-node|pool-.*-ready|instances-cp-1)$/.test(one),
    ))
      expect(at("dev-cloud-provider-release")).toBeLessThan(order.indexOf(node));
    expect(awsObjects(engine.awsAccount)).toEqual([]);
  });
}
