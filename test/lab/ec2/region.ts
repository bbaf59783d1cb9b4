/**
 * A region of EC2 as one process in the lab's network: its endpoints, its metadata service, its router's rules, and the hosts
 * that instances are. It works on the account that the engine's stand-in for `aws` writes. The other files of this folder
 * say what each part simulates and what not.
 */
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as path from "node:path";
import { readAccount, withAccount } from "../../engine/providers/aws/account";
import { publicName } from "../../engine/providers/aws/addresses";
import { text } from "../../engine/providers/aws/scope";
import { run } from "../../support/run";
import { hostRuns } from "../host";
import { inNamespace, labAddress, labNamespace } from "../network";
import { registryUrl } from "../registry";
import { instancesOf, objectsOf, type Ec2Instance } from "./account";
import { Balancers } from "./balancers/balancers";
import { Logins, registryAnswer } from "./ecr";
import { Buckets } from "./buckets";
import { answerCall, type Answer, type Call } from "./endpoints";
import { bootInstance, endInstance, hostOf, stopInstance, type Booting } from "./hosts";
import { Lifecycle, type Life } from "./lifecycle";
import { Metadata, METADATA_ADDRESS } from "./metadata";
import { packetRules, type Port } from "./packets";
import { Refusal } from "./refusal";
import { Sessions } from "./sessions";
import { keepRoutes } from "./peering";
import { endpointsOf, serviceZone } from "./serviceEndpoints";
import { answerFor, deviceOf, S3_ADDRESS, SERVICES_ADDRESS } from "./wires";

export interface RegionConfig {
  readonly lab: string;
  readonly region: string;
  readonly accountFile: string;
  /** Of the region's own files. */
  readonly folder: string;
  readonly resolver: string;
  readonly key: string;
  readonly certificate: string;
}

/** File with the names of zones that are cut off, one a line. */
export const CUT_ZONES = "cut-zones";
/** File with the range of the network that the VPC is peered with. */
export const PEERED = "peered";
/** File with the zone of AWS' names, for the VPC's name server. */
export const SERVICE_ZONE = "names.services";
/** Folder with the buckets that people have made. */
export const BUCKETS = "buckets";

const TOKEN_SECONDS = "x-aws-ec2-metadata-token-ttl-seconds";
/** Milliseconds between two looks at the account. */
const INTERVAL = 200;

class Region {
  private readonly lifecycle: Lifecycle;
  private readonly metadata: Metadata;
  private readonly sessions: Sessions;
  private readonly balancers: Balancers;
  private readonly logins: Logins;
  private rules = "";
  private zone = "";
  private readonly names = new Map<string, string>();
  private answered: readonly string[] = [];
  private passing: Promise<void> = Promise.resolve();

  constructor(private readonly config: RegionConfig) {
    const { region, accountFile } = config;
    this.sessions = new Sessions(this.file("sessions.json"));
    this.logins = new Logins(this.file("logins.json"));
    const kept = this.file("instances.json");
    const lives = fs.existsSync(kept) ? (JSON.parse(fs.readFileSync(kept, "utf8")) as Life[]) : [];
    this.lifecycle = new Lifecycle(accountFile, region, this, lives);
    const look = () => readAccount(accountFile);
    this.balancers = new Balancers(region, (line) => this.note(line));
    this.metadata = new Metadata(region, this.sessions, look, (address) => this.lifecycle.at(address));
  }

  private file(name: string): string {
    return path.join(this.config.folder, name);
  }

  note(line: string): void {
    console.log(`${new Date().toISOString()} ${line}`);
  }

  boot(instance: Ec2Instance): void {
    const { lab } = this.config;
    void bootInstance(lab, this.booting(instance), () => this.pass()).catch((error: unknown) =>
      this.note(`${instance.id} does not boot: ${String(error)}`),
    );
  }

  restart(instance: Ec2Instance): void {
    void stopInstance(this.config.lab, instance.id).then(() => this.boot(instance));
  }

  end(instance: Ec2Instance, gone: () => void): void {
    void endInstance(this.config.lab, instance.id, this.file("ended")).then(gone, (error: unknown) =>
      this.note(`${instance.id} does not end: ${String(error)}`),
    );
  }

  runs(instance: Ec2Instance): boolean {
    const host = hostOf(this.config.lab, instance.id);
    return host?.process === undefined || hostRuns(host);
  }

  private booting(instance: Ec2Instance): Booting {
    const account = readAccount(this.config.accountFile);
    const { region, resolver } = this.config;
    const subnet = text(objectsOf(account, "ec2.Subnet")[instance.subnetId]?.["cidrBlock"]);
    const publicKey = text(objectsOf(account, "ec2.KeyPair")[instance.keyName]?.["publicKey"]);
    return { instance, region, subnet, resolver, publicKey: publicKey === "" ? undefined : publicKey };
  }

  /** Brings the router's rules up to date; one at a time, since a boot asks for it besides. */
  private pass(): Promise<void> {
    const passed = this.passing.then(() => this.passOnce());
    this.passing = passed.catch(() => undefined);
    return passed;
  }

