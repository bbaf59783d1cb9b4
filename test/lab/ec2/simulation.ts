/** A lab that is a region of EC2, with an environment in it: what tests and `npm run lab` work with. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readAccount, withAccount } from "../../engine/providers/aws/account";
import { detach } from "../../engine/providers/aws/addresses";
import { Scope } from "../../engine/providers/aws/scope";
import { run, type RunOptions, type RunResult } from "../../support/run";
import { ensureTool } from "../../support/toolchain";
import { daemonRuns, startDaemon, stopDaemon, tailOf, type Daemon } from "../daemon";
import { kubeconfigFile, runEngine, type EngineOptions, type EngineReport } from "../engine";
import { webImage } from "../images";
import { Lab } from "../lab";
import { inNamespace, labNamespace, networks } from "../network";
import { serverCertificate } from "./authority";
import type { Call } from "./endpoints";
import { REGION, type AwsSettings } from "./environment";
import type { Life } from "./lifecycle";
import { resolverOf } from "./metadata";
import { BUCKETS, CUT_ZONES, PEERED, SERVICE_ZONE, type RegionConfig } from "./region";
import { serviceZone } from "./serviceEndpoints";
import {
  atOperator,
  createSurroundings,
  operator,
  removeSurroundings,
  S3_ADDRESS,
  SERVICES_ADDRESS,
} from "./wires";

const ENDPOINTS = ["*", "*.s3", "*.ecr", "*.dkr.ecr"].map((name) => `${name}.${REGION}.amazonaws.com`);
/** File with the name of the stack in this region. */
const STACK = "stack";
const DAEMONS = ["dns", "region"] as const;

export class SimulatedRegion {
  private constructor(readonly lab: Lab) {}

  /**
   * Opens a region, empty. A lab of that id from an earlier run goes first. `addons`: its registry has the images of add-ons.
   */
  static async create(
    id: string,
    vpcCidr: string,
    { stack = "dev", addons = false }: { stack?: string; addons?: boolean } = {},
  ): Promise<SimulatedRegion> {
    if (SimulatedRegion.exists(id)) await SimulatedRegion.load(id).down();
    await ensureTool("pulumi");
    const lab = await Lab.create({ id, services: ["mirror", "registry"], ec2: true, addons });
    const region = new SimulatedRegion(lab);
    try {
      await region.open(vpcCidr, stack);
    } catch (error) {
      await region.down();
      throw error;
    }
    return region;
  }

  static exists(id: string): boolean {
    return Lab.exists(id);
  }

  static load(id: string): SimulatedRegion {
    return new SimulatedRegion(Lab.load(id));
  }

  private file(...names: string[]): string {
    return this.lab.folder("ec2", ...names);
  }

  get accountFile(): string {
    return this.lab.folder("engine", "aws-account.json");
  }

  private async open(vpcCidr: string, stack: string): Promise<void> {
    const resolver = resolverOf(vpcCidr);
    await createSurroundings(this.lab.id, resolver);
    fs.mkdirSync(path.dirname(this.accountFile), { recursive: true });
    const certificate = await serverCertificate(this.file("certificate"), ENDPOINTS);
    const config: RegionConfig = {
      lab: this.lab.id,
      region: REGION,
      accountFile: this.accountFile,
      folder: this.file(),
      resolver,
      ...certificate,
    };
    fs.writeFileSync(this.file("region.json"), JSON.stringify(config), { mode: 0o600 });
    fs.writeFileSync(this.file(STACK), stack);
    fs.writeFileSync(
      this.file("Corefile"),
      corefile(resolver, (name) => this.file(name)),
    );
    for (const name of ["names", "names.outside"]) fs.writeFileSync(this.file(name), "");
    const zone = serviceZone(REGION, [], { serial: 1, services: SERVICES_ADDRESS, s3: S3_ADDRESS });
    fs.writeFileSync(this.file(SERVICE_ZONE), zone);
    await this.start();
  }

