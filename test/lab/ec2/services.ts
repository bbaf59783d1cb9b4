/**
 * What services beside EC2 answer: Systems Manager parameters, Secrets Manager, S3, and STS for web identities. All work on the
 * account that Pulumi's resources are in. Not simulated: KMS (a SecureString is kept as it is), versions of parameters
 * but the last, S3 beyond reading an object (`buckets.ts` has buckets of people), and throttling.
 */
import * as crypto from "node:crypto";
import { accountId, type AccountData } from "../../engine/providers/aws/account";
import { text, texts } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";
import { objectsOf } from "./account";
import { allows, type Asked, type Statement } from "./policies";
import { Refusal } from "./refusal";

export type Json = Readonly<Record<string, unknown>>;
export type Allow = (resource: string, keys?: Asked["keys"]) => void;

const PARAMETER = "ssm.Parameter";
const word = (value: unknown): string => (typeof value === "string" ? value : "");

/** @param data is changed, and written by the caller */
export function ssm(data: AccountData, region: string, action: string, params: Json, allow: Allow): Json {
  const arn = (name: string): string => `arn:aws:ssm:${region}:${accountId}:parameter${name}`;
  const all = (data.objects[PARAMETER] ??= {});
  const name = word(params["Name"]);
  switch (action) {
    case "GetParameter": {
      allow(arn(name));
      const found = all[name];
      if (found === undefined) throw new Refusal(400, "ParameterNotFound", "");
      // Without decryption a SecureString is what KMS made of it.
      const sealed = found["type"] === "SecureString" && params["WithDecryption"] !== true;
      const value = text(found["value"]) || text(found["insecureValue"]);
      return {
        Parameter: {
          Name: name,
          Type: found["type"],
          Version: found["version"],
          Value: sealed ? "AQIC" : value,
        },
      };
    }
    case "PutParameter": {
      allow(arn(name));
      const value = word(params["Value"]);
      if (value.length > 4096)
        throw new Refusal(
          400,
          "ValidationException",
          "Standard tier parameters support a maximum parameter value of 4096 characters.",
        );
      const there = all[name];
      if (there !== undefined && params["Overwrite"] !== true)
        throw new Refusal(400, "ParameterAlreadyExists", "The parameter already exists.");
      const version = Number(there?.["version"] ?? 0) + 1;
      const fresh: Values = { name, arn: arn(name), tier: "Standard", dataType: "text" };
      all[name] = { ...fresh, ...there, type: word(params["Type"]) || text(there?.["type"]), value, version };
      return { Version: version, Tier: "Standard" };
    }
    case "GetParametersByPath": {
      const path = word(params["Path"]);
      allow(arn(path));
      if (Number(params["MaxResults"] ?? 10) > 10)
        throw new Refusal(400, "ValidationException", "MaxResults");
      const names = Object.keys(all)
        .filter((one) => one.startsWith(`${path}/`))
        .sort();
      // One a page, so that paging is gone through.
      const at = Number(params["NextToken"] ?? 0);
      const page = names.slice(at, at + 1).map((one) => ({ Name: one, Value: text(all[one]["value"]) }));
      return { Parameters: page, ...(at + 1 < names.length ? { NextToken: String(at + 1) } : {}) };
    }
    case "DeleteParameters": {
      const names = params["Names"] as string[];
      for (const one of names) allow(arn(one));
      for (const one of names) delete all[one];
      return { DeletedParameters: names };
    }
    default:
      throw new Refusal(400, "UnknownOperationException", action);
  }
}

