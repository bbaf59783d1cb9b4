/**
 * The stand-in's own rules, by themselves: what AWS refuses, with its code, and what each change of an argument means. The
 * sources stand beside the rules, in kinds/. This is what their suites share: an account for each test, and things to put in.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Values } from "../../shared/values";
import { plainObject, textOf } from "../../shared/values";
import { withAccount, type Controls } from "../account";
import { AwsStandIn } from "../standIn";

export const x86 = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
export const arm = "/aws/service/debian/release/12/latest/arm64";

export interface Made {
  readonly type: string;
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
}

/** An account of its own, and the calls that the engine would make. */
class Account {
  readonly folder = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-aws-"));
  readonly file = path.join(this.folder, "account.json");
  readonly provider = new AwsStandIn("7.48.0", this.file);
  private number = 0;

  constructor(settings: Values = {}) {
    this.provider.configure({ region: "eu-central-1", ...settings });
  }

  control(controls: Controls): void {
    withAccount(this.file, (data) => {
      data.controls = controls;
    });
  }

  check(type: string, news: Values, olds: Values = {}): { inputs: Values; faults: string[] } {
    const { inputs, failures = [] } = this.provider.check({
      urn: "urn",
      type: token(type),
      name: "thing",
      olds,
      news,
    });
    return { inputs, faults: failures.map(({ property, reason }) => `${property}: ${reason}`) };
  }

  make(type: string, news: Values): Made {
    this.number += 1;
    const named = this.provider.check({
      urn: "urn",
      type: token(type),
      name: `thing${this.number}`,
      olds: {},
      news,
    });
    expect(named.failures, type).toEqual([]);
    const { inputs } = named;
    const request = {
      urn: "urn",
      type: token(type),
      name: "thing",
      properties: inputs,
      preview: false,
      timeout: 0,
    };
    const { id, properties } = this.provider.create(request);
    return { type, id, inputs, outputs: properties };
  }

  /** `update`, `replace` or `same`, with the arguments that did it; and whether the old one has to go first. */
  change(made: Made, changes: Values, ignoreChanges: readonly string[] = []): string {
    const { inputs } = this.check(made.type, { ...asked(made), ...changes }, made.inputs);
    const request = { urn: "urn", type: token(made.type), name: "thing", id: made.id, ignoreChanges };
    const olds = { olds: made.outputs, oldInputs: made.inputs, news: inputs };
    const { detailed, deleteBeforeReplace } = this.provider.diff({ ...request, ...olds });
    const names = [...new Set(Object.keys(detailed).map((entry) => entry.split(/[.[]/)[0]))].sort();
    const replacing = Object.entries(detailed)
      .filter(([, kind]) => kind.endsWith("-replace"))
      .map(([entry]) => entry.split(/[.[]/)[0]);
    if (names.length === 0) return "same";
    if (replacing.length === 0) return `update ${names.join()}`;
    return `replace ${[...new Set(replacing)].join()}${deleteBeforeReplace ? ", deleted first" : ""}`;
  }

  update(made: Made, changes: Values): Made {
    const { inputs } = this.check(made.type, { ...asked(made), ...changes }, made.inputs);
    const request = {
      urn: "urn",
      type: token(made.type),
      name: "thing",
      id: made.id,
      ignoreChanges: [],
      timeout: 0,
    };
    const olds = { olds: made.outputs, oldInputs: made.inputs, news: inputs };
    const outputs = this.provider.update({ ...request, ...olds, preview: false });
    return { ...made, inputs, outputs };
  }

  plan(made: Made, changes: Values): Values {
    const { inputs } = this.check(made.type, { ...asked(made), ...changes }, made.inputs);
    const request = {
      urn: "urn",
      type: token(made.type),
      name: "thing",
      id: made.id,
      ignoreChanges: [],
      timeout: 0,
    };
    const olds = { olds: made.outputs, oldInputs: made.inputs, news: inputs };
    return this.provider.update({ ...request, ...olds, preview: true });
  }

  remove(made: Made): void {
    void this.startRemoval(made);
  }

  /** Refuses at once; a promise where the provider waits for something. */
  startRemoval(made: Made): void | Promise<void> {
    const rest = { properties: made.outputs, oldInputs: made.inputs, timeout: 0 };
    return this.provider.delete({ urn: "urn", type: token(made.type), name: "thing", id: made.id, ...rest });
  }

  read(made: Made): { id: string; properties: Values; inputs: Values } {
    const rest = { properties: made.outputs, inputs: made.inputs };
    return this.provider.read({ urn: "urn", type: token(made.type), name: "thing", id: made.id, ...rest });
  }

  image(parameter: string): string {
    const { insecureValue } = this.provider.invoke("aws:ssm/getParameter:getParameter", { name: parameter });
    return textOf(insecureValue);
  }
}

function token(type: string): string {
  const [module, name] = type.split(".");
  return `aws:${module}/${name[0].toLowerCase()}${name.slice(1)}:${name}`;
}

/** What a program gave: the names that Check made are none of it. */
function asked(made: Made): Values {
  const { tagsAll: _, __defaults: defaults, ...rest } = plainObject(made.inputs);
  const names = Array.isArray(defaults) ? defaults : [];
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !names.includes(name)));
}