  /** Starts what serves the region, or starts it again; instances stay. */
  async start(): Promise<void> {
    await this.stop();
    const tsx = `file://${require.resolve("tsx")}`;
    const commands: Record<(typeof DAEMONS)[number], string[]> = {
      dns: [await ensureTool("coredns"), "-conf", this.file("Corefile")],
      region: [
        process.execPath,
        "--import",
        tsx,
        path.join(__dirname, "region.ts"),
        this.file("region.json"),
      ],
    };
    for (const name of DAEMONS) {
      const daemon = startDaemon(
        inNamespace(labNamespace(this.lab.id), commands[name]),
        this.file(`${name}.log`),
      );
      fs.writeFileSync(this.file(`${name}.daemon`), JSON.stringify(daemon));
    }
    for (let tries = 0; !this.log().includes("the region is open"); tries += 1) {
      const daemon = this.daemon("region");
      if (tries > 300 || daemon === undefined || !daemonRuns(daemon))
        throw new Error(`the region does not open\n${tailOf(this.file("region.log"))}`);
      await delay(100);
    }
  }

  private daemon(name: (typeof DAEMONS)[number]): Daemon | undefined {
    const file = this.file(`${name}.daemon`);
    return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Daemon) : undefined;
  }

  private async stop(): Promise<void> {
    for (const name of DAEMONS) {
      const daemon = this.daemon(name);
      if (daemon !== undefined) await stopDaemon(daemon);
    }
    if (fs.existsSync(this.file("region.log")))
      fs.renameSync(this.file("region.log"), this.file("before.log"));
  }

  async down(): Promise<void> {
    await this.stop();
    await removeSurroundings(this.lab.id);
    await this.lab.down();
  }

  /** What the region said it did. */
  log(): string {
    const file = this.file("region.log");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  /** Every signed call, and what came of it. */
  calls(): (Call & { readonly caller: string })[] {
    const file = this.file("calls.jsonl");
    if (!fs.existsSync(file)) return [];
    return fs
      .readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Call & { readonly caller: string });
  }

  instances(): Life[] {
    const file = this.file("instances.json");
    return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Life[]) : [];
  }

  /** A bucket that people have made, empty. */
  makeBucket(name: string): void {
    fs.mkdirSync(this.file(BUCKETS, name), { recursive: true });
  }

  /** What EC2 does where somebody ends an instance in the console: nobody's group starts another. */
  terminate(id: string): void {
    withAccount(this.accountFile, (data) => {
      detach(new Scope(data, REGION), id);
      delete data.objects["ec2.Instance"]?.[id];
    });
  }

  /** Peers each VPC with the network that the lab's mirror and registry are in: all their route tables lead there. */
  peer(): void {
    fs.writeFileSync(this.file(PEERED), networks.node.cidr);
  }

  /** Cuts zones off from everything else, as when their network fails; none: all are back. */
  cutOff(...zones: readonly string[]): void {
    fs.writeFileSync(this.file(`${CUT_ZONES}.new`), zones.join("\n"));
    fs.renameSync(this.file(`${CUT_ZONES}.new`), this.file(CUT_ZONES));
  }

  /** Secret keys and tokens of roles' credentials, and passwords of registries, all that were ever given. */
  credentials(): string[] {
    const read = (name: string): unknown =>
      fs.existsSync(this.file(name)) ? JSON.parse(fs.readFileSync(this.file(name), "utf8")) : [];
    const sessions = read("sessions.json") as { secret: string; token: string }[];
    return [
      ...sessions.flatMap(({ secret, token }) => [secret, token]),
      ...Object.keys(read("logins.json") as object),
    ];
  }

  /** The router's rules, as they are in force. */
  packets(): string {
    const file = this.file("packets.nft");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  /** Everything that the account has, as `ec2.Vpc vpc-0123`. */
  inventory(): string[] {
    const { objects } = readAccount(this.accountFile);
    return Object.entries(objects).flatMap(([kind, byId]) => Object.keys(byId).map((id) => `${kind} ${id}`));
  }

  /** What a destroyed cluster has left. */
  leftovers(): string[] {
    return this.inventory();
  }

  /** One operation of the engine, from where people are. */
  async engine(
    operation: "preview" | "up" | "refresh" | "destroy",
    settings: AwsSettings,
    options: EngineOptions = {},
  ): Promise<EngineReport> {
    const report = await runEngine(this.lab, operation, settings, {
      stack: fs.readFileSync(this.file(STACK), "utf8"),
      region: REGION,
      enter: (line) => atOperator(this.lab.id, line),
      secrets: {},
      ...options,
    });
    if (report === undefined) throw new Error(`${operation} ended without a report`);
    return report;
  }

  /** Runs a command where people are. */
  asOperator(command: readonly string[], options?: RunOptions): Promise<RunResult> {
    const env = { ...process.env, KUBECONFIG: kubeconfigFile(this.lab), ...options?.env };
    return run(atOperator(this.lab.id, command), { ...options, env });
  }

  /**
   * The smoke test on this cluster, as people run it; images and a node's port as the lab has them.
   * @param nodePort false: nodes have no address that people reach
   */
  smokeCommand({ nodePort = true }: { nodePort?: boolean } = {}): string[] {
    const program = path.resolve(__dirname, "..", "..", "..", "smoke", "main.ts");
    const tsx = `file://${require.resolve("tsx")}`;
    const image = ["--image", webImage, "--server", "/web", "--path", "/"];
    return [
      ...[process.execPath, "--import", tsx, program, "--kubeconfig", kubeconfigFile(this.lab), ...image],
      ...(nodePort ? ["--node-port"] : []),
    ];
  }

  /** Applies manifests given as JSON objects. */
  async apply(...items: object[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await this.asOperator([await ensureTool("kubectl"), "apply", "-f", "-"], { input });
  }

  async kubectl(...args: string[]): Promise<string> {
    return (await this.asOperator([await ensureTool("kubectl"), ...args])).stdout;
  }
}

/**
 * Name servers of the VPC and of people. AWS' names lead to the region's endpoints; a public name of an instance to its public
 * address, and within the VPC to its private one (VPC User Guide, "DNS attributes for your VPC"); others nowhere.
 */
function corefile(resolver: string, file: (name: string) => string): string {
  const pattern = (prefix: string, zone: string): string => {
    const octets = ["a", "b", "c", "d"].map((name) => `(?P<${name}>[0-9]+)`).join("-");
    const labels = `${REGION}.${zone}`.split(".").join("[.]");
    return `  template IN A {
    match "^${prefix}-${octets}[.]${labels}[.]$"
    answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
    fallthrough
  }`;
  };
  const rest = `  template IN A ${REGION}.amazonaws.com {
    answer "{{ .Name }} 60 IN A ${SERVICES_ADDRESS}"
  }
  template IN AAAA amazonaws.com ${REGION}.compute.internal {
    rcode NOERROR
  }
  template ANY ANY {
    rcode NXDOMAIN
  }`;
  const server = (address: string, own: string): string =>
    `. {\n  bind ${address}\n  log\n${own}\n${rest}\n}\n`;
  // Zones of their own: in CoreDNS' order templates come before hosts.
  const hosts = (address: string, name: string, ...zones: readonly string[]): string =>
    `${zones.join(" ")} {\n  bind ${address}\n  log\n  hosts ${file(name)} {\n    ttl 60\n    reload 1s\n  }\n}\n`;
  const balancers = `elb.${REGION}.amazonaws.com`;
  const zone = `${REGION}.amazonaws.com`;
  const services = `${zone} {\n  bind ${resolver}\n  log\n  file ${file(SERVICE_ZONE)} {\n    reload 1s\n  }\n}\n`;
  return [
    services,
    server(resolver, pattern("ip", "compute.internal")),
    hosts(resolver, "names", balancers, `${REGION}.compute.amazonaws.com`),
    server(operator.router, pattern("ec2", "compute.amazonaws.com")),
    hosts(operator.router, "names.outside", balancers),
  ].join("");
}
