import { afterEach, describe, expect, it, vi } from "vitest";
import { FORCE_VARIABLE } from "../../../host/insist";
import { HostProblem } from "../../../host/problem";
import type { LeftoversStepSpec, Operation } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { destroyGuard, leftovers } from "../../../host/steps/leftovers";
import type { AccountLeftover, Leftovers } from "../../../model/aws/leftovers/program";
import { HANGS_AFTER } from "../../support/patience";
import { answer, SshHost, stateLine } from "./sshHost";

const cluster = "ab".repeat(32);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of cleanUp.splice(0).reverse()) await one();
});

const spec: LeftoversStepSpec = {
  step: "leftovers",
  controlPlaneNodes: ["cp-1"],
  leftovers: {
    cluster: "shop",
    aws: { region: "eu-central-1", partition: "aws" },
    proxy: [],
    storage: true,
    controller: false,
    loadBalancers: "delete",
    volumes: "keep",
    roles: {},
  },
};

const none: Leftovers = { balanced: [], claims: [], account: [] };
const web = "Service shop/web";
const volume: AccountLeftover = { kind: "volume", id: "vol-1", of: "claim shop/data", gib: 10 };
const group: AccountLeftover = { kind: "security group", id: "sg-1", of: "k8s-elb-a" };
const some: Leftovers = { balanced: [web], claims: ["shop/data"], account: [volume, group] };

interface Given {
  readonly operation?: Operation;
  readonly wanted?: Partial<LeftoversStepSpec["leftovers"]>;
  /** Answers to `look` and then to `remove`; a number is a failure. */
  readonly answers?: readonly (Leftovers | number)[];
  readonly node?: object | null;
  readonly patience?: number;
  readonly guard?: true;
}

/** The step, and which commands a control-plane node was asked for. */
async function step({
  operation = "delete",
  wanted = {},
  answers = [none],
  node = { cluster, state: "joined" },
  patience = 60_000,
  guard,
}: Given) {
  const asked: string[] = [];
  const left = [...answers];
  const server = await SshHost.start({
    exec: (command, channel) => {
      channel.on("data", () => undefined);
      channel.on("end", () => {
        const word = /python3 -I - (\w+)/.exec(command)?.[1];
        if (word === undefined) return answer(channel, 0, `${stateLine(node)}\n`);
        asked.push(word);
        if (word === "admit") return answer(channel, 0, "");
        const next = (left.length > 1 ? left.shift() : left[0]) ?? none;
        if (typeof next === "number")
          return answer(channel, next, "ec2 DescribeVolumes: UnauthorizedOperation: no\n");
        answer(channel, 0, `##leftovers ${JSON.stringify(next)}\n`);
      });
    },
  });
  cleanUp.push(() => server.stop());
  const said: string[] = [];
  const input = { connections: { "cp-1": server.connection() }, files: [] };
  const hosts = new Hosts(input, HANGS_AFTER, (line) => said.push(line));
  cleanUp.push(() => hosts.close());
  const context = {
    operation,
    spec: {
      ...spec,
      step: guard ? ("destroyGuard" as const) : spec.step,
      leftovers: { ...spec.leftovers, ...wanted },
    },
    input,
    hosts,
    cluster,
    previous: undefined,
    values: {},
    say: (line: string) => said.push(line),
  } as const;
  const error = await (guard ? destroyGuard(context) : leftovers(context, 1, patience)).then(
    () => "",
    (thrown: unknown) => {
      if (!(thrown instanceof HostProblem)) throw thrown;
      return thrown.report();
    },
  );
  return { asked, said, error };
}

