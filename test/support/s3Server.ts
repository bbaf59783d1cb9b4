import { createHash, createHmac } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";

export interface S3Keys {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

/**
 * One bucket of an S3. Signatures are checked as AWS describes them (IAM User Guide, "Create a signed AWS API request"),
 * from what arrived and not from what the client says it signed.
 */
export class S3Server {
  readonly objects = new Map<string, Buffer>();
  readonly refused: string[] = [];
  /** Answers the next requests with these statuses. */
  readonly failures: number[] = [];
  /** Breaks off so many of the next uploads when their first bytes are there. */
  cuts = 0;
  /** Keys in one page of a listing. */
  pageSize = 1_000;
  private readonly server: http.Server | https.Server;

  /** @param tls its own key and certificate, in PEM; without, it speaks HTTP */
  constructor(
    readonly bucket: string,
    private readonly region: string,
    public keys: S3Keys,
    private readonly tls?: { readonly key: string; readonly cert: string },
  ) {
    const serve = (request: http.IncomingMessage, response: http.ServerResponse): void =>
      this.serve(request, response);
    this.server = tls === undefined ? http.createServer(serve) : https.createServer(tls, serve);
  }

  /** Default: any port of loopback. */
  async listen(address = "127.0.0.1", port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(port, address, resolve));
    const scheme = this.tls === undefined ? "http" : "https";
    return `${scheme}://${address}:${(this.server.address() as net.AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    const isCut = request.method === "PUT" && this.cuts > 0;
    if (isCut) this.cuts -= 1;
    request.on("data", (chunk: Buffer) => {
      if (isCut) request.socket.destroy();
      else chunks.push(chunk);
    });
    request.on("end", () => {
      if (!isCut) this.answer(request, Buffer.concat(chunks), response);
    });
  }

  private answer(request: http.IncomingMessage, body: Buffer, response: http.ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://any");
    const fail = (status: number, code: string): void => {
      this.refused.push(code);
      response.writeHead(status).end(`<Error><Code>${code}</Code><Message>said ${code}</Message></Error>`);
    };
    const failure = this.failures.shift();
    if (failure !== undefined) return fail(failure, "SlowDown");
    if (!this.isSigned(request, url, body)) return fail(403, "SignatureDoesNotMatch");
    const [, bucket = "", ...rest] = url.pathname.split("/");
    if (bucket !== this.bucket) return fail(404, "NoSuchBucket");
    const key = decodeURIComponent(rest.join("/"));
    if (request.method === "PUT") this.objects.set(key, body);
    else if (request.method === "DELETE") this.objects.delete(key);
    else if (key === "") return void response.end(this.list(url.searchParams));
    const found = this.objects.get(key);
    if (request.method === "GET" && found === undefined) return fail(404, "NoSuchKey");
    response.end(request.method === "GET" ? found : "");
  }

  private list(query: URLSearchParams): string {
    const after = query.get("continuation-token") ?? "";
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get("prefix") ?? "") && key > after)
      .sort();
    const page = keys.slice(0, this.pageSize);
    const more = keys.length > page.length;
    return (
      `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("") +
      `<IsTruncated>${more}</IsTruncated>` +
      (more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "") +
      `</ListBucketResult>`
    );
  }

  private isSigned({ method, headers }: http.IncomingMessage, url: URL, body: Buffer): boolean {
    const found = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(
      headers.authorization ?? "",
    );
    const [, id, scope = "", names = "", signature] = found ?? [];
    const payload = createHash("sha256").update(body).digest("hex");
    const stamp = String(headers["x-amz-date"]);
    if (id !== this.keys.id || headers["x-amz-content-sha256"] !== payload) return false;
    if (scope !== `${stamp.slice(0, 8)}/${this.region}/s3/aws4_request`) return false;
    if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.split(";").includes(name)))
      return false;
    if (headers["x-amz-security-token"] !== this.keys.token) return false;
    const encode = (text: string): string =>
      encodeURIComponent(text).replace(
        /[!'()*]/g,
        (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
      );
    const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
    const canonical = [
      method,
      url.pathname,
      query.join("&"),
      names
        .split(";")
        .map((name) => `${name}:${String(headers[name])}\n`)
        .join(""),
      names,
      payload,
    ].join("\n");
    const digest = createHash("sha256").update(canonical).digest("hex");
    const key = scope
      .split("/")
      .reduce<string | Buffer>(
        (secret, part) => createHmac("sha256", secret).update(part).digest(),
        `AWS4${this.keys.secret}`,
      );
    const text = ["AWS4-HMAC-SHA256", stamp, scope, digest].join("\n");
    return createHmac("sha256", key).update(text).digest("hex") === signature;
  }
}
