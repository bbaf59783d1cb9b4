/**
 * Plays AWS for a lab's hosts: the metadata service, and as much of SSM, Secrets Manager, Auto Scaling and EC2 as hosts call.
 * It verifies Signature Version 4 by its own reading of the specification, and judges each call by the policies that
 * `model/aws/iam.ts` makes. Hosts are told apart by their address.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { Statement } from "../../model/aws/statement";

export const METADATA_ADDRESS = "169.254.169.254";
/** Where the test asks and tells, over plain HTTP. */
export const CONTROL_PORT = 8099;
const ACCOUNT = "123456789012";

export interface Instance {
  readonly id: string;
  readonly zone: string;
  readonly hostname: string;
  /** Name of a role in `AwsConfig.roles`, which a worker shares with its pool; undefined: none yet. */
  readonly role?: string;
  /** Milliseconds since 1970. */
  readonly launched: number;
  readonly lifecycle?: string;
}

/** Written by the test, read anew for each call. */
export interface AwsConfig {
  readonly region: string;
  readonly listen: string;
  readonly key: string;
  readonly certificate: string;
  /** By address. */
  readonly instances: Readonly<Record<string, Instance>>;
  readonly roles: Readonly<Record<string, readonly Statement[]>>;
  /** By name: versions by id; the last is the current one. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Objects in S3 by `<bucket>/<key>`, in base64. */
  readonly objects: Readonly<Record<string, string>>;
}

export interface Parameter {
  readonly value: string;
  readonly type: string;
  /** Address of the writer; "" for the test. */
  readonly by: string;
}

/** What the server remembers. */
export interface AwsState {
  readonly parameters: Record<string, Parameter>;
  /** Every call: service, action, role, and what came of it. */
  readonly calls: {
    service: string;
    action: string;
    role: string;
    params: Record<string, unknown>;
    answer: string;
  }[];
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const [, , configFile = ""] = process.argv;
const config = (): AwsConfig => JSON.parse(fs.readFileSync(configFile, "utf8")) as AwsConfig;
const state: AwsState = { parameters: {}, calls: [] };
const tokens = new Set<string>();
/** One key pair a role, made when first asked for. */
const keys = new Map<string, { id: string; secret: string; token: string; role: string }>();

function read(request: http.IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)));
  });
}

function callerOf(request: http.IncomingMessage): string {
  return (request.socket.remoteAddress ?? "").replace("::ffff:", "");
}

function credentialsOf(role: string): { id: string; secret: string; token: string; role: string } {
  const known = keys.get(role);
  if (known) return known;
  const random = (bytes: number): string => crypto.randomBytes(bytes).toString("hex");
  const made = { id: `ASIA${random(8).toUpperCase()}`, secret: random(20), token: `${random(60)}//==`, role };
  keys.set(role, made);
  return made;
}

function metadata(request: http.IncomingMessage): string {
  const path = (request.url ?? "").replace(/^\/latest\//, "");
  if (request.method === "PUT" && path === "api/token") {
    if (!/^\d+$/.test(String(request.headers["x-aws-ec2-metadata-token-ttl-seconds"])))
      throw new Refusal(400, "", "no time to live");
    const token = crypto.randomBytes(16).toString("hex");
    tokens.add(token);
    return token;
  }
  if (!tokens.has(String(request.headers["x-aws-ec2-metadata-token"])))
    throw new Refusal(401, "", "IMDSv2 is required");
  const address = callerOf(request);
  const instance = config().instances[address];
  if (!instance) throw new Refusal(404, "", `no instance has ${address}`);
  const folder = "meta-data/iam/security-credentials/";
  const role = instance.role === undefined ? undefined : credentialsOf(instance.role);
  const answers: Record<string, string | undefined> = {
    "meta-data/instance-id": instance.id,
    "meta-data/placement/availability-zone": instance.zone,
    "meta-data/local-ipv4": address,
    "meta-data/local-hostname": `${instance.hostname} second.example`,
    "meta-data/autoscaling/target-lifecycle-state": instance.lifecycle,
    [folder]: role?.role,
    [`${folder}${role?.role}`]:
      role &&
      JSON.stringify({
        Code: "Success",
        AccessKeyId: role.id,
        SecretAccessKey: role.secret,
        Token: role.token,
      }),
  };
  const answer = answers[path];
  if (answer === undefined) throw new Refusal(404, "", path);
  return answer;
}

const sha256 = (data: string | Buffer): string => crypto.createHash("sha256").update(data).digest("hex");
const hmac = (key: crypto.BinaryLike, data: string): Buffer =>
  crypto.createHmac("sha256", key).update(data).digest();

/** AWS, "Create a signed AWS API request": who called which service, or why the signature is none. */
function verify(request: http.IncomingMessage, body: Buffer): { role: string; service: string } {
  const bad = (why: string): Refusal => new Refusal(403, "SignatureDoesNotMatch", why);
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      String(request.headers.authorization),
    );
  if (!given) throw bad("no signature");
  const [, id = "", day = "", region = "", service = "", names = "", signature] = given;
  const found = [...keys.values()].find((one) => one.id === id);
  if (!found)
    throw new Refusal(
      403,
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
    );
  if (request.headers["x-amz-security-token"] !== found.token) throw bad("another token");
  const host = String(request.headers.host);
  const own = `${service}.${region}.amazonaws.com`;
  // A bucket stands before the service's name (Amazon S3 User Guide, "Virtual hosting of general purpose buckets").
  if (!(service === "s3" ? host.endsWith(`.${own}`) : host === own) || region !== config().region)
    throw bad(`${request.headers.host} is not ${service} in ${region}`);
  const signed = names.split(";");
  const must = Object.keys(request.headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  for (const name of must) if (!signed.includes(name)) throw bad(`${name} is not signed`);
  const stamp = String(request.headers["x-amz-date"]);
  const at = Date.parse(stamp.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(Date.now() - at) < 300_000) || !stamp.startsWith(day)) throw bad("another time");
  const canonicalHeaders = [...signed]
    .sort()
    .map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  // AWS, "Create a signed AWS API request": S3 wants the body's hash among the signed headers.
  if (service === "s3" && request.headers["x-amz-content-sha256"] !== sha256(body)) throw bad("no hash");
  const canonical = [request.method, request.url, "", canonicalHeaders.join(""), names, sha256(body)].join(
    "\n",
  );
  const text = [
    "AWS4-HMAC-SHA256",
    stamp,
    `${day}/${region}/${service}/aws4_request`,
    sha256(canonical),
  ].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<Buffer>(hmac, Buffer.from(`AWS4${found.secret}`));
  if (hmac(key, text).toString("hex") !== signature) throw bad("the signature does not fit");
  return { role: found.role, service };
}

