import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { have } from "../../support/have";
import { newKey } from "../../support/sshKey";
import { BackupHost, backupTo, CLUSTER, Etcd, etcdTools } from "./backupHost";
import { S3Server } from "../../support/s3Server";
import { SftpServer } from "./sftpServer";

const tools = etcdTools !== undefined && have("openssl") && have("python3");
let etcd: Etcd;
let data: string;
const hosts: BackupHost[] = [];

beforeAll(async () => {
  if (!tools) return;
  data = fs.mkdtempSync("/tmp/etcd-data-");
  etcd = await Etcd.start(data);
  etcd.ctl("put", "/registry/a", "b");
});
afterAll(async () => {
  if (!tools) return;
  await etcd.stop();
  fs.rmSync(data, { recursive: true, force: true });
});
afterEach(() => {
  for (const host of hosts.splice(0)) host.remove();
});

const old = [1, 2, 3, 4].map(
  (day) => `etcd-${CLUSTER.slice(0, 16)}-2020010${day}T000000Z-r${day}-e3.6.8-k1.36.4.snapshot`,
);

describe.skipIf(!tools || !have("sftp"))("a folder on a host reached over SSH", () => {
  let root: string;
  let server: SftpServer;
  let port: number;

  beforeEach(async () => {
    root = fs.mkdtempSync("/tmp/sftp-");
    fs.mkdirSync(path.join(root, "home"));
    server = new SftpServer(root);
    port = await server.listen();
  });
  afterEach(async () => {
    await server.close();
    fs.rmSync(root, { recursive: true, force: true });
  });

  function host(hostKey = server.hostKey.public, key = server.userKey.private): BackupHost {
    const made = new BackupHost({
      etcd,
      backup: backupTo({
        kind: "ssh",
        host: "127.0.0.1",
        port,
        user: "backup",
        hostKey: hostKey.split(" ").slice(0, 2).join(" "),
        path: "/home/etcd/metal",
        key: "backup",
      }),
    });
    made.write("config/ssh-key", `${key.trim()}\n`);
    hosts.push(made);
    return made;
  }

  it("gets a snapshot whole, keeps as many as are wanted, and gives them back", async () => {
    const one = host();
    const folder = path.join(root, "home/etcd/metal");
    fs.mkdirSync(folder, { recursive: true });
    for (const name of [...old, "notes.txt"]) fs.writeFileSync(path.join(folder, name), "");
    const { status, output } = await one.run("now");
    expect([status, output]).toEqual([0, expect.stringMatching(/^wrote etcd-/)]);
    const [, name = ""] = /^wrote (\S+):/.exec(output) ?? [];
    expect(fs.readdirSync(folder).sort()).toEqual([...old.slice(2), name, "notes.txt"].sort());
    expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
    expect((await one.run("list")).output.split("\n")).toEqual([name, old[3], old[2], ""]);
    expect((await one.run("fetch", name, one.path("back.db"))).status).toBe(0);
    expect(fs.existsSync(one.path("back.db"))).toBe(true);
  });

  it("makes the folder", async () => {
    expect((await host().run("now")).status).toBe(0);
    expect(fs.readdirSync(path.join(root, "home/etcd/metal"))).toHaveLength(1);
  });

  it("is not talked to where it shows another host key, and nothing is sent", async () => {
    const { status, output } = await host(newKey().public).run("now");
    expect([status, output]).toEqual([1, expect.stringMatching(/making the folder on 127\.0\.0\.1: /)]);
    expect(fs.readdirSync(path.join(root, "home"))).toEqual([]);
  });

  it("is named where it takes another key", async () => {
    const { status, output } = await host(server.hostKey.public, newKey().private).run("now");
    expect([status, output]).toEqual([1, expect.stringMatching(/on 127\.0\.0\.1: .*(denied|closed)/i)]);
  });
});