describe("leftovers of a cluster on AWS", () => {
  it("are not touched by up, which only lets Services in again", async () => {
    expect((await step({ operation: "create" })).asked).toEqual(["admit"]);
    expect((await step({ operation: "update" })).asked).toEqual(["admit"]);
  });

  it("are looked for at a destroy, and nothing is deleted where nothing is", async () => {
    expect(await step({})).toEqual({ asked: ["look"], said: [], error: "" });
  });

  it("go until none is left, and volumes that stay are listed with the command that deletes them", async () => {
    const busy = { ...some, balanced: [], account: [volume, group] };
    const result = await step({ answers: [some, some, busy, busy, { ...none, account: [volume] }] });
    expect(result).toEqual({
      asked: ["look", "remove", "remove", "remove", "remove"],
      said: [
        "waiting for AWS to delete: Service shop/web, security group sg-1 of k8s-elb-a",
        "waiting for AWS to delete: security group sg-1 of k8s-elb-a",
        "left on AWS: volume vol-1 (10 GiB) of claim shop/data. If you do not need it: aws ec2 delete-volume --region eu-central-1 --volume-id vol-1",
      ],
      error: "",
    });
  });

  it("that nobody here may delete are listed, and not waited for", async () => {
    const alb: AccountLeftover = { kind: "load balancer", id: "arn:alb", of: "", foreign: true };
    const { asked, said } = await step({ answers: [{ ...none, account: [alb] }] });
    expect(asked).toEqual(["look"]);
    expect(said).toEqual(["left on AWS: load balancer arn:alb"]);
  });

  it("with volumes: delete wait for claims too", async () => {
    const claimed = { ...none, claims: ["shop/data"], account: [volume] };
    const { asked, said } = await step({ wanted: { volumes: "delete" }, answers: [claimed, claimed, none] });
    expect(asked).toEqual(["look", "remove", "remove"]);
    expect(said).toEqual(["waiting for AWS to delete: claim shop/data"]);
  });

  it("with refuse fail before anything is deleted, and all of them are named", async () => {
    const { asked, error } = await step({
      wanted: { loadBalancers: "refuse", volumes: "refuse" },
      answers: [some],
    });
    expect(asked).toEqual(["look"]);
    expect(error).toBe(
      "onDestroy.loadBalancers is refuse, and AWS has load balancers for Service shop/web, security group sg-1 of k8s-elb-a. " +
        "Delete them, or set onDestroy.loadBalancers to delete and run up\n" +
        "onDestroy.volumes is refuse, and the cluster has claim shop/data, volume vol-1 (10 GiB) of claim shop/data. " +
        "Delete them, or set onDestroy.volumes to keep or delete and run up\nNo node and nothing on AWS was deleted",
    );
  });

  it("of the stack itself are no reason to refuse: its ingress Service with all that AWS has for it", async () => {
    const service = "Service ingress-nginx/ingress-nginx-controller";
    const own: Leftovers = {
      ...none,
      balanced: [service],
      account: [
        { kind: "classic load balancer", id: "a1", of: service },
        { kind: "security group", id: "sg-1", of: service },
      ],
    };
    const wanted = { loadBalancers: "refuse", own: [service] } as const;
    expect(await step({ wanted, answers: [own], guard: true })).toEqual({
      asked: ["look"],
      said: [],
      error: "",
    });
    const shared: AccountLeftover = { kind: "security group", id: "sg-2", of: `${service}, ${web}` };
    const { error } = await step({
      wanted,
      answers: [{ ...own, account: [...own.account, shared] }],
      guard: true,
    });
    expect(error).toContain(`AWS has load balancers for security group sg-2 of ${service}, ${web}. `);
  });

  it("are asked for first by the guard of a destroy, which refuses the same, and deletes nothing", async () => {
    const wanted = { volumes: "refuse" } as const;
    const { asked, error } = await step({ wanted, answers: [some], guard: true });
    expect(asked).toEqual(["look"]);
    expect(error).toMatch(/^onDestroy\.volumes is refuse, .*\nNothing was deleted$/s);
    expect(await step({ answers: [some], guard: true })).toEqual({ asked: ["look"], said: [], error: "" });
    const silent = await step({ node: null, guard: true });
    expect(silent.error).toMatch(
      /no control-plane node answers: .*\nNothing was deleted\. .*FORCE_REMOVAL=all/,
    );
    vi.stubEnv(FORCE_VARIABLE, "all");
    expect(await step({ node: null, guard: true })).toMatchObject({ asked: [], error: "" });
  });

  it("that do not go fail the destroy, and the cluster takes Services again", async () => {
    const { asked, error } = await step({ answers: [some], patience: 20 });
    expect(error).toMatch(
      /^not deleted within 0.02 s: Service shop\/web, security group sg-1 of k8s-elb-a\. /,
    );
    expect(asked.slice(0, 2)).toEqual(["look", "remove"]);
    expect(asked.at(-1)).toBe("admit");
  });

  it("that cannot be looked for stop the destroy, unless somebody insists", async () => {
    const refused = await step({ answers: [1] });
    expect(refused.error).toContain("UnauthorizedOperation");
    expect(refused.error).toContain(`run pulumi with ${FORCE_VARIABLE}=all`);
    const gone = await step({ node: null });
    expect(gone.error).toContain("cp-1 is not a control-plane node of this cluster");
    vi.stubEnv(FORCE_VARIABLE, "all");
    expect(await step({ node: null })).toMatchObject({ asked: [], error: "" });
    const insisted = await step({ answers: [1] });
    expect(insisted).toMatchObject({ asked: ["look"], error: "" });
    expect(insisted.said.join()).toContain(`because ${FORCE_VARIABLE} is all`);
  });
});
