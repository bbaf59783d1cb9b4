/** A worker leaves behind `firewall: nftables` while a Service with a pod on it is asked all the time; and a bastion that is another one. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { machineInput, shapeOf } from "./environment";
import { webImage } from "./images";
import { untilServed } from "./served";

const labels = { app: "asked" };
/** Two pods on two workers; each answers for some seconds after it was told to end, while others hear of it. */
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "asked" },
  spec: {
    replicas: 2,
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
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: "web",
            image: webImage,
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { port: 8080, path: "/" }, periodSeconds: 1 },
            lifecycle: { preStop: { exec: { command: ["sleep", "15"] } } },
            securityContext: { allowPrivilegeEscalation: false },
          },
        ],
      },
    },
  },
};
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "asked" },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};

describeWithLab("one control-plane node and two workers with a firewall on each host", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await LabCluster.create("leavew", shapeOf(1, 2), { spare: ["jump"] });
    const { user, key, host, hostKey } = machineInput(cluster.lab, "jump", "worker");
    cluster.settings = {
      ...cluster.settings,
      firewall: "nftables",
      bastion: { host, user, key, hostKey },
      access: { ssh: ["10.40.0.0/24"], api: ["10.40.0.0/24"] },
    };
    await cluster.engine("up");
    await cluster.apply(deployment, service);
    await cluster.kubectl("rollout", "status", "deployment/asked", "--timeout=180s");
  });
  afterAll(async () => {
    await cluster?.down();
  });

  it("no request is lost while a worker leaves, and then nobody lets it in any more", async () => {
    const where = "jsonpath={.items[*].spec.nodeName}";
    const nodes = await cluster.kubectl("get", "pods", "-l", "app=asked", "-o", where);
    expect(nodes.split(" ").sort()).toEqual(["w1", "w2"]);
    const address = await cluster.kubectl("get", "service", "asked", "-o", "jsonpath={.spec.clusterIP}");
    await untilServed(cluster, "cp1", address, 2);
    const ask = `curl -sS -o /dev/null --max-time 5 http://${address}/`;
    const asking = cluster.host(
      "cp1",
      `rm -f /run/asked-enough; ok=0 lost=0; until [ -e /run/asked-enough ]; do if ${ask}; then ok=$((ok+1)); else lost=$((lost+1)); date +%T; fi; sleep 0.05; done 2>&1; echo "ok=$ok lost=$lost"`,
    );
    const former = cluster.lab.host("w2").address;
    const { w2: _w2, ...machines } = cluster.settings.machines;
    cluster.settings = { ...cluster.settings, machines };
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await cluster.host("cp1", "touch /run/asked-enough");
    const answers = await asking;
    saw(answers);
    expect(answers).toContain("lost=0");
    expect(Number(/ok=(\d+)/.exec(answers)?.[1])).toBeGreaterThan(200);
    expect((await cluster.kubectl("get", "nodes", "-o", "name")).trim().split("\n").sort()).toEqual([
      "node/cp1",
      "node/w1",
    ]);
    for (const name of ["cp1", "w1"]) {
      const rules = await cluster.host(name, "nft list table inet pulumi-kubeadm");
      expect(rules).not.toContain(former);
    }
  });

  it("a destroy through a bastion that shows another key removes nothing, and goes through with the old one", async () => {
    const ssh = "/etc/ssh/ssh_host_ed25519_key";
    const restart = "systemctl restart ssh";
    await cluster.host(
      "jump",
      `mkdir -p /root/kept && mv ${ssh}* /root/kept/ && ssh-keygen -q -N '' -t ed25519 -f ${ssh} && ${restart}`,
    );
    const { ok, log } = await cluster.attempt("destroy");
    saw(
      log
        .split("\n")
        .filter((line) => line.includes("is not removed"))
        .slice(0, 1)
        .join("\n"),
    );
    expect(ok).toBe(false);
    expect(log).toMatch(
      /w1: is not removed, and nothing was changed: .*bastion .*the host key does not match the settings/,
    );
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s");
    await cluster.host("jump", `mv -f /root/kept/* /etc/ssh/ && ${restart}`);
    await cluster.engine("destroy");
    for (const name of ["cp1", "w1"])
      await eventually(
        `${name} is clean`,
        () => cluster.host(name, "ls -d /etc/kubernetes /var/lib/etcd/member 2>/dev/null || echo none"),
        (answer) => answer.trim() === "none",
        30,
      );
  });
});