export function secretsManager(
  account: AccountData,
  region: string,
  action: string,
  params: Json,
  allow: Allow,
): Json {
  if (action !== "GetSecretValue") throw new Refusal(400, "UnknownOperationException", action);
  const asked = word(params["SecretId"]);
  const secrets = Object.entries(objectsOf(account, "secretsmanager.Secret"));
  const found = secrets.find(([id, state]) => id === asked || state["name"] === asked);
  // What is not there is judged by the name that it would have.
  allow(found?.[0] ?? `arn:aws:secretsmanager:${region}:${accountId}:secret:${asked}-??????`);
  const current = Object.values(objectsOf(account, "secretsmanager.SecretVersion")).find(
    (one) => one["secretArn"] === found?.[0] && texts(one["versionStages"]).includes("AWSCURRENT"),
  );
  if (found === undefined || current === undefined)
    throw new Refusal(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  const { versionId, secretString } = current;
  return { ARN: found[0], Name: found[1]["name"], VersionId: versionId, SecretString: secretString };
}

/** An object's bytes; `allow` is for who signed, nobody for the public. */
export function s3Object(
  account: AccountData,
  bucket: string,
  key: string,
  allow: Allow | undefined,
): Buffer {
  const arn = `arn:aws:s3:::${bucket}/${key}`;
  if (allow === undefined) {
    if (!isPublic(account, bucket, arn)) throw new Refusal(403, "AccessDenied", "Access Denied");
  } else allow(arn);
  const found = objectsOf(account, "s3.BucketObjectv2")[`${bucket}/${key}`];
  if (found === undefined) throw new Refusal(404, "NoSuchKey", "The specified key does not exist.");
  const encoded = text(found["contentBase64"]);
  return encoded === "" ? Buffer.from(text(found["content"])) : Buffer.from(encoded, "base64");
}

/** Writes over an object of the stack, or makes one, which then is nobody's resource (Amazon S3 API Reference, PutObject). */
export function putS3Object(
  account: AccountData,
  bucket: string,
  key: string,
  body: Buffer,
  allow: Allow,
): void {
  allow(`arn:aws:s3:::${bucket}/${key}`);
  if (objectsOf(account, "s3.Bucket")[bucket] === undefined)
    throw new Refusal(404, "NoSuchBucket", "The specified bucket does not exist");
  const all = (account.objects["s3.BucketObjectv2"] ??= {});
  const { contentBase64: _encoded, ...there } = all[`${bucket}/${key}`] ?? { bucket, key };
  all[`${bucket}/${key}`] = { ...there, content: body.toString() };
}

function isPublic(account: AccountData, bucket: string, arn: string): boolean {
  const policy = text(objectsOf(account, "s3.BucketPolicy")[bucket]?.["policy"]);
  if (policy === "" || objectsOf(account, "s3.Bucket")[bucket]?.["_blocksPublic"] === true) return false;
  const { Statement: all } = JSON.parse(policy) as { Statement: Statement | readonly Statement[] };
  const everybody = [all]
    .flat()
    .filter(({ Principal: who }) => who === "*" || JSON.stringify(who) === '{"AWS":"*"}');
  return allows(everybody, { action: "s3:GetObject", resource: arn });
}

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
}

/**
 * STS API Reference, AssumeRoleWithWebIdentity: the token's issuer is an IAM provider whose documents anybody may read, its key signed
 * the token, and the role's trust takes subject and audience. The role's name.
 */
export function assumeByToken(
  account: AccountData,
  region: string,
  params: Readonly<Record<string, string>>,
): string {
  const invalid = (why: string): Refusal => new Refusal(400, "InvalidIdentityToken", why);
  const [head = "", body = "", signature = ""] = (params["WebIdentityToken"] ?? "").split(".");
  const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
  const { kid } = decode(head) as { kid: string };
  const claims = decode(body) as Claims;
  const host = claims.iss.replace("https://", "");
  const provider = Object.values(objectsOf(account, "iam.OpenIdConnectProvider")).find(
    (one) => text(one["url"]).replace("https://", "") === host,
  );
  if (provider === undefined)
    throw invalid(`No OpenIDConnect provider found in your account for ${claims.iss}`);
  const audience = [claims.aud].flat().find((one) => texts(provider["clientIdLists"]).includes(one));
  if (audience === undefined) throw invalid("Incorrect token audience");
  if (claims.exp * 1000 < Date.now()) throw new Refusal(400, "ExpiredTokenException", "Token expired");
  const bucket = host.split(".")[0];
  if (host !== `${bucket}.s3.${region}.amazonaws.com`) throw invalid(`the issuer ${host} is not simulated`);
  const document = (key: string): Json =>
    JSON.parse(s3Object(account, bucket, key, undefined).toString()) as Json;
  const { jwks_uri: uri, issuer } = document(".well-known/openid-configuration");
  if (issuer !== claims.iss) throw invalid("the discovery document names another issuer");
  const keys = document(word(uri).replace(`${claims.iss}/`, ""))["keys"] as (crypto.JsonWebKey & {
    kid: string;
  })[];
  const jwk = keys.find((one) => one.kid === kid);
  if (jwk === undefined) throw invalid("Couldn't retrieve verification key from your identity provider");
  const key = crypto.createPublicKey({ key: jwk, format: "jwk" });
  if (!crypto.verify("RSA-SHA256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url")))
    throw invalid("the signature does not fit");
  return trusted(
    account,
    params["RoleArn"] ?? "",
    { [`${host}:sub`]: claims.sub, [`${host}:aud`]: audience },
    text(provider["arn"]),
  );
}

function trusted(
  account: AccountData,
  role: string,
  keys: Readonly<Record<string, string>>,
  provider: string,
): string {
  const refused = new Refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  const found = Object.values(objectsOf(account, "iam.Role")).find((one) => one["arn"] === role);
  if (found === undefined) throw refused;
  const { Statement: all } = JSON.parse(text(found["assumeRolePolicy"])) as {
    Statement: readonly Statement[];
  };
  const fitting = all
    .filter(({ Principal: who }) => JSON.stringify(who) === JSON.stringify({ Federated: provider }))
    .map((one) => ({ ...one, Resource: "*" }));
  if (!allows(fitting, { action: "sts:AssumeRoleWithWebIdentity", resource: role, keys })) throw refused;
  return text(found["name"]);
}
