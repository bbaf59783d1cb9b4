/**
 * What controllers have created on AWS, at a destroy through the real engine: it goes while nodes and controllers are there, and where
 * it may not go, nothing does. The step is the real one, and finds a control-plane node that a server plays.
 */
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CloudProvider } from "../../components/aws/cloudProvider";
import type { Storage } from "../../components/aws/storage";
import type { Leftovers } from "../../model/aws/leftovers/program";
import { answer, SshHost, stateLine } from "../unit/host/sshHost";
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
        return Promise.resolve({});
      },
      config,
    });
    hosts = paperHosts(engine.workDir);
    await up({});
    cluster =
      hosts.asked().find(({ spec }) => spec.step === "leftovers")?.cluster ?? expect.fail("no leftovers");
    hosts.play("leftovers", server.connection());
  });

  afterAll(async () => {
    await engine?.close();
    await server?.stop();
  });

  async function up(next: object): Promise<void> {
    onDestroy = next;
    hosts.forget();
    await engine.up();
  }

  /** A destroy that ends with such a text, before it deletes anything; everything is there as it was. */
  async function refused(text: string, options?: OperationOptions): Promise<void> {
    const before = awsObjects(engine.awsAccount).sort();
    hosts.forget();
    words.length = 0;
    const error: unknown = await engine.destroy(options).catch((refusal: unknown) => refusal);
    if (!(error instanceof EngineError)) return expect.fail("the destroy went through");
    expect(error.result.log).toContain(text);
    expect(error.result.log).toContain("Nothing was deleted");
    expect(hosts.steps()).toEqual(["delete leftovers"]);
    expect(words).toEqual(["look"]);
    expect(awsObjects(engine.awsAccount).sort()).toEqual(before);
  }

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

  it("go first at a destroy, then controllers, then nodes, then AWS; what stays is listed", async () => {
    await up({});
    hosts.forget();
    words.length = 0;
    finds = [some, some, { ...none, account: some.account }];
    const { log, ...result } = await engine.destroy();
    expect(words).toEqual(["look", "remove", "remove"]);
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
    expect(hosts.steps()[0]).toBe("delete leftovers");
    // Nothing at all is deleted before they are gone.
    expect(at("dev-leftovers")).toBe(order.findIndex((one) => one.startsWith("delete")));
    for (const node of order.filter((one) =>
      /^delete dev-(control-plane-.*-node|pool-.*-ready|instances-cp-1)$/.test(one),
    ))
      expect(at("dev-cloud-provider-release")).toBeLessThan(order.indexOf(node));
    expect(awsObjects(engine.awsAccount)).toEqual([]);
  });
}
