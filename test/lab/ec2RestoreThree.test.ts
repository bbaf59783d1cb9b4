/**
 * `prod` on a simulated region of EC2 loses all three control-plane nodes, and then two of three, and comes back each time from a snapshot in S3
 * on new instances: the same CAs, kubeconfigs, tokens and Secrets, and every write that was acknowledged before the snapshot. Meanwhile
 * one worker lives on, one is unknown to the snapshot, and one dies while there is no API. Half an hour and more. `LAB_KEEP=1` leaves the
 * region open, and takes up one that was left.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { describeWithLab } from "./available";
import { eventually, saw } from "./cluster";
import { loseControlPlane, nodesAreInstances, restoreLines, takeSnapshot } from "./ec2/backups";
import { bringUp } from "./ec2/bringUp";
import { prodDeviations, prodSettings, type AwsSettings } from "./ec2/environment";
import type { Life } from "./ec2/lifecycle";
import { Load } from "./ec2/load";
import { SimulatedRegion } from "./ec2/simulation";
import { kubeconfigFile } from "./engine";
import { webImage } from "./images";
import { ensureTool } from "../support/toolchain";

const ID = "ec2rest3";
const BUCKET = "lab-backups";
const SECRET = "never-in-any-output";
const PLANE = ["cp-1", "cp-2", "cp-3"] as const;
const KEEP = process.env["LAB_KEEP"] === "1";
/** Milliseconds that a restore with its losses may take. */
const RESTORE = 3_600_000;

const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

const labels = { app: "shop" };
const shop = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop", namespace: "default" },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels },
          },
        ],
        containers: [
          {
            name: "web",
            image: webImage,
            ports: [{ containerPort: 8080 }],
            securityContext: { allowPrivilegeEscalation: false },
          },
        ],
      },
    },
  },
};

