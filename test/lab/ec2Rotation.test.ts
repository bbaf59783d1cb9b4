/**
 * All CAs and keys of `dev` on a simulated EC2 are replaced while clients ask: the control plane over SSH, the instances of the pool by
 * pods, and AWS' idea of the service-account keys. No instance is replaced, and one that comes meanwhile joins. `LAB_KEEP=1` leaves the
 * region open, and takes up one that was left.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAccount } from "../engine/providers/aws/account";
import { text } from "../engine/providers/aws/scope";
import { describeWithLab } from "./available";
import { saw } from "./cluster";
import { objectsOf } from "./ec2/account";
import { nodesAreInstances } from "./ec2/backups";
import { devSettings, type AwsSettings } from "./ec2/environment";
import type { Life } from "./ec2/lifecycle";
import { Load, type Seen } from "./ec2/load";
import { SimulatedRegion } from "./ec2/simulation";
import { kubeconfigFile, type EngineReport } from "./engine";
import { webImage } from "./images";

const ID = "ec2rot";
const KEEP = process.env["LAB_KEEP"] === "1";
const READY = "/kubeadm/dev/boot-bucket";
const NODE_PORT = 30_080;

const labels = { app: "shop" };
const container = {
  name: "web",
  image: webImage,
  ports: [{ containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
  lifecycle: { preStop: { sleep: { seconds: 10 } } },
};
const shop = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", namespace: "default" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          containers: [container],
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: labels },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shop", namespace: "default" },
    spec: {
      type: "NodePort",
      selector: labels,
      ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }],
    },
  },
];

describeWithLab("a rotation of certificates on a simulated EC2", () => {
  let region: SimulatedRegion;
  let settings: AwsSettings;

  const pool = (): Life[] => region.instances().filter(({ instance }) => instance.group !== "");
  const controlPlane = (): Life[] => region.instances().filter(({ instance }) => instance.group === "");
  const bash = async (instance: string, line: string): Promise<string> => {
    const { stdout, stderr } = await region.lab.exec(instance, ["bash", "-c", line], { allowFailure: true });
    return stdout + stderr;
  };
  const kubeconfig = (): string => fs.readFileSync(kubeconfigFile(region.lab), "utf8");
  const up = async (
    what: string,
    wanted: AwsSettings,
    onLine: (line: string) => void = () => undefined,
  ): Promise<EngineReport> => {
    settings = wanted;
    const started = Date.now();
    const report = await region.engine("up", wanted, { podRole: true, onLine });
    expect(report.ok, `${report.error}\n${report.log}\n${region.log()}`).toBe(true);
    saw(`${what}: ${Math.round((Date.now() - started) / 1000)} s, ${report.changed.length} steps`);
    return report;
  };
  const rotated = (rotation: string): AwsSettings => ({
    ...settings,
    certificates: { rotation, rotationGraceSeconds: 10 },
  });
  /** What an instance has: which CAs it trusts, who signed its kubelet's certificates, and how far its rotation has come. */
  const has = (instance: string): Promise<string> =>
    bash(
      instance,
      `pki=/etc/kubernetes/pki/ca.crt; echo "$(grep -c BEGIN $pki) $(openssl x509 -noout -subject -in $pki)"
for one in client server; do openssl x509 -noout -issuer -in /var/lib/kubelet/pki/kubelet-$one-current.pem; done`,
    );
  const expectNewAlone = async (rotation: string): Promise<void> => {
    for (const { instance } of region.instances()) {
      const said = await has(instance.id);
      saw(`${instance.privateName}: ${said.trim().replaceAll("\n", "; ")}`);
      const name = `CN = kubernetes ${rotation}`;
      expect(said, instance.privateName).toBe(`1 subject=${name}\nissuer=${name}\nissuer=${name}\n`);
    }
  };
  /** Keys of the issuer's document, as everybody can read it. */
  const published = (): number => {
    const found = Object.entries(objectsOf(readAccount(region.accountFile), "s3.BucketObjectv2"));
    const [, document] = found.find(([key]) => key.endsWith("/openid/v1/jwks")) ?? expect.fail("no keys");
    return (JSON.parse(text(document["content"])) as { keys: object[] }).keys.length;
  };
  const called = (): Promise<string> =>
    region.kubectl("exec", "caller", "--", "/caller", READY).catch((error: unknown) => String(error));

  beforeAll(async () => {
    const dev = await devSettings();
    settings = { ...dev, access: { ...dev.access, nodePorts: ["0.0.0.0/0"] } };
    const there = KEEP && SimulatedRegion.exists(ID);
    region = there ? SimulatedRegion.load(ID) : await SimulatedRegion.create(ID, dev.network?.vpcCidr ?? "");
    if (there) await region.start();
    await up("up", settings);
    await region.apply(...shop);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=300s");
  });

  afterAll(async () => {
    if (!KEEP) await region?.down();
  });

  it("replaces everything, and no instance", async () => {
    const before = {
      kubeconfig: kubeconfig(),
      instances: region.instances().map(({ instance }) => instance.id),
    };
    const web = `http://${pool()[0]?.instance.publicAddress}:${NODE_PORT}/`;
    const load = await Load.requests(region, "shop", web);
    let seen: Seen | undefined;
    let most = 0;
    try {
      await up("rotation", rotated("2026-12"), (line) => {
        if (/rotation/.test(line)) saw(line);
        most = Math.max(most, published());
      });
    } finally {
      seen = await load.end();
    }
    saw(`${seen.asked} requests of the Service, failures: ${JSON.stringify(seen.failures)}`);
    expect(seen.failures).toEqual({});
    expect(region.instances().map(({ instance }) => instance.id)).toEqual(before.instances);
    await expectNewAlone("2026-12");
    // The new one beside the old one, and then alone.
    expect([most, published()]).toEqual([2, 1]);
    expect(await called()).toBe(`${READY}: done\n`);
    const old = before.kubeconfig.replace(/^ *certificate-authority-data: .*\n/m, "");
    fs.writeFileSync(region.lab.folder("old-kubeconfig"), old);
    const words = [
      "--kubeconfig",
      region.lab.folder("old-kubeconfig"),
      "--insecure-skip-tls-verify",
      "get",
      "nodes",
    ];
    const said = await region.kubectl(...words).catch((error: unknown) => String(error));
    expect(said).toMatch(/Unauthorized|logged in|provide credentials/);
    const pods = await region.kubectl("-n", "kube-system", "get", "pods", "-o", "name");
    expect(pods).not.toContain("rotation");
    saw((await region.asOperator(region.smokeCommand())).stdout);
  });

  it("a second preview is empty, and so is a refresh", async () => {
    expect((await region.engine("preview", settings, { podRole: true })).changed).toEqual([]);
    expect((await region.engine("refresh", settings, { podRole: true })).changed).toEqual([]);
  });

  it("its removal is refused, and nothing is changed", async () => {
    const { certificates: _rotated, ...without } = settings;
    const { ok, error } = await region.engine("up", without, { podRole: true });
    saw(error.split("\n").find((line) => line.includes("certificates.rotation")) ?? error);
    expect(ok).toBe(false);
    expect(error).toContain("certificates.rotation is missing, but the cluster's certificates were rotated");
    // The object with the keys is none that a refused run has changed.
    expect(await called()).toBe(`${READY}: done\n`);
    await up("its name again", settings);
    await expectNewAlone("2026-12");
  });

  it("an instance that dies in the middle is replaced by one that joins, and the rotation goes on", async () => {
    const [victim] = pool();
    let ended = false;
    let dies: Promise<unknown> = Promise.resolve();
    const { log } = await up("rotation with a loss", rotated("2027-01"), (line) => {
      if (/rotation/.test(line)) saw(line);
      if (ended || !line.includes("CAs in the volumes of pods")) return;
      ended = true;
      saw(`${victim?.instance.privateName} loses its power`);
      if (victim !== undefined)
        dies = region.lab.exec(victim.instance.id, ["systemctl", "poweroff"], { allowFailure: true });
    });
    await dies;
    expect(ended).toBe(true);
    expect(log).toContain("the old CAs are gone");
    await nodesAreInstances(region);
    expect(pool().map(({ instance }) => instance.id)).not.toContain(victim?.instance.id);
    await expectNewAlone("2027-01");
    expect(published()).toBe(1);
    const again = await region.engine("up", settings, { podRole: true });
    saw(`${again.changed.length} steps`);
    expect(again.changed).toEqual([]);
    expect(controlPlane()).toHaveLength(1);
  });
});
