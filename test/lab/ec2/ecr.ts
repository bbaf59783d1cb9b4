/**
 * Amazon ECR: logins, and the account's private registry, whose repositories are those of the lab's registry. Manifests come from
 * ECR itself, layers by a redirection to a bucket of S3 (Amazon ECR User Guide, "Amazon ECR interface VPC endpoints"). Not
 * simulated: policies of repositories, other accounts, pull-through caches, pushing, and scanning.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { accountId, readAccount } from "../../engine/providers/aws/account";
import type { Answer, Call, Decision } from "./endpoints";
import { authorize } from "./policies";
import { Refusal } from "./refusal";
import type { Allow, Json } from "./services";
import type { Session, SignedRequest } from "./signature";

/** A login of GetAuthorizationToken is good for twelve hours, whatever becomes of the credentials that asked for it. */
const LOGIN_SECONDS = 12 * 3600;

interface Login {
  readonly role: string;
  readonly expires: number;
}

/** What registries have been logged in with: the password and who asked for it. */
export class Logins {
  private readonly all: Map<string, Login>;

  /** @param file keeps them, for a region that is started again and for who looks for secrets */
  constructor(private readonly file: string) {
    const kept = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "{}";
    this.all = new Map(Object.entries(JSON.parse(kept) as Record<string, Login>));
  }

  make(role: string): { password: string; expires: number } {
    const password = crypto.randomBytes(40).toString("base64url");
    const expires = Date.now() + LOGIN_SECONDS * 1000;
    this.all.set(password, { role, expires });
    fs.writeFileSync(this.file, JSON.stringify(Object.fromEntries(this.all)), { mode: 0o600 });
    return { password, expires };
  }

  /** The role behind `Authorization: Basic`; undefined: nobody has logged in with it. */
  roleOf(authorization: string | undefined): string | undefined {
    const encoded = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
    const [user, password = ""] = Buffer.from(encoded ?? "", "base64")
      .toString()
      .split(":");
    const login = user === "AWS" ? this.all.get(password) : undefined;
    return login !== undefined && login.expires > Date.now() ? login.role : undefined;
  }
}

export function registryHost(region: string): string {
  return `${accountId}.dkr.ecr.${region}.amazonaws.com`;
}

/** The bucket that layers are in, which anybody may read who has an address with a signature. */
function layerHost(region: string): string {
  return `prod-${region}-starport-layer-bucket.s3.${region}.amazonaws.com`;
}

export function ecr(logins: Logins, region: string, action: string, session: Session, allow: Allow): Json {
  if (action !== "GetAuthorizationToken") throw new Refusal(400, "UnknownOperationException", action);
  allow("*");
  const { password, expires } = logins.make(session.role);
  return {
    authorizationData: [
      {
        authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"),
        expiresAt: expires / 1000,
        proxyEndpoint: `https://${registryHost(region)}`,
      },
    ],
  };
}

export interface Registry {
  readonly region: string;
  readonly accountFile: string;
  readonly logins: Logins;
  /** Of the lab's registry, which has the images. */
  readonly upstream: string;
  readonly told: (call: Call) => void;
}

/** Layers that may be fetched, by the signature in their address. */
const signed = new Map<string, string>();

/** Answers what is asked of the registry or of its layers; undefined: the request is for another service. */
export function registryAnswer(request: SignedRequest, registry: Registry): Promise<Answer> | undefined {
  const host = String(request.headers.host);
  if (host === layerHost(registry.region)) return layer(request, registry);
  return host === registryHost(registry.region) ? pull(request, registry) : undefined;
}

async function pull(request: SignedRequest, registry: Registry): Promise<Answer> {
  const role = registry.logins.roleOf(request.headers.authorization);
  const host = registryHost(registry.region);
  if (role === undefined) {
    const realm = `Basic realm="https://${host}/",service="ecr.amazonaws.com"`;
    return {
      ...failure(401, "UNAUTHORIZED", "no basic auth credentials"),
      headers: { "www-authenticate": realm },
    };
  }
  const [, repository, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/.exec(request.url) ?? [];
  if (repository === undefined || reference === undefined)
    return { status: 200, type: "application/json", body: "{}" };
  const action = actionOf(request.method, kind === "manifests");
  const asked = {
    action: `ecr:${action}`,
    resource: `arn:aws:ecr:${registry.region}:${accountId}:repository/${repository}`,
  };
  const call = (answer: string, by: readonly string[]): Call => {
    const decisions: Decision[] = [{ ...asked, by }];
    return { service: "ecr", action, role, answer, decisions };
  };
  try {
    const by = authorize(readAccount(registry.accountFile), role, asked);
    registry.told(call("done", by));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    registry.told(call(`${error.code}: ${error.message}`, []));
    return failure(403, "DENIED", error.message);
  }
  if (kind === "manifests") return fetched(registry, request);
  const signature = crypto.randomBytes(16).toString("hex");
  signed.set(signature, request.url);
  const location = `https://${layerHost(registry.region)}/${signature}?X-Amz-Signature=${signature}`;
  return { status: 307, type: "text/plain", body: "", headers: { location } };
}

function actionOf(method: string, isManifest: boolean): string {
  if (isManifest) return "BatchGetImage";
  return method === "HEAD" ? "BatchCheckLayerAvailability" : "GetDownloadUrlForLayer";
}

async function layer(request: SignedRequest, registry: Registry): Promise<Answer> {
  const url = signed.get(/X-Amz-Signature=(\w+)/.exec(request.url)?.[1] ?? "");
  if (url === undefined)
    return { status: 403, type: "text/xml", body: "<Error><Code>AccessDenied</Code></Error>" };
  return fetched(registry, { ...request, url });
}

async function fetched(registry: Registry, { method, url, headers }: SignedRequest): Promise<Answer> {
  const accept = { accept: String(headers.accept ?? "*/*") };
  const answer = await fetch(`${registry.upstream}${url}`, { method, headers: accept });
  const names = ["docker-content-digest", "content-length", "etag"];
  const kept = names.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const body = Buffer.from(await answer.arrayBuffer());
  const type = answer.headers.get("content-type") ?? "application/octet-stream";
  return { status: answer.status, type, body, headers: Object.fromEntries(kept) };
}

/** OCI Distribution Specification, "Error Codes". */
function failure(status: number, code: string, message: string): Answer {
  return { status, type: "application/json", body: JSON.stringify({ errors: [{ code, message }] }) };
}
