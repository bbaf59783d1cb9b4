/** What tests take away from a region's account, one at a time, and put back: rules of security groups, statements of roles. */
import { readAccount, withAccount } from "../../engine/providers/aws/account";
import { text } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";
import { ensureDebianPackages } from "../../support/debianPackages";
import { run } from "../../support/run";
import { eventually } from "../cluster";
import { inNamespace, labNamespace } from "../network";
import { INTERRUPTED, objectsOf } from "./account";
import { statementsOf, type Statement } from "./policies";
import type { SimulatedRegion } from "./simulation";

const KINDS = ["vpc.SecurityGroupIngressRule", "vpc.SecurityGroupEgressRule"] as const;

export interface Rule {
  readonly kind: (typeof KINDS)[number];
  readonly id: string;
  /** `worker from control-plane tcp 10250`, `control-plane to 0.0.0.0/0 all`. */
  readonly name: string;
  readonly reason: string;
}

export function rulesOf(region: SimulatedRegion): Rule[] {
  const account = readAccount(region.accountFile);
  const groupName = (id: unknown): string => {
    const name = text(objectsOf(account, "ec2.SecurityGroup")[String(id)]?.["name"]);
    return /-firewall-(.+)-[0-9a-f]+$/.exec(name)?.[1] ?? name;
  };
  return KINDS.flatMap((kind) =>
    Object.entries(objectsOf(account, kind)).map(([id, rule]) => {
      const peer = text(rule["cidrIpv4"]) || groupName(rule["referencedSecurityGroupId"]);
      const way = kind === KINDS[0] ? "from" : "to";
      const name = `${groupName(rule["securityGroupId"])} ${way} ${peer} ${trafficOf(rule)}`;
      return { kind, id, name, reason: text(rule["description"]) };
    }),
  );
}

function trafficOf({ ipProtocol, fromPort, toPort }: Values): string {
  if (ipProtocol === "-1") return "all";
  const ports = fromPort === toPort ? `${Number(fromPort)}` : `${Number(fromPort)}-${Number(toPort)}`;
  return `${text(ipProtocol)} ${ports}`;
}

/** Works on an account from which the rule is gone, and the router's rules with it. */
export async function withoutRule(
  region: SimulatedRegion,
  rule: Rule,
  work: () => Promise<void>,
): Promise<void> {
  const put = (state: Values | undefined): void =>
    withAccount(region.accountFile, (data) => {
      const all = data.objects[rule.kind] ?? {};
      if (state === undefined) delete all[rule.id];
      else all[rule.id] = state;
    });
  const follows = async (before: string): Promise<void> => {
    const now = (): Promise<string> => Promise.resolve(region.packets());
    await eventually("the router follows", now, (rules) => rules !== before, 30);
  };
  const kept = readAccount(region.accountFile).objects[rule.kind]?.[rule.id];
  const whole = region.packets();
  put(undefined);
  try {
    await follows(whole);
    await work();
  } finally {
    const less = region.packets();
    put(kept);
    // The rule comes last now.
    if (less !== whole) await follows(less);
  }
}

/**
 * Makes the router forget the connections that it knows: a security group goes on with those that it has let in once (EC2
 * User Guide, "Security group connection tracking"), and tests are about new ones.
 */
export async function forgetConnections(region: SimulatedRegion): Promise<void> {
  await ensureDebianPackages(["conntrack"]);
  await run(inNamespace(labNamespace(region.lab.id), ["conntrack", "-F"]), { allowFailure: true });
}

export interface RoleStatement {
  readonly role: string;
  readonly sid: string;
}

/** Every statement of a role that the account has. */
export function statementsIn(region: SimulatedRegion): RoleStatement[] {
  const account = readAccount(region.accountFile);
  return Object.values(objectsOf(account, "iam.Role")).flatMap((state) => {
    const role = text(state["name"]);
    return statementsOf(account, role).map(({ Sid }) => ({ role, sid: Sid ?? "" }));
  });
}

/** A role's statements, as they are now. */
export function statementsFor(region: SimulatedRegion, role: string): Statement[] {
  return statementsOf(readAccount(region.accountFile), role);
}

/** Leaves a role only those statements of its inline policy; returns what puts it back as it was. */
export function keepStatements(
  region: SimulatedRegion,
  role: string,
  keep: (statement: Statement) => boolean,
): () => void {
  const id = `${role}:kubeadm`;
  const put = (policy: string): void =>
    withAccount(region.accountFile, (data) => {
      const found = data.objects["iam.RolePolicy"]?.[id];
      if (found !== undefined) found["policy"] = policy;
    });
  const whole = text(readAccount(region.accountFile).objects["iam.RolePolicy"]?.[id]?.["policy"]);
  const { Statement: all, ...rest } = JSON.parse(whole) as { Statement: Statement[] };
  put(JSON.stringify({ ...rest, Statement: all.filter(keep) }));
  return () => put(whole);
}

/** EC2 takes a spot instance back at that time, and says so from now on. */
export function interrupt(region: SimulatedRegion, interfaceId: string, at: number): void {
  withAccount(region.accountFile, (data) => {
    const found = data.objects["interface"]?.[interfaceId];
    if (found !== undefined) found[INTERRUPTED] = at;
  });
}