export let account: Account;
beforeEach(() => {
  account = new Account();
});
afterEach(() => rmSync(account.folder, { recursive: true, force: true }));

/** A network with two subnets in two zones, one of them in use, and a group. */
export function network(): { vpc: Made; a: Made; b: Made; gateway: Made; group: Made } {
  const vpc = account.make("ec2.Vpc", { cidrBlock: "10.0.0.0/16" });
  const gateway = account.make("ec2.InternetGateway", { vpcId: vpc.id });
  const subnet = (cidrBlock: string, zone: string): Made =>
    account.make("ec2.Subnet", { vpcId: vpc.id, cidrBlock, availabilityZone: `eu-central-1${zone}` });
  const group = account.make("ec2.SecurityGroup", { vpcId: vpc.id, name: "group" });
  return { vpc, gateway, group, a: subnet("10.0.0.0/24", "a"), b: subnet("10.0.1.0/24", "b") };
}

export function instance(subnet: Made, more: Values = {}): Made {
  return account.make("ec2.Instance", {
    ami: account.image(x86),
    instanceType: "t3.micro",
    subnetId: subnet.id,
    ...more,
  });
}

export function balancer(subnets: Made[], more: Values = {}): Made {
  const given = { loadBalancerType: "network", internal: true, subnets: subnets.map(({ id }) => id) };
  return account.make("lb.LoadBalancer", { ...given, ...more });
}

export function targets(vpc: Made, more: Values = {}): Made {
  return account.make("lb.TargetGroup", { port: 6443, protocol: "TCP", vpcId: vpc.id, ...more });
}

export function listener(of: Made, group: Made, more: Values = {}): Made {
  const defaultActions = [{ type: "forward", targetGroupArn: group.id }];
  return account.make("lb.Listener", {
    loadBalancerArn: of.id,
    port: 6443,
    protocol: "TCP",
    defaultActions,
    ...more,
  });
}

export function template(more: Values = {}): Made {
  return account.make("ec2.LaunchTemplate", {
    imageId: `resolve:ssm:${x86}`,
    instanceType: "t3.micro",
    ...more,
  });
}

export function scaling(subnet: Made, of: Made, more: Values = {}): Made {
  const given = {
    minSize: 1,
    maxSize: 3,
    vpcZoneIdentifiers: [subnet.id],
    launchTemplate: { id: of.id, version: "$Latest" },
  };
  return account.make("autoscaling.Group", { ...given, ...more });
}

export const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
});
export const allow = (...statements: Values[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((entry) => ({ Effect: "Allow", ...entry })),
  });

export function role(name = "role"): Made {
  return account.make("iam.Role", { name, assumeRolePolicy: trust });
}

export type Case = readonly [what: string, code: RegExp, work: () => unknown];

export function refusals(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    it.each(cases)("%s", (_, code, work) => {
      expect(work).toThrow(code);
    });
  });
}
