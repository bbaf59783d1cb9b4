import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readAccount, withAccount } from "../../engine/providers/aws/account";
import type { Values } from "../../engine/providers/shared/values";
import { Lifecycle } from "../../lab/ec2/lifecycle";

const REGION = "eu-central-1";
let folder: string;
let file: string;
let lifecycle: Lifecycle;
let said: string[];
/** Addresses of hosts that are down. */
let dead: Set<string>;

/** A group of three in one subnet that a new template has set off, with a warm-up of 60 s. */
function group(more: Values = {}): Values {
  return {
    desiredCapacity: 3,
    vpcZoneIdentifiers: ["subnet-1"],
    launchTemplate: { id: "lt-1", version: "$Latest" },
    instanceRefresh: {
      preferences: { minHealthyPercentage: 100, maxHealthyPercentage: 110, instanceWarmup: "60" },
    },
    _refreshes: 1,
    _refreshing: true,
    ...more,
  };
}

function open(state: Values, hooks: Record<string, Values> = {}): void {
  const old = (address: string): Values => ({
    owner: "autoscaling group g",
    subnetId: "subnet-1",
    vpcId: "vpc-1",
    address,
    groups: [],
    allocation: "",
    publicAddress: "",
    _launch: {},
  });
  withAccount(file, (data) => {
    data.controls = { hosts: true };
    data.objects = {
      "ec2.Vpc": { "vpc-1": { defaultSecurityGroupId: "sg-1" } },
      "ec2.Subnet": {
        "subnet-1": { cidrBlock: "10.0.0.0/24", vpcId: "vpc-1", availabilityZone: "eu-central-1a" },
      },
      "ec2.SecurityGroup": { "sg-1": { vpcId: "vpc-1" } },
      "ec2.LaunchTemplate": {
        "lt-1": {
          name: "t",
          latestVersion: 2,
          _versions: {
            "2": {
              instanceType: "t3.large",
              imageId: "resolve:ssm:/aws/service/debian/release/12/latest/amd64",
            },
          },
        },
      },
      "autoscaling.Group": { g: state },
      "autoscaling.LifecycleHook": hooks,
      interface: { "eni-1": old("10.0.0.11"), "eni-2": old("10.0.0.12"), "eni-3": old("10.0.0.13") },
    };
  });
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-refresh-"));
  file = path.join(folder, "account.json");
  said = [];
  dead = new Set();
  vi.useFakeTimers({ now: 0, toFake: ["Date"] });
  const hosts = {
    boot: () => undefined,
    restart: () => undefined,
    end: (_: unknown, gone: () => void) => gone(),
    runs: ({ address }: { address: string }) => !dead.has(address),
    note: (line: string) => void said.push(line),
  };
  lifecycle = new Lifecycle(file, REGION, hosts, []);
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Lets seconds pass, and how many instances there were in each. */
function pass(seconds: number): number[] {
  return Array.from({ length: seconds }, () => {
    vi.setSystemTime(Date.now() + 1000);
    lifecycle.tick();
    return lifecycle.lives.size;
  });
}

const generations = (): number[] =>
  Object.values(readAccount(file).objects["interface"] ?? {}).map((one) => Number(one["_refresh"] ?? 0));

describe("an instance refresh", () => {
  it("starts one above the group's size, waits for its warm-up, and ends an old one for it, until all are new", () => {
    open(group());
    const numbers = pass(300);
    expect(Math.max(...numbers)).toBe(4);
    // The first look only sees the group's three; from then on none is missing.
    expect(Math.min(...numbers)).toBe(3);
    expect(generations()).toEqual([1, 1, 1]);
    expect(said.filter((line) => line.includes("refresh of g"))).toHaveLength(7);
    expect(readAccount(file).objects["autoscaling.Group"]["g"]["_refreshing"]).toBeUndefined();
  });

  it("takes as long as three warm-ups at least", () => {
    open(group());
    pass(170);
    expect(generations()).toContain(0);
  });

  it("without room above the size ends an old one first", () => {
    const preferences = { minHealthyPercentage: 50, maxHealthyPercentage: 100, instanceWarmup: "60" };
    open(group({ instanceRefresh: { preferences } }));
    const numbers = pass(300);
    expect([Math.min(...numbers), Math.max(...numbers)]).toEqual([2, 3]);
    expect(generations()).toEqual([1, 1, 1]);
  });

  it("stays at the first new one where that does not come into service", () => {
    const launch = {
      name: "launch",
      autoscalingGroupName: "g",
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      defaultResult: "ABANDON",
      heartbeatTimeout: 30,
    };
    open(group());
    pass(1);
    withAccount(file, (data) => (data.objects["autoscaling.LifecycleHook"] = { launch }));
    pass(1);
    const numbers = pass(200);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(4);
    expect(generations().filter((one) => one === 0)).toHaveLength(3);
    expect(said.filter((line) => line.includes("is replaced by its group")).length).toBeGreaterThan(2);
  });
});

it("an instance of a group whose host is down is replaced", () => {
  open(group({ _refreshes: 0, _refreshing: false }));
  pass(1);
  dead.add("10.0.0.12");
  pass(2);
  expect(said).toContain("i-2 is impaired: its host is down");
  expect(said).toContain("i-2 is replaced by its group");
  expect(lifecycle.lives.size).toBe(3);
  expect(lifecycle.lives.has("i-2")).toBe(false);
});
