/**
 * Who calls: Signature Version 4, verified by its specification (AWS, "Create a signed AWS API request"). Not simulated:
 * query-string signatures, chunked uploads, and Signature Version 4A.
 */
import * as crypto from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "./refusal";

export interface Session {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly role: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const sha256 = (data: string | Buffer): string => crypto.createHash("sha256").update(data).digest("hex");
const hmac = (key: crypto.BinaryLike, data: string): Buffer =>
  crypto.createHmac("sha256", key).update(data).digest();

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Seconds by which clocks may differ ("Elements of an AWS API request signature": five minutes). */
const SKEW = 300;

/** @throws Refusal with the code that AWS gives for what is wrong */
export function verify(
  request: SignedRequest,
  region: string,
  find: (id: string) => Session | undefined,
): { session: Session; service: string } {
  const bad = (why: string): Refusal => new Refusal(403, "SignatureDoesNotMatch", why);
  const given = AUTHORIZATION.exec(String(request.headers.authorization));
  if (!given) throw new Refusal(403, "MissingAuthenticationToken", "the request has no signature");
  const [, id = "", day = "", scope = "", service = "", names = "", signature] = given;
  const session = find(id);
  const token = request.headers["x-amz-security-token"];
  if (session === undefined || token !== session.token)
    throw new Refusal(403, "UnrecognizedClientException", "The security token in the request is invalid.");
  if (session.expires < Date.now())
    throw new Refusal(403, "ExpiredTokenException", "The security token in the request is expired.");
  const host = String(request.headers.host);
  // Amazon ECR's endpoint is called otherwise than the service ("Amazon ECR endpoints and quotas").
  const own = `${service === "ecr" ? "api.ecr" : service}.${region}.amazonaws.com`;
  // A bucket stands before the service's name (Amazon S3 User Guide, "Virtual hosting of general purpose buckets").
  if (!(service === "s3" ? host.endsWith(`.${own}`) : host === own) || scope !== region)
    throw bad(`${host} is not ${service} in ${region}`);
  const signed = names.split(";");
  const must = Object.keys(request.headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  for (const name of must) if (!signed.includes(name)) throw bad(`${name} is not signed`);
  const stamp = String(request.headers["x-amz-date"]);
  const at = Date.parse(stamp.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(Date.now() - at) < SKEW * 1000) || !stamp.startsWith(day)) throw bad("Signature expired");
  // S3 wants the body's hash among the signed headers.
  if (service === "s3" && request.headers["x-amz-content-sha256"] !== sha256(request.body))
    throw bad("the body has another hash");
  const headers = [...signed].sort().map((name) => `${name}:${valueOf(request.headers, name)}\n`);
  const [path = "/", query = ""] = request.url.split("?");
  const canonical = [request.method, path, query, headers.join(""), names, sha256(request.body)].join("\n");
  const credential = `${day}/${scope}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", stamp, credential, sha256(canonical)].join("\n");
  const key = credential.split("/").reduce<Buffer>(hmac, Buffer.from(`AWS4${session.secret}`));
  if (hmac(key, text).toString("hex") !== signature) throw bad("the signature does not fit");
  return { session, service };
}

function valueOf(headers: IncomingHttpHeaders, name: string): string {
  return String(headers[name] ?? "")
    .trim()
    .replace(/ +/g, " ");
}
