/**
 * The region's endpoints: which service, which action, by whom, and whether the role's policies allow it. Protocols: query
 * (EC2, Auto Scaling, Elastic Load Balancing, STS), JSON (Systems Manager, Secrets Manager), REST (S3).
 */
import { accountId, readAccount, withAccount, type AccountData } from "../../engine/providers/aws/account";
import { elb } from "./balancers/api";
import type { Balancers } from "./balancers/balancers";
import type { Buckets } from "./buckets";
import {
  describeInstances,
  describeSubnets,
  describeZones,
  element,
  escaped,
  groupTags,
  tagKeys,
  type Params,
} from "./ec2Api";
import type { Lifecycle } from "./lifecycle";
import { ecr, type Logins } from "./ecr";
import { authorize, type Asked } from "./policies";
import { Refusal } from "./refusal";
import { changeIngress, describeGroups, describeRouteTables } from "./securityGroupApi";
import { assumeByToken, putS3Object, s3Object, secretsManager, ssm, type Allow, type Json } from "./services";
import type { Sessions } from "./sessions";
import { verify, type SignedRequest } from "./signature";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a call asked the role's policies for, and the ids of the statements that allowed it. */
export interface Decision extends Asked {
  readonly by: readonly string[];
}

/** One call, for whoever looks at what was asked. */
export interface Call {
  readonly service: string;
  readonly action: string;
  readonly role: string;
  readonly answer: string;
  readonly decisions: readonly Decision[];
}

export interface Behind {
  readonly region: string;
  readonly accountFile: string;
  readonly sessions: Sessions;
  readonly lifecycle: Lifecycle;
  readonly balancers: Balancers;
  readonly logins: Logins;
  /** Those that the stack does not make. */
  readonly buckets: Buckets;
}

type Protocol = "query" | "ec2" | "json" | "rest";

const WEB_IDENTITY_SECONDS = 3600;

export function answerCall(request: SignedRequest, behind: Behind, told: (call: Call) => void): Answer {
  const call: Named = { service: serviceOf(request, behind.region), action: "", role: "", decisions: [] };
  const protocol = protocolOf(call.service);
  const type = protocol === "json" ? "application/x-amz-json-1.1" : "text/xml";
  try {
    const body = answerOf(request, behind, call);
    told({ ...call, answer: "done" });
    return { status: 200, type, body };
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, "InternalFailure", String(error));
    told({ ...call, answer: `${refusal.code}: ${refusal.message}` });
    return { status: refusal.status, type, body: errorBody(protocol, refusal) };
  }
}

/** `ssm.REGION.amazonaws.com`, `BUCKET.s3.REGION.amazonaws.com`. */
function serviceOf(request: SignedRequest, region: string): string {
  const [name = ""] = String(request.headers.host).split(`.${region}.`);
  return name.split(".").pop() ?? "";
}

function protocolOf(service: string): Protocol {
  if (service === "ssm" || service === "secretsmanager" || service === "ecr") return "json";
  if (service === "s3") return "rest";
  return service === "ec2" ? "ec2" : "query";
}

function errorBody(protocol: Protocol, { code, message }: Refusal): string {
  const error = `<Code>${code}</Code><Message>${escaped(message)}</Message>`;
  switch (protocol) {
    case "json":
      return JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message });
    case "rest":
      return `<Error>${error}</Error>`;
    case "ec2":
      return `<Response><Errors><Error>${error}</Error></Errors><RequestID>lab</RequestID></Response>`;
    case "query":
      return `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>lab</RequestId></ErrorResponse>`;
  }
}

/** A call whose parts become known one after the other. */
interface Named {
  readonly service: string;
  action: string;
  role: string;
  readonly decisions: Decision[];
}

/** Asks the role's policies, and keeps what came of it. */
function decide(account: AccountData, call: Named, asked: Asked): void {
  // What is refused is asked for too.
  const index = call.decisions.push({ ...asked, by: [] }) - 1;
  call.decisions[index] = { ...asked, by: authorize(account, call.role, asked) };
}