  private async passOnce(): Promise<void> {
    const account = readAccount(this.config.accountFile);
    const known = new Map(this.lifecycle.running().map((one) => [one.id, one]));
    const now = new Map(instancesOf(account, this.config.region).map((one) => [one.id, one]));
    const ports = [...known.values()].flatMap((one) => {
      const host = hostOf(this.config.lab, one.id);
      if (host === undefined) return [];
      const there = now.get(one.id);
      const current = there === undefined || there.ending ? one : there;
      return [{ device: deviceOf(host.index), instance: current }];
    });
    this.balancers.turn(account, ports);
    const cutZones = this.cutZones();
    this.writeNames(ports, cutZones);
    const endpoints = endpointsOf(account);
    this.writeZone(endpoints);
    const addresses = [...this.balancers.addresses(), ...endpoints.flatMap((one) => one.addresses)];
    if (addresses.join() !== this.answered.join()) {
      await answerFor(this.config.lab, this.answered, addresses);
      this.answered = addresses;
    }
    const { resolver } = this.config;
    const addressesOutside = { services: SERVICES_ADDRESS, s3: S3_ADDRESS, outside: [labAddress] };
    const around = { ...addressesOutside, resolver, flows: this.balancers.flows(), cutZones };
    const rules = packetRules(account, ports, around);
    if (rules === this.rules) return;
    // In its place, and known, once the router has it.
    fs.writeFileSync(this.file("packets.new"), rules);
    await run(inNamespace(labNamespace(this.config.lab), ["nft", "-f", this.file("packets.new")]));
    this.rules = rules;
    fs.renameSync(this.file("packets.new"), this.file("packets.nft"));
  }

  /** Zones that a test has cut off. */
  private cutZones(): string[] {
    const file = this.file(CUT_ZONES);
    return fs.existsSync(file)
      ? fs
          .readFileSync(file, "utf8")
          .split("\n")
          .filter((zone) => zone !== "")
      : [];
  }

  /** Public names of instances for the VPC's name server, and those of balancers for everybody's. */
  private writeNames(ports: readonly Port[], cutZones: readonly string[]): void {
    const balancers = this.balancers
      .names(cutZones)
      .flatMap(({ name, addresses }) => addresses.map((address) => `${address} ${name}\n`));
    const instances = ports
      .filter(({ instance }) => instance.publicAddress !== "")
      .map(({ instance: one }) => `${one.address} ${publicName(this.config.region, one.publicAddress)}\n`);
    this.writeHosts("names", [...instances, ...balancers].join(""));
    this.writeHosts("names.outside", balancers.join(""));
  }

  private writeZone(endpoints: ReturnType<typeof endpointsOf>): void {
    const zone = (serial: number): string =>
      serviceZone(this.config.region, endpoints, { serial, services: SERVICES_ADDRESS, s3: S3_ADDRESS });
    if (zone(0) === this.zone) return;
    this.zone = zone(0);
    const serial = Math.floor(Date.now() / 1000);
    this.writeHosts(SERVICE_ZONE, zone(serial));
  }

  private writeHosts(name: string, content: string): void {
    if (content === this.names.get(name)) return;
    this.names.set(name, content);
    fs.writeFileSync(this.file(`${name}.new`), content);
    fs.renameSync(this.file(`${name}.new`), this.file(name));
  }

  async turn(): Promise<void> {
    const account = this.lifecycle.tick();
    const peered = this.file(PEERED);
    if (fs.existsSync(peered)) keepRoutes(this.config.accountFile, account, fs.readFileSync(peered, "utf8"));
    await this.pass();
    const lives = JSON.stringify([...this.lifecycle.lives.values()]);
    fs.writeFileSync(this.file("instances.json.new"), lives);
    fs.renameSync(this.file("instances.json.new"), this.file("instances.json"));
  }

  private async call(request: http.IncomingMessage, body: Buffer): Promise<Answer> {
    const { region, accountFile } = this.config;
    const { sessions, lifecycle, balancers, logins } = this;
    const signed = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    const told = (call: Call): void => {
      const caller = (request.socket.remoteAddress ?? "").replace("::ffff:", "");
      fs.appendFileSync(this.file("calls.jsonl"), `${JSON.stringify({ caller, ...call })}\n`);
    };
    const registry = registryAnswer(signed, { region, accountFile, logins, upstream: registryUrl, told });
    const buckets = new Buckets(this.file(BUCKETS));
    return (
      registry ??
      answerCall(signed, { region, accountFile, sessions, lifecycle, balancers, logins, buckets }, told)
    );
  }

  async serve(): Promise<void> {
    const { key, certificate, accountFile } = this.config;
    withAccount(accountFile, (data) => (data.controls.hosts = true));
    const imds = http.createServer((request, response) => {
      try {
        // AWS' SDKs take a token only with its time to live beside it.
        const seconds = request.headers[TOKEN_SECONDS];
        if (request.method === "PUT" && seconds !== undefined) response.setHeader(TOKEN_SECONDS, seconds);
        response.end(this.metadata.answer(request));
      } catch (error) {
        const status = error instanceof Refusal ? error.status : 500;
        if (status !== 404)
          this.note(`metadata ${request.socket.remoteAddress} ${request.url}: ${String(error)}`);
        response.writeHead(status).end(String(error));
      }
    });
    const answer: http.RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        void this.call(request, Buffer.concat(chunks)).then(
          ({ status, type, body, headers }) =>
            response.writeHead(status, { "content-type": type, ...headers }).end(body),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
      });
    };
    await new Promise<void>((resolve) => imds.listen(80, METADATA_ADDRESS, resolve));
    for (const address of [SERVICES_ADDRESS, S3_ADDRESS]) {
      const api = https.createServer({ key, cert: certificate }, answer);
      await new Promise<void>((resolve) => api.listen(443, address, resolve));
    }
    this.note("the region is open");
    for (;;) {
      await this.turn().catch((error: unknown) => this.note(`turn: ${String(error)}`));
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  }
}

async function main(): Promise<void> {
  const [, , configFile = ""] = process.argv;
  const config = JSON.parse(fs.readFileSync(configFile, "utf8")) as RegionConfig;
  await new Region(config).serve();
}

if (require.main === module) void main();
