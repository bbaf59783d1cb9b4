import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readAccount, withAccount } from "../../engine/providers/aws/account";
import type { Values } from "../../engine/providers/shared/values";
import { Lifecycle } from "../../lab/ec2/lifecycle";

const REGION = "eu-central-1";
let folder: string;
let file: string;
let said: string[];
/** Calls back that the host of an instance is gone. */
let gone: Map<string, () => void>;
let lifecycle: Lifecycle;

const hook = (name: string, transition: string, result: string, seconds = 60): Values => ({
  name,
  autoscalingGroupName: "g",
  lifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
  defaultResult: result,
  heartbeatTimeout: seconds,
});
const launch = { instanceType: "t3.large", userData: "" };

function put(kind: string, id: string, state: Values): void {
  withAccount(file, (data) => {
    (data.objects[kind] ??= {})[id] = state;
  });
}

function groupInstance(digits: string, more: Values = {}): void {
  const owner = {
    owner: "autoscaling group g",
    _launch: launch,
    groups: [],
    allocation: "",
    publicAddress: "",
  };
  put("interface", `eni-${digits}`, {
    ...owner,
    address: `10.0.0.${digits}`,
    subnetId: "subnet-1",
    vpcId: "vpc-1",
    ...more,
  });
}

const phases = (): string[] =>
  [...lifecycle.lives.values()].map(({ instance, phase }) => `${instance.id} ${phase}`);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-lifecycle-"));
  file = path.join(folder, "account.json");
  said = [];
  gone = new Map();
  const hosts = {
    boot: ({ id }: { id: string }) => void said.push(`boot ${id}`),
    runs: () => true,
    restart: ({ id }: { id: string }) => void said.push(`restart ${id}`),
    end: ({ id }: { id: string }, done: () => void) => void (said.push(`end ${id}`), gone.set(id, done)),
    note: () => undefined,
  };
  lifecycle = new Lifecycle(file, REGION, hosts, []);
  withAccount(file, (data) => (data.controls.hosts = true));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("an instance without hooks is started once, stopped and started with other user data, and ended", () => {
  put("ec2.Instance", "i-1", { ami: "ami-1" });
  groupInstance("21", { owner: "i-1" });
  lifecycle.tick();
  lifecycle.tick();
  expect(said).toEqual(["boot i-1"]);
  put("ec2.Instance", "i-1", { ami: "ami-1", _starts: 2 });
  lifecycle.tick();
  expect(said).toEqual(["boot i-1", "restart i-1"]);
  groupInstance("21", { owner: "i-1", _ending: true });
  lifecycle.tick();
  expect(said.at(-1)).toBe("end i-1");
  expect(readAccount(file).objects["interface"]).toBeDefined();
  gone.get("i-1")?.();
  expect(readAccount(file).objects["interface"]).toBeUndefined();
  expect(phases()).toEqual([]);
});

it("a group's hooks hold its instances until they are completed", () => {
  put("autoscaling.LifecycleHook", "g/launch", hook("launch", "LAUNCHING", "ABANDON"));
  put("initialLifecycleHook", "g/drain", hook("drain", "TERMINATING", "CONTINUE"));
  groupInstance("21");
  lifecycle.tick();
  expect(phases()).toEqual(["i-21 launch"]);
  expect(lifecycle.at("10.0.0.21")?.lifecycle).toBe("InService");
  lifecycle.hookCall("CompleteLifecycleAction", "g", "launch", "i-21", "CONTINUE");
  expect(phases()).toEqual(["i-21 in service"]);
  // It is nobody's turn any more.
  expect(() => lifecycle.hookCall("CompleteLifecycleAction", "g", "launch", "i-21", "CONTINUE")).toThrow(
    "No active Lifecycle Action found with instance ID i-21",
  );
  groupInstance("21", { _ending: true });
  lifecycle.tick();
  expect(phases()).toEqual(["i-21 drain"]);
  expect(lifecycle.at("10.0.0.21")?.lifecycle).toBe("Terminated");
  expect(said).toEqual(["boot i-21"]);
  lifecycle.hookCall("RecordLifecycleActionHeartbeat", "g", "drain", "i-21", "");
  lifecycle.hookCall("CompleteLifecycleAction", "g", "drain", "i-21", "CONTINUE");
  expect(said.at(-1)).toBe("end i-21");
});

it("an instance whose launch is not completed in time is ended", () => {
  put("autoscaling.LifecycleHook", "g/launch", hook("launch", "LAUNCHING", "ABANDON", -1));
  groupInstance("21");
  lifecycle.tick();
  lifecycle.tick();
  expect(said).toEqual(["boot i-21", "end i-21"]);
});

it("knows what an instance was started with when Pulumi has forgotten it", () => {
  put("ec2.Instance", "i-1", { ami: "ami-1", tags: { Name: "one" } });
  groupInstance("21", { owner: "i-1" });
  lifecycle.tick();
  withAccount(file, (data) => {
    delete data.objects["ec2.Instance"];
  });
  groupInstance("21", { owner: "i-1", _ending: true });
  lifecycle.tick();
  expect(lifecycle.running()).toMatchObject([{ id: "i-1", state: "shutting-down", tags: { Name: "one" } }]);
});

const spotGroup = (capacityRebalance: boolean): void => {
  put("ec2.Subnet", "subnet-1", {
    vpcId: "vpc-1",
    cidrBlock: "10.0.0.0/24",
    availabilityZone: "eu-central-1a",
  });
  put("ec2.SecurityGroup", "sg-1", { vpcId: "vpc-1" });
  put("ec2.LaunchTemplate", "lt-1", {
    name: "g",
    defaultVersion: 1,
    _versions: {
      1: {
        ...launch,
        imageId: "resolve:ssm:/aws/service/debian/release/12/latest/amd64",
        vpcSecurityGroupIds: ["sg-1"],
      },
    },
  });
  const launchTemplate = { id: "lt-1", version: "$Default" };
  put("autoscaling.Group", "g", {
    desiredCapacity: 1,
    vpcZoneIdentifiers: ["subnet-1"],
    launchTemplate,
    capacityRebalance,
  });
  put("initialLifecycleHook", "g/drain", hook("drain", "TERMINATING", "CONTINUE"));
};
const there = (): number => Object.keys(readAccount(file).objects["interface"] ?? {}).length;

it("a spot instance goes when EC2 says so, whatever its group's hook; the group has another from the notice on", () => {
  spotGroup(true);
  groupInstance("21", { _interrupted: Date.now() + 60_000 });
  lifecycle.tick();
  lifecycle.tick();
  expect(there()).toBe(2);
  expect(said.filter((line) => line.startsWith("end"))).toEqual([]);
  groupInstance("21", { _interrupted: Date.now() - 1 });
  lifecycle.tick();
  lifecycle.tick();
  expect(said).toContain("end i-21");
  gone.get("i-21")?.();
  lifecycle.tick();
  expect(there()).toBe(1);
});

it("without capacity rebalancing the group starts another when the spot instance is gone", () => {
  spotGroup(false);
  groupInstance("21", { _interrupted: Date.now() + 60_000 });
  lifecycle.tick();
  expect(there()).toBe(1);
  groupInstance("21", { _interrupted: Date.now() - 1 });
  lifecycle.tick();
  gone.get("i-21")?.();
  lifecycle.tick();
  expect(there()).toBe(1);
  expect(phases()).not.toContain("i-21 ending");
});