function answerOf(request: SignedRequest, behind: Behind, call: Named): Buffer | string {
  const { accountFile, region } = behind;
  if (call.service === "s3") return s3(request, behind, call);
  const form = Object.fromEntries(new URLSearchParams(request.body.toString()));
  call.action =
    protocolOf(call.service) === "json"
      ? (String(request.headers["x-amz-target"]).split(".")[1] ?? "")
      : (form["Action"] ?? "");
  if (call.service === "sts") return sts(readAccount(accountFile), behind, call, form);
  const { session, service } = verify(request, region, (id) => behind.sessions.find(id));
  call.role = session.role;
  const allowIn =
    (account: AccountData, action = call.action): Allow =>
    (resource, keys) =>
      decide(account, call, { action: `${service}:${action}`, resource, keys });
  switch (service) {
    case "ssm": {
      const params = JSON.parse(request.body.toString()) as Json;
      return JSON.stringify(
        withAccount(accountFile, (data) => ssm(data, region, call.action, params, allowIn(data))),
      );
    }
    case "secretsmanager": {
      const account = readAccount(accountFile);
      const params = JSON.parse(request.body.toString()) as Json;
      return JSON.stringify(secretsManager(account, region, call.action, params, allowIn(account)));
    }
    case "ecr":
      return JSON.stringify(
        ecr(behind.logins, region, call.action, session, allowIn(readAccount(accountFile))),
      );
    case "ec2": {
      const account = readAccount(accountFile);
      const inner = ec2(account, behind, call.action, form, allowIn(account));
      const response = `${call.action}Response`;
      return `<${response} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>lab</requestId>${inner}</${response}>`;
    }
    case "autoscaling": {
      const account = readAccount(accountFile);
      return query(call.action, autoscaling(account, behind, call.action, form, allowIn(account)));
    }
    case "elasticloadbalancing": {
      const account = readAccount(accountFile);
      const tagging = allowIn(account, "AddTags");
      return query(call.action, elb(behind, account, call.action, form, allowIn(account), tagging));
    }
    default:
      throw new Refusal(400, "UnknownService", service);
  }
}

function query(action: string, inner: string): string {
  return `<${action}Response><${action}Result>${inner}</${action}Result><ResponseMetadata><RequestId>lab</RequestId></ResponseMetadata></${action}Response>`;
}

function s3(request: SignedRequest, behind: Behind, call: Named): Buffer {
  const account = readAccount(behind.accountFile);
  const bucket = String(request.headers.host).split(".")[0] ?? "";
  const [location = "", query = ""] = request.url.split("?");
  const key = decodeURIComponent(location.slice(1));
  if (behind.buckets.has(bucket)) {
    call.role = verify(request, behind.region, (id) => behind.sessions.find(id)).session.role;
    const { method, body } = request;
    return behind.buckets.answer(
      bucket,
      { method, key, body, query: new URLSearchParams(query) },
      (action) => {
        call.action = action;
        return (resource, keys) => decide(account, call, { action: `s3:${action}`, resource, keys });
      },
    );
  }
  const writes = request.method === "PUT";
  call.action = writes ? "PutObject" : "GetObject";
  if (!writes && request.method !== "GET") throw new Refusal(405, "MethodNotAllowed", request.method);
  if (request.headers.authorization === undefined) return s3Object(account, bucket, key, undefined);
  const { session } = verify(request, behind.region, (id) => behind.sessions.find(id));
  call.role = session.role;
  const allow: Allow = (resource, keys) =>
    decide(account, call, { action: `s3:${call.action}`, resource, keys });
  if (!writes) return s3Object(account, bucket, key, allow);
  withAccount(behind.accountFile, (data) => putS3Object(data, bucket, key, request.body, allow));
  return Buffer.from("");
}

