/**
 * The environment `dev` on a simulated region of EC2: instances are hosts that boot from the user data that the engine sent,
 * behind the groups, routes and roles of its plan, with the real cloud controller manager. What differs from
 * `Pulumi.dev.yaml` is in `ec2/environment.ts` and printed first. `LAB_KEEP=1` leaves the region open.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, saw } from "./cluster";
import { deviations, devSettings, type AwsSettings } from "./ec2/environment";
import type { Life } from "./ec2/lifecycle";
import { searchHosts, secretsOf } from "./ec2/secretSearch";
import { SimulatedRegion } from "./ec2/simulation";

const ID = "ec2";
const REGION = "eu-central-1";

interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly spec: { readonly providerID?: string; readonly taints?: { readonly key: string }[] };
  readonly status: { readonly addresses: { readonly type: string; readonly address: string }[] };
}

describeWithLab("dev on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;

  const nodes = async (): Promise<NodeObject[]> =>
    (JSON.parse(await region.kubectl("get", "nodes", "-o", "json")) as { items: NodeObject[] }).items;
  const pool = (): Life[] => region.instances().filter(({ instance }) => instance.group !== "");
  const bash = async (instance: string, line: string): Promise<string> => {
    const { stdout, stderr } = await region.lab.exec(instance, ["bash", "-c", line], { allowFailure: true });
    return stdout + stderr;
  };
  const controlPlaneNode = (): Life => {
    const found = region.instances().find(({ instance }) => instance.group === "");
    return found ?? expect.fail("there is no control-plane instance");
  };

  beforeAll(async () => {
    settings = await devSettings();
    for (const { what, why } of deviations) saw(`differs: ${what}: ${why}`);
    region = await SimulatedRegion.create(ID, settings.network?.vpcCidr ?? "");
  });

  afterAll(async () => {
    if (process.env["LAB_KEEP"] !== "1") await region?.down();
  });

  it("comes up from nothing", async () => {
    const started = Date.now();
    const report = await region.engine("up", settings);
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    saw(`up took ${Math.round((Date.now() - started) / 1000)} s, ${report.changed.length} steps`);
    saw(region.log());
    const { stdout } = await region.asOperator(region.smokeCommand());
    saw(stdout);
  });

  it("each instance is a Ready node that the cloud controller manager knows by its instance", async () => {
    saw(await region.kubectl("get", "nodes", "-o", "wide"));
    const found = await nodes();
    const instances = region.instances().map(({ instance }) => instance);
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(
      instances.map(({ privateName }) => privateName).sort(),
    );
    for (const node of found) {
      const instance = instances.find(({ privateName }) => privateName === node.metadata.name);
      if (instance === undefined) continue;
      expect(node.spec.providerID).toBe(`aws:///${instance.zone}/${instance.id}`);
      expect(node.spec.taints?.map(({ key }) => key) ?? []).not.toContain(
        "node.cloudprovider.kubernetes.io/uninitialized",
      );
      // Out of DescribeInstances and by nobody else.
      expect(node.metadata.labels).toMatchObject({
        "topology.kubernetes.io/zone": instance.zone,
        "topology.kubernetes.io/region": REGION,
        "node.kubernetes.io/instance-type": instance.instanceType,
      });
      expect(node.status.addresses).toContainEqual({ type: "ExternalIP", address: instance.publicAddress });
    }
  });

  it("no call was refused once its role was there", () => {
    const calls = region.calls();
    const counts = new Map<string, number>();
    for (const { service, action, role } of calls) {
      const key = `${role || "nobody"} ${service}:${action}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    saw([...counts].map(([key, count]) => `${key} x${count}`).join("\n"));
    const refused = calls.filter(({ answer }) => /AccessDenied|Unauthorized|Signature|Invalid/.test(answer));
    expect(refused).toEqual([]);
    // The cloud controller manager has a role of its own, by its service account's token.
    expect([...counts.keys()]).toContain(
      "kubeadm-dev-eu-central-1-cloud-controller sts:AssumeRoleWithWebIdentity",
    );
  });

  it("a second preview is empty, and so is a refresh", async () => {
    const second = await region.engine("preview", settings);
    expect(second.changed, second.error).toEqual([]);
    const refreshed = await region.engine("refresh", settings);
    expect(refreshed.changed, refreshed.error).toEqual([]);
  });

  it("no secret stands in user data, consoles, processes, logs, or what the engine wrote", async () => {
    const secrets = await secretsOf(region, controlPlaneNode().instance.id);
    saw(`looked for: ${Object.keys(secrets).join(", ")}`);
    // What is there is found.
    expect(await searchHosts(region, { "a setting of cloud-init": "ssh_deletekeys" })).not.toEqual([]);
    expect(await searchHosts(region, secrets)).toEqual([]);
    const { leaks } = await region.engine("preview", settings, { search: secrets });
    expect(leaks).toEqual([]);
  });

  it("a pod gets nothing from the metadata service, a host does", async () => {
    const [worker] = pool();
    const put =
      "curl -s -m 4 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token";
    const onHost = await bash(
      worker.instance.id,
      `${put} | wc -c; curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id`,
    );
    saw(`host: ${onHost}`);
    expect(onHost).toBe("32\n401");
    const pid = (
      await bash(worker.instance.id, "lsns -t net -n -o PID,COMMAND | awk '/pause/ { print $1; exit }'")
    ).trim();
    expect(pid).toMatch(/^\d+$/);
    const inPod = await bash(worker.instance.id, `nsenter --target ${pid} --net ${put}; echo " status $?"`);
    saw(`pod: ${inPod}`);
    expect(inPod).toMatch(/^ status 28/);
  });

  it("what no rule lets in is closed, between nodes and from outside", async () => {
    const [worker] = pool();
    const cp = controlPlaneNode().instance;
    const from = async (port: number): Promise<string> =>
      bash(worker.instance.id, `timeout 3 bash -c '</dev/tcp/${cp.address}/${port}' 2>/dev/null; echo $?`);
    expect(await from(6443)).toBe("0\n");
    expect(await from(2379)).toBe("124\n");
    const outside = async (address: string, port: number): Promise<number> => {
      const line = `timeout 3 bash -c '</dev/tcp/${address}/${port}' 2>/dev/null`;
      return (await region.asOperator(["bash", "-c", line], { allowFailure: true })).status;
    };
    expect(await outside(cp.publicAddress, 22)).toBe(0);
    expect(await outside(worker.instance.publicAddress, 22)).toBe(124);
    expect(await outside(cp.publicAddress, 10250)).toBe(124);
  });

  it("a pool grows and shrinks: pods are moved, the hook completed, the Node taken away", async () => {
    const { general } = settings.workers ?? {};
    if (general === undefined) expect.fail("dev has a pool general");
    const sized = (count: number): AwsSettings => ({
      ...settings,
      workers: { general: { ...general, count } },
    });
    const grown = await region.engine("up", sized(3));
    expect(grown.ok, `${grown.error}\n${region.log()}`).toBe(true);
    expect(await nodes()).toHaveLength(4);
    expect(pool().map(({ phase }) => phase)).toEqual(["in service", "in service", "in service"]);
    const shrunk = await region.engine("up", sized(2));
    expect(shrunk.ok, `${shrunk.error}\n${region.log()}`).toBe(true);
    const left = await eventually(
      "the Node of the ended instance goes",
      nodes,
      (all) => all.length === 3,
      300,
    );
    expect(region.log()).toMatch(/CompleteLifecycleAction drain CONTINUE/);
    saw(region.log().split("\n").slice(-12).join("\n"));
    expect(left.map(({ metadata }) => metadata.name).sort()).toEqual(
      region
        .instances()
        .map(({ instance }) => instance.privateName)
        .sort(),
    );
  });

  it("destroy leaves nothing in the account", async () => {
    const report = await region.engine("destroy", settings);
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    saw(`left in the account: ${region.inventory().join(", ") || "nothing"}`);
    expect(region.leftovers()).toEqual([]);
    expect(region.lab.hosts()).toEqual([]);
  });
});