describe.skipIf(!tools)("a bucket", () => {
  let server: S3Server;
  let endpoint: string;

  async function serve(keys: S3Server["keys"]): Promise<void> {
    server = new S3Server("backups", "eu-central-1", keys);
    endpoint = await server.listen();
  }
  afterEach(() => server.close());

  function host(over: { credentials?: string; metadata?: string; secret?: string } = {}): BackupHost {
    const { credentials, metadata, secret } = over;
    const made = new BackupHost({
      etcd,
      backup: backupTo({
        kind: "s3",
        bucket: "backups",
        prefix: "etcd/metal/",
        region: "eu-central-1",
        endpoint,
        aws: false,
        ...(credentials === undefined ? {} : { credentials }),
      }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    if (secret !== undefined) made.write("config/s3-credentials", secret);
    hosts.push(made);
    return made;
  }

  it("gets a snapshot below its prefix, keeps as many as are wanted over pages of a listing, and gives them back", async () => {
    await serve({ id: "AKIAEXAMPLE", secret: "se/cr+et" });
    server.pageSize = 2;
    for (const name of old) server.objects.set(`etcd/metal/${name}`, Buffer.alloc(0));
    for (const key of [`etcd/other/${old[0]}`, old[0] ?? "", "etcd/metal/notes.txt"])
      server.objects.set(key, Buffer.alloc(0));
    const one = host({ credentials: "s3", secret: "AKIAEXAMPLE:se/cr+et\n" });
    const { status, output } = await one.run("now");
    expect([status, output]).toEqual([0, expect.stringMatching(/^wrote etcd-/)]);
    const [, name = ""] = /^wrote (\S+):/.exec(output) ?? [];
    expect([...server.objects.keys()].sort()).toEqual(
      [
        ...[old[2], old[3], name, "notes.txt"].map((one) => `etcd/metal/${one}`),
        `etcd/other/${old[0]}`,
        old[0] ?? "",
      ].sort(),
    );
    expect((await one.run("fetch", name, one.path("back.db"))).status).toBe(0);
    expect(server.refused).toEqual([]);
  });

  it("is asked again when it is busy", async () => {
    await serve({ id: "AKIAEXAMPLE", secret: "secret" });
    server.failures.push(503, 500);
    expect((await host({ credentials: "s3", secret: "AKIAEXAMPLE:secret" }).run("now")).status).toBe(0);
    expect(server.refused).toEqual(["SlowDown", "SlowDown"]);
  });

  it("says why it refuses", async () => {
    await serve({ id: "AKIAEXAMPLE", secret: "secret" });
    const { status, output } = await host({ credentials: "s3", secret: "AKIAEXAMPLE:other" }).run("now");
    expect(status).toBe(1);
    expect(output).toMatch(/^S3 PUT etcd\/metal\/etcd-\S+ of bucket backups: SignatureDoesNotMatch: said/);
    expect(output).not.toContain("other");
  });

  it("is opened by the role of an instance", async () => {
    const role = { AccessKeyId: "ASIAROLE", SecretAccessKey: "of the role", Token: "token of the role" };
    await serve({ id: role.AccessKeyId, secret: role.SecretAccessKey, token: role.Token });
    const metadata = http.createServer((request, response) => {
      const folder = "/latest/meta-data/iam/security-credentials/";
      if (request.method === "PUT" && request.url === "/latest/api/token") return response.end("session");
      if (request.headers["x-aws-ec2-metadata-token"] !== "session") return response.writeHead(401).end();
      return response.end(request.url === folder ? "control-plane" : JSON.stringify(role));
    });
    await new Promise<void>((resolve) => metadata.listen(0, "127.0.0.1", resolve));
    const { port } = metadata.address() as net.AddressInfo;
    const { status, output } = await host({ metadata: `http://127.0.0.1:${port}/latest/` }).run("now");
    metadata.close();
    expect([status, output]).toEqual([0, expect.stringMatching(/^wrote/)]);
  });

  it("says that an instance has no role", async () => {
    await serve({ id: "x", secret: "y" });
    const { status, output } = await host().run("now");
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(/^the instance's role gives no credentials: /),
    ]);
  });
});