function matches(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(value);
}

function authorise(role: string, service: string, action: string, resource: string): void {
  const { region, roles } = config();
  const arn =
    service === "s3" ? `arn:aws:s3:::${resource}` : `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
  const allowed = (roles[role] ?? []).some(
    ({ actions, resources }) =>
      actions.some((one) => matches(one, `${service}:${action}`)) &&
      resources.some((one) => matches(one, arn)),
  );
  if (!allowed)
    throw new Refusal(
      400,
      "AccessDeniedException",
      `${role} is not authorized to perform: ${service}:${action} on resource: ${arn}`,
    );
}

type Params = Record<string, unknown>;

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function ssm(action: string, params: Params, by: string, allow: (resource: string) => void): object {
  const { parameters } = state;
  const text = (name: string): string => wordOf(params[name]);
  switch (action) {
    case "GetParameter": {
      allow(`parameter${text("Name")}`);
      const found = parameters[text("Name")];
      if (!found) throw new Refusal(400, "ParameterNotFound", "");
      if (found.type === "SecureString" && params["WithDecryption"] !== true)
        throw new Refusal(400, "ValidationException", "asked for without decryption");
      return { Parameter: { Name: params["Name"], Value: found.value } };
    }
    case "PutParameter": {
      allow(`parameter${text("Name")}`);
      if (text("Value").length > 4096)
        throw new Refusal(
          400,
          "ValidationException",
          "Standard tier parameters support a maximum parameter value of 4096 characters.",
        );
      if (parameters[text("Name")] && params["Overwrite"] !== true)
        throw new Refusal(400, "ParameterAlreadyExists", "");
      parameters[text("Name")] = { value: text("Value"), type: text("Type"), by };
      return { Version: 1 };
    }
    case "GetParametersByPath": {
      allow(`parameter${text("Path")}`);
      if (Number(params["MaxResults"]) > 10) throw new Refusal(400, "ValidationException", "MaxResults");
      const all = Object.keys(parameters)
        .filter((name) => name.startsWith(`${text("Path")}/`))
        .sort();
      // One a page, so that paging is gone through.
      const at = Number(params["NextToken"] ?? 0);
      const page = all.slice(at, at + 1).map((Name) => ({ Name, Value: parameters[Name]?.value }));
      return { Parameters: page, ...(at + 1 < all.length ? { NextToken: String(at + 1) } : {}) };
    }
    case "DeleteParameters":
      for (const name of params["Names"] as string[]) {
        allow(`parameter${name}`);
        delete parameters[name];
      }
      return {};
    default:
      throw new Refusal(400, "UnknownOperationException", action);
  }
}

function secretsmanager(action: string, params: Params, allow: (resource: string) => void): object {
  if (action !== "GetSecretValue") throw new Refusal(400, "UnknownOperationException", action);
  const name = String(params["SecretId"]);
  allow(`secret:${name}-a1B2c3`);
  const versions = config().secrets[name];
  if (!versions)
    throw new Refusal(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  const version = wordOf(params["VersionId"]) || (Object.keys(versions).pop() ?? "");
  const value = versions[version];
  if (value === undefined) throw new Refusal(400, "ResourceNotFoundException", `no version ${version}`);
  return { Name: name, VersionId: version, SecretString: value };
}

/**
 * EC2 API Reference, DescribeInstances: every filter has to match. An instance of a pool has the tags of its launch template; its
 * pool is the name of its role here.
 */
function describeInstances(params: Params): string {
  const { instances } = config();
  const filters = Object.entries(params).flatMap(([key, value]) => {
    const [, number] = /^Filter\.(\d+)\.Name$/.exec(key) ?? [];
    return number === undefined ? [] : [[String(value), wordOf(params[`Filter.${number}.Value.1`])] as const];
  });
  const found = Object.entries(instances).filter(([address, one]) => {
    const facts: Record<string, string | undefined> = {
      "private-ip-address": address,
      "private-dns-name": one.hostname,
      "instance-state-name": "running",
      "tag:pulumi-kubeadm/pool": one.role,
    };
    return filters.every(([name, value]) => name === "tag:pulumi-kubeadm/cluster" || facts[name] === value);
  });
  const items = found.map(
    ([address, one]) =>
      `<item><instancesSet><item><instanceId>${one.id}</instanceId><privateDnsName>${one.hostname}</privateDnsName><privateIpAddress>${address}</privateIpAddress><launchTime>${new Date(one.launched).toISOString()}</launchTime></item></instancesSet></item>`,
  );
  return `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>${items.join("")}</reservationSet></DescribeInstancesResponse>`;
}

function s3(request: http.IncomingMessage, role: string): Buffer {
  const name = `${String(request.headers.host).split(".")[0]}${request.url ?? ""}`;
  const call = { service: "s3", action: "GetObject", role, params: { name }, answer: "refused" };
  state.calls.push(call);
  authorise(role, "s3", call.action, name);
  const found = config().objects[name];
  if (found === undefined) throw new Refusal(404, "NoSuchKey", "The specified key does not exist.");
  call.answer = "done";
  return Buffer.from(found, "base64");
}

function answer(request: http.IncomingMessage, body: Buffer): Buffer | string {
  const query = String(request.headers["content-type"]).startsWith("application/x-www-form-urlencoded");
  const { role, service } = verify(request, body);
  if (service === "s3") return s3(request, role);
  const params: Params = query
    ? Object.fromEntries(new URLSearchParams(body.toString()))
    : (JSON.parse(body.toString()) as Params);
  const action = query
    ? String(params["Action"])
    : (String(request.headers["x-amz-target"]).split(".")[1] ?? "");
  const call = { service, action, role, params: { ...params, Value: undefined }, answer: "refused" };
  state.calls.push(call);
  const allow = (resource: string): void => authorise(role, service, action, resource);
  const result = ((): string => {
    switch (service) {
      case "ssm":
        return JSON.stringify(ssm(action, params, callerOf(request), allow));
      case "secretsmanager":
        return JSON.stringify(secretsmanager(action, params, allow));
      case "autoscaling":
        allow(`autoScalingGroup:${ACCOUNT}:autoScalingGroupName/${String(params["AutoScalingGroupName"])}`);
        return `<${action}Response/>`;
      case "ec2":
        if (action === "DescribeInstances") {
          allow("");
          return describeInstances(params);
        }
        allow(`instance/${String(params["InstanceId"])}`);
        return `<${action}Response><return>true</return></${action}Response>`;
      default:
        throw new Refusal(400, "UnknownService", service);
    }
  })();
  call.answer = "done";
  return result;
}

function serve(
  work: (request: http.IncomingMessage, body: Buffer) => Buffer | string,
  errors: (refusal: Refusal) => string,
) {
  return (request: http.IncomingMessage, response: http.ServerResponse): void => {
    void read(request).then((body) => {
      try {
        response.end(work(request, body));
      } catch (error) {
        const refusal = error instanceof Refusal ? error : new Refusal(500, "InternalFailure", String(error));
        console.log(
          `${callerOf(request)} ${request.method} ${request.url}: ${refusal.code} ${refusal.message}`,
        );
        response.writeHead(refusal.status).end(errors(refusal));
      }
    });
  };
}

/** For the test: GET says everything, PUT /NAME sets a parameter. */
function control(request: http.IncomingMessage, body: Buffer): string {
  if (request.method === "PUT")
    state.parameters[decodeURIComponent(request.url ?? "")] = {
      value: body.toString(),
      type: "SecureString",
      by: "",
    };
  return JSON.stringify(state);
}

if (require.main === module) {
  const { listen, key, certificate } = config();
  http
    .createServer(
      serve(
        (request) => metadata(request),
        (refusal) => refusal.message,
      ),
    )
    .listen(80, METADATA_ADDRESS);
  http.createServer(serve(control, (refusal) => refusal.message)).listen(CONTROL_PORT, listen);
  https
    .createServer(
      { key, cert: certificate },
      serve(answer, ({ code, message }) =>
        JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message }),
      ),
    )
    .listen(443, listen);
}