function sts(account: AccountData, behind: Behind, call: Named, form: Params): string {
  if (call.action !== "AssumeRoleWithWebIdentity") throw new Refusal(400, "InvalidAction", call.action);
  const role = assumeByToken(account, behind.region, form);
  call.role = role;
  const session = behind.sessions.make(role, Number(form["DurationSeconds"] ?? WEB_IDENTITY_SECONDS));
  const credentials = [
    element("AccessKeyId", session.id),
    element("SecretAccessKey", session.secret),
    element("SessionToken", session.token),
    element("Expiration", new Date(session.expires).toISOString()),
  ].join("");
  const user = `<Arn>arn:aws:sts::${accountId}:assumed-role/${role}/lab</Arn><AssumedRoleId>AROA:lab</AssumedRoleId>`;
  return query(call.action, `${element("Credentials", credentials)}${element("AssumedRoleUser", user)}`);
}

function ec2(account: AccountData, behind: Behind, action: string, params: Params, allow: Allow): string {
  const instances = behind.lifecycle.running();
  switch (action) {
    case "DescribeInstances":
      allow("*");
      return describeInstances(params, instances);
    case "DescribeAvailabilityZones":
      allow("*");
      return describeZones(behind.region);
    case "DescribeInstanceTopology":
      allow("*");
      // Types of dev and prod have none to tell of (EC2 User Guide, "Prerequisites for Amazon EC2 topology").
      return "<instanceSet/>";
    case "DescribeSubnets":
      allow("*");
      return describeSubnets(account, params);
    case "DescribeSecurityGroups":
      allow("*");
      return describeGroups(account, params);
    case "DescribeRouteTables":
      allow("*");
      return describeRouteTables(account, params);
    case "AuthorizeSecurityGroupIngress":
    case "RevokeSecurityGroupIngress":
      return changeIngress(behind, account, action, params, allow);
    case "ModifyInstanceAttribute": {
      const id = params["InstanceId"] ?? "";
      const found = instances.find((one) => one.id === id);
      const value = params["SourceDestCheck.Value"];
      const keys = {
        ...tagKeys(found?.tags ?? {}),
        ...(value && { "ec2:Attribute/SourceDestCheck": value }),
      };
      allow(`arn:aws:ec2:${behind.region}:${accountId}:instance/${id}`, keys);
      if (found === undefined) throw new Refusal(400, "InvalidInstanceID.NotFound", id);
      if (value === undefined)
        throw new Refusal(400, "InvalidParameterCombination", "No attributes specified");
      withAccount(behind.accountFile, (data) => {
        const there = data.objects["interface"]?.[found.interfaceId];
        if (there !== undefined) there["_sourceDestCheck"] = value === "true";
      });
      return element("return", "true");
    }
    default:
      throw new Refusal(400, "InvalidAction", `The action ${action} is not valid for this web service.`);
  }
}

function autoscaling(
  account: AccountData,
  behind: Behind,
  action: string,
  params: Params,
  allow: Allow,
): string {
  const id = params["InstanceId"] ?? "";
  const life = behind.lifecycle.lives.get(id);
  const group = params["AutoScalingGroupName"] ?? life?.instance.group ?? "";
  const arn = `arn:aws:autoscaling:${behind.region}:${accountId}:autoScalingGroup:lab:autoScalingGroupName/${group}`;
  const tags = Object.entries(groupTags(account, group)).map(
    ([key, value]) => [`autoscaling:ResourceTag/${key}`, value] as const,
  );
  const keys = Object.fromEntries(tags);
  switch (action) {
    case "CompleteLifecycleAction":
    case "RecordLifecycleActionHeartbeat": {
      allow(arn, keys);
      const hook = params["LifecycleHookName"] ?? "";
      behind.lifecycle.hookCall(action, group, hook, id, params["LifecycleActionResult"] ?? "");
      return "";
    }
    case "DescribeScalingActivities":
      allow("*");
      return "<Activities/>";
    case "SetInstanceHealth": {
      allow(arn, keys);
      if (life === undefined || life.phase === "drain" || life.phase === "ending")
        throw new Refusal(
          400,
          "ValidationError",
          `Instance Id not found - No managed instance found for ${id}`,
        );
      behind.lifecycle.replace(life);
      return "";
    }
    default:
      throw new Refusal(400, "InvalidAction", action);
  }
}