describeWithLab("a restore of three control-plane nodes on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;
  let snapshot = "";
  /** Writes of which the snapshot has to have each. */
  let early: readonly number[] = [];
  /** A kubeconfig whose user is a ServiceAccount, by a token from before. */
  let tokenFile = "";
  /** CAs and the key of tokens, as hosts have them. */
  let authorities = "";
  /** A worker that lives on, and its pods of the application. */
  let kept: Life;
  let pods: string[] = [];
  /** One that the snapshot does not know. */
  let newer: Life;

  const named = (name: string): Life | undefined =>
    region.instances().find(({ instance }) => instance.tags["Name"] === `prod-${name}`);
  const plane = (): Life[] => PLANE.map((name) => named(name) ?? expect.fail(`${name} has no instance`));
  const poolOf = (pool: string): Life[] =>
    region.instances().filter(({ instance }) => instance.group === `kubeadm-prod-${pool}`);
  const isNode = ({ instance }: Life): boolean =>
    instance.group !== "" || instance.tags["Name"]?.startsWith("prod-cp-") === true;
  const kubeconfig = (): string => fs.readFileSync(kubeconfigFile(region.lab), "utf8");
  const up = async (what: string, wanted: AwsSettings): Promise<string> => {
    settings = wanted;
    return (await bringUp(region, what, wanted)).log;
  };
  const restoring = (name: string): AwsSettings => ({
    ...settings,
    etcd: { ...settings.etcd, restore: name },
  });
  const on = async ({ instance }: Life, line: string): Promise<string> =>
    (await region.lab.exec(instance.id, ["bash", "-c", line])).stdout;
  const names = async (namespace: string): Promise<Set<string>> =>
    new Set((await region.kubectl("get", "configmaps", "-n", namespace, "-o", "name")).trim().split("\n"));
  /** Ids and restarts of the pods of the application on a node. */
  const podsOn = async (node: string): Promise<string[]> => {
    const template = "{range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount},{end}";
    const words = ["-l", "app=shop", "--field-selector", `spec.nodeName=${node}`];
    const said = await region.kubectl("get", "pods", ...words, "-o", `jsonpath=${template}`);
    return said.split(",").filter((one) => one !== "");
  };

  async function authoritiesOnHosts(): Promise<string> {
    const line = "cd /etc/kubernetes/pki && sha256sum ca.crt etcd/ca.crt front-proxy-ca.crt sa.pub sa.key";
    const sums = await Promise.all(plane().map((one) => on(one, line)));
    expect(new Set(sums).size).toBe(1);
    return sums[0] ?? "";
  }

  /** One etcd of three, three API servers that answer, and what people had before is good. */
  async function expectWhole(before: string): Promise<void> {
    await nodesAreInstances(region, isNode);
    const members = await Promise.all(plane().map((one) => on(one, `${ETCDCTL} member list | sort`)));
    saw(members[0] ?? "");
    for (const one of members) {
      expect(one.match(/, started, /g)).toHaveLength(3);
      expect(one).toBe(members[0]);
    }
    for (const one of plane()) {
      const ready = "curl --silent --insecure https://127.0.0.1:6443/readyz";
      await eventually(
        `the API of ${one.instance.id}`,
        () => on(one, ready),
        (said) => said === "ok",
      );
    }
    expect(kubeconfig()).toBe(before);
    expect(await authoritiesOnHosts()).toBe(authorities);
    const env = { KUBECONFIG: tokenFile };
    const who = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    expect((await region.asOperator([await ensureTool("kubectl"), ...who], { env })).stdout).toBe(
      "system:serviceaccount:default:default",
    );
    const word = await region.kubectl("get", "secret", "deep", "-o", "jsonpath={.data.word}");
    expect(Buffer.from(word, "base64").toString()).toBe(SECRET);
    const there = await names("writes");
    const missing = early.filter((number) => !there.has(`configmap/write-${number}`));
    saw(`${early.length} writes acknowledged before the snapshot, ${missing.length} missing`);
    expect(missing).toEqual([]);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=300s");
    const second = await region.engine("preview", settings);
    expect(second.changed, second.error).toEqual([]);
  }

  beforeAll(async () => {
    // Fewer hosts: what is ended here are control-plane nodes and workers, not what runs on them.
    const { ingress: _ingress, ...prod } = await prodSettings();
    const { general, burst } = prod.workers ?? {};
    if (general === undefined || burst === undefined) expect.fail("prod has the pools general and burst");
    for (const { what, why } of prodDeviations) saw(`differs: ${what}: ${why}`);
    region =
      KEEP && SimulatedRegion.exists(ID)
        ? SimulatedRegion.load(ID)
        : await SimulatedRegion.create(ID, prod.network?.vpcCidr ?? "", { stack: "prod" });
    region.makeBucket(BUCKET);
    const target = { kind: "s3", bucket: BUCKET, prefix: "etcd/prod" } as const;
    settings = {
      ...prod,
      workers: { general: { ...general, count: 2 }, burst },
      etcd: { backup: { schedule: "24h", keep: 9, target } },
    };
  });

  afterAll(async () => {
    if (!KEEP) await region?.down();
  });

  it("has a snapshot in a bucket, taken while objects are written", async () => {
    await up("up", settings);
    await region.apply(shop);
    await region.kubectl("create", "secret", "generic", "deep", `--from-literal=word=${SECRET}`);
    await region.kubectl("create", "configmap", "before");
    await region.kubectl("create", "namespace", "writes");
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=180s");
    const token = (await region.kubectl("create", "token", "default", "--duration", "8h")).trim();
    tokenFile = region.lab.folder("token.kubeconfig");
    const config = parse(kubeconfig()) as { users: { user: object }[] };
    config.users = config.users.map((one) => ({ ...one, user: { token } }));
    fs.writeFileSync(tokenFile, stringify(config), { mode: 0o600 });
    authorities = await authoritiesOnHosts();

    [kept, newer] = poolOf("general") as [Life, Life];
    // As of a worker that joined after the snapshot: its kubelet runs and does not register again.
    await region.kubectl("delete", "node", newer.instance.privateName);
    await eventually(
      "its pods are elsewhere",
      () => podsOn(newer.instance.privateName),
      (found) => found.length === 0,
    );
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=180s");
    pods = await podsOn(kept.instance.privateName);
    expect(pods).not.toEqual([]);
    const load = await Load.writes(region, "writes", "writes");
    const enough = (count: number) =>
      eventually(
        `${count} acknowledged writes`,
        () => Promise.resolve(load.done().length),
        (now) => now >= count,
      );
    await enough(50);
    early = load.done();
    snapshot = await takeSnapshot(region, plane()[1]?.instance.id ?? "", "test");
    await enough(load.done().length + 10);
    const { asked, done, failures } = await load.end();
    saw(
      `${asked} writes, ${done.length} acknowledged, others: ${JSON.stringify(failures)}; ${early.length} before ${snapshot}`,
    );
  });

  it(
    "comes back on three new instances: the same CAs, kubeconfigs, tokens, Secrets, writes and workers",
    async () => {
      await region.kubectl("create", "configmap", "after");
      const before = kubeconfig();
      const lost = plane().map(({ instance }) => instance.id);
      const [dead] = poolOf("burst");
      const deadId = dead?.instance.id ?? expect.fail("burst has an instance");
      await loseControlPlane(region, settings, "prod", lost);
      // Its group starts another one, which finds no API until the restore has brought it.
      await region.lab.exec(deadId, ["systemctl", "poweroff"], { allowFailure: true });

      const log = await up("restored", restoring(snapshot));
      saw(restoreLines(log));
      expect(log).toMatch(/what was changed in the last .* is lost/);
      expect(log).toContain(`${newer.instance.id} joined after the snapshot`);
      expect(plane().filter(({ instance }) => lost.includes(instance.id))).toEqual([]);
      await expectWhole(before);
      const there = await names("default");
      expect(there).toContain("configmap/before");
      expect(there).not.toContain("configmap/after");
      const workers = [...poolOf("general"), ...poolOf("burst")].map(({ instance }) => instance.id);
      expect(workers).toHaveLength(3);
      expect(workers).toContain(kept.instance.id);
      expect(workers).not.toContain(newer.instance.id);
      expect(workers).not.toContain(deadId);
      // Nobody started their pods anew.
      expect(await podsOn(kept.instance.privateName)).toEqual(expect.arrayContaining(pods));
      saw((await region.asOperator(region.smokeCommand({ nodePort: false }))).stdout);
      const refreshed = await region.engine("refresh", settings);
      expect(refreshed.changed, refreshed.error).toEqual([]);
    },
    RESTORE,
  );

  it(
    "comes back where two of three are lost, and begins on the one that lives",
    async () => {
      const before = kubeconfig();
      const survivor = named("cp-3")?.instance.id ?? expect.fail("cp-3 has no instance");
      const workers = [...poolOf("general"), ...poolOf("burst")].map(({ instance }) => instance.id);
      const later = await takeSnapshot(region, survivor, "later");
      await region.kubectl("create", "configmap", "later");
      const lost = ["cp-1", "cp-2"].map((name) => named(name)?.instance.id ?? expect.fail(name));
      await loseControlPlane(region, settings, "prod", lost);
      const log = await up("two of three restored", restoring(later));
      saw(restoreLines(log));
      expect(log).toContain(`cp-3: ${later} is of `);
      expect(await names("default")).not.toContain("configmap/later");
      expect(named("cp-3")?.instance.id).toBe(survivor);
      expect(plane().filter(({ instance }) => lost.includes(instance.id))).toEqual([]);
      await expectWhole(before);
      expect([...poolOf("general"), ...poolOf("burst")].map(({ instance }) => instance.id)).toEqual(workers);
    },
    RESTORE,
  );
});
