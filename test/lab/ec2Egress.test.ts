/**
 * `dev` without a way out on a simulated region of EC2: private subnets without NAT, interface endpoints for the services that the cluster
 * calls, `egress: strict`, and files and images from a network that the VPC is peered with. The bastion alone has a way out. What differs
 * from `Pulumi.dev.yaml` is in `ec2/environment.ts` and printed first. `LAB_KEEP=1` leaves the region open, and takes up one that was left.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAccount } from "../engine/providers/aws/account";
import { describeWithLab } from "./available";
import { eventually, saw } from "./cluster";
import { startDaemon, stopDaemon } from "./daemon";
import { wayOut } from "./ec2/account";
import { bringUp } from "./ec2/bringUp";
import { closedDeviations, closedSettings, deviations, REGION, type AwsSettings } from "./ec2/environment";
import { forgetConnections, rulesOf, withoutRule } from "./ec2/faults";
import type { Life } from "./ec2/lifecycle";
import { endpointsOf } from "./ec2/serviceEndpoints";
import { SimulatedRegion } from "./ec2/simulation";
import { atOperator, operator, SERVICES_ADDRESS } from "./ec2/wires";

const ID = "egress";
const KEEP = process.env["LAB_KEEP"] === "1";
/** Where something answers on the internet. */
const OUTSIDE = `http://${operator.address}:443/`;

describeWithLab("dev without a way out on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;

  const bash = async (instance: string, line: string): Promise<string> => {
    const { stdout, stderr } = await region.lab.exec(instance, ["bash", "-c", line], { allowFailure: true });
    return (stdout + stderr).trim();
  };
  const up = async (what: string, wanted: AwsSettings): Promise<void> => {
    settings = wanted;
    await bringUp(region, what, wanted);
  };
  const pool = (): Life[] => region.instances().filter(({ instance }) => instance.group !== "");
  const named = (name: string): string =>
    region.instances().find(({ instance }) => instance.tags["Name"] === name)?.instance.id ??
    expect.fail(`there is no instance ${name}`);
  const nodes = (): string[] => [named("dev-cp-1"), ...pool().map(({ instance }) => instance.id)];
  /** Status of the answer, or why there was none. */
  const asked = (instance: string, url: string): Promise<string> =>
    bash(instance, `curl -s -o /dev/null -m 4 -w '%{http_code}' ${url} || echo " curl $?"`);
  const names = async (): Promise<string[]> =>
    (await region.kubectl("get", "nodes", "-o", "name")).trim().split("\n");

  beforeAll(async () => {
    settings = await closedSettings();
    for (const { what, why } of [...deviations, ...closedDeviations]) saw(`differs: ${what}: ${why}`);
    const there = KEEP && SimulatedRegion.exists(ID);
    region = there
      ? SimulatedRegion.load(ID)
      : await SimulatedRegion.create(ID, settings.network?.vpcCidr ?? "");
    region.peer();
  });

  afterAll(async () => {
    if (!KEEP) await region?.down();
  });

  it("comes up from nothing", async () => {
    await up("up", settings);
    await region.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
    saw(await region.kubectl("get", "nodes", "-o", "wide"));
    saw((await region.asOperator(region.smokeCommand({ nodePort: false }))).stdout);
    const refused = region.calls().filter(({ answer }) => /AccessDenied|Unauthorized/.test(answer));
    expect(refused).toEqual([]);
  });

  it("a node gets no answer from outside, on a port that its groups open; the bastion does", async () => {
    const account = readAccount(region.accountFile);
    for (const { instance } of region.instances())
      saw(
        `${instance.tags["Name"] ?? instance.group}: ${wayOut(account, instance.subnetId) ?? "no way out"}, public address: ${instance.publicAddress || "none"}`,
      );
    const empty = region.lab.folder("outside");
    fs.mkdirSync(empty, { recursive: true });
    const python = ["python3", "-m", "http.server", "443", "--directory", empty];
    const server = startDaemon(atOperator(region.lab.id, python), region.lab.folder("outside.log"));
    try {
      await eventually(
        "the bastion reaches what is outside",
        () => asked(named("dev-bastion"), OUTSIDE),
        (answer) => answer === "200",
        60,
      );
      for (const id of nodes()) {
        // Not by the internet's way to AWS either.
        for (const url of [OUTSIDE, `https://${SERVICES_ADDRESS}/`]) {
          const answer = await asked(id, url);
          saw(`${id} ${url}: ${answer}`);
          expect(answer).toBe("000 curl 28");
        }
      }
    } finally {
      await stopDaemon(server);
    }
  });

  it("names of services lead to endpoints in the VPC, and every call came by them", async () => {
    const endpoints = endpointsOf(readAccount(region.accountFile));
    const [worker = ""] = pool().map(({ instance }) => instance.id);
    const callers = new Set(region.instances().map(({ instance }) => instance.address));
    const called = region.calls().filter(({ caller }) => callers.has(caller));
    for (const { service, addresses } of endpoints) {
      const host = `${service}.${REGION}.amazonaws.com`;
      const found = (
        await bash(worker, `getent ahostsv4 ${host} | awk '{ print $1 }' | LC_ALL=C sort -u`)
      ).split("\n");
      const times = called.filter((call) => call.service === service).length;
      saw(`${host}: ${found.join(", ")}, called ${times} times`);
      expect(found).toEqual([...addresses].sort());
      // An answer, whatever it says to a call without a signature.
      expect(await asked(worker, `https://${host}/`)).toMatch(/^[245]\d\d$/);
    }
    const services = new Set(called.map(({ service }) => service));
    for (const service of ["ec2", "autoscaling", "secretsmanager", "ssm", "sts"])
      expect([...services]).toContain(service);
  });

  it("a rule of the endpoints' group that is taken away takes the services away from whom it is for", async () => {
    const rules = rulesOf(region).filter(({ name }) => name.startsWith("endpoints from "));
    saw(rules.map(({ name, reason }) => `${name}: ${reason}`).join("\n"));
    const hosts = { "control-plane": named("dev-cp-1"), worker: pool()[0]?.instance.id ?? "" };
    const url = `https://ssm.${REGION}.amazonaws.com/`;
    for (const [group, id] of Object.entries(hosts)) {
      const rule = rules.find(({ name }) => name.startsWith(`endpoints from ${group} `));
      if (rule === undefined) expect.fail(`there is a rule for ${group}`);
      await withoutRule(region, rule, async () => {
        await forgetConnections(region);
        expect(await asked(id, url)).toBe("000 curl 28");
      });
      expect(await asked(id, url)).toMatch(/^[245]\d\d$/);
    }
  });

  it("an instance that ends is drained: its hook is completed by the endpoint of Auto Scaling", async () => {
    const { general } = settings.workers ?? {};
    if (general === undefined) expect.fail("dev has a pool general");
    await up("the pool shrank", { ...settings, workers: { general: { ...general, count: 1 } } });
    await eventually("the Node of the ended instance goes", names, (all) => all.length === 2, 300);
    expect(region.log()).toMatch(/CompleteLifecycleAction drain CONTINUE/);
  });

  it("a second preview is empty, and destroy leaves nothing in the account", async () => {
    const second = await region.engine("preview", settings);
    expect(second.changed, second.error).toEqual([]);
    const report = await region.engine("destroy", settings);
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    const left = await eventually(
      "the account is empty",
      () => Promise.resolve(region.inventory()),
      (all) => all.length === 0,
      30,
    );
    expect(left).toEqual([]);
  });
});
