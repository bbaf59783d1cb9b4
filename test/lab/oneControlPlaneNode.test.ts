/**
 * One control-plane node and two workers over VXLAN, from bare hosts to traffic, and what becomes of it when machines
 * come and go.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { readCluster } from "../../model/settings/parse";
import { ensureTool } from "../support/toolchain";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { kubeconfigFile, killTree } from "./engine";
import { labSecrets, machineInput, shapeOf, type Settings } from "./environment";
import { stubZone } from "./services";
import { expectTraffic, inPod, webPods } from "./traffic";
import { renderNode } from "../support/fromSettings";

/** The cluster is born a month ago, by the clock of its certificates: whatever joins joins a cluster of that age. */
const MONTH = 730;

describeWithLab("one control-plane node, two workers, vxlan", () => {
  let cluster: LabCluster;
  beforeAll(async () => {
    cluster = await LabCluster.create("one", shapeOf(1, 2), { spare: ["w3", "w4"] });
    await cluster.engine("up", { clockOffsetHours: -MONTH });
  });

  afterAll(async () => {
    await cluster?.down();
  });

  it("all nodes are Ready", async () => {
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
    const nodes = await cluster.kubectl("get", "nodes", "-o", "wide");
    saw(nodes);
    expect(nodes.match(/ Ready /g)).toHaveLength(3);
  });

  it("CoreDNS is Ready, and it is the library's", async () => {
    const deployment = JSON.parse(
      await cluster.kubectl("-n", "kube-system", "get", "deployment", "coredns", "-o", "json"),
    ) as {
      metadata: { managedFields?: object[]; labels: Record<string, string> };
      status: { readyReplicas: number };
    };
    saw(`${deployment.status.readyReplicas} CoreDNS pods are ready`);
    expect(deployment.status.readyReplicas).toBe(2);
  });

  it("a second preview is empty", async () => {
    const { changed } = await cluster.engine("preview");
    saw(`${changed.length} changes`);
    expect(changed).toEqual([]);
  });

  it("it still is two days later, and when the certificates are eleven months old", async () => {
    expect((await cluster.engine("preview", { clockOffsetHours: 48 })).changed).toEqual([]);
    expect((await cluster.engine("preview", { clockOffsetHours: 10 * MONTH })).changed).toEqual([]);
  });

  it("in the last month the administrator's certificate is renewed, and no other key, certificate or host is touched", async () => {
    const { changed } = await cluster.engine("preview", { clockOffsetHours: 10.5 * MONTH });
    // A new certificate is not known in a preview, nor then is the provider's configuration: the engine answers with an
    // update for all that is behind it (sdk/go/common/resource/plugin/provider_plugin.go, DiffUnknown).
    const others = changed.filter((line) => !/^update lab-(flannel|coredns|kubernetes)/.test(line));
    saw(others.join("\n"));
    expect(new Set(others.map((line) => line.split(" ")[1]))).toEqual(new Set(["lab-pki-admin-certificate"]));
  });

  it("no bootstrap token is left", async () => {
    const tokens = await cluster.kubectl(
      "-n",
      "kube-system",
      "get",
      "secrets",
      "--field-selector",
      "type=bootstrap.kubernetes.io/token",
      "-o",
      "name",
    );
    saw(`bootstrap tokens: "${tokens.trim()}"`);
    expect(tokens.trim()).toBe("");
  });

  it("the pod range is one: kubeadm's, flannel's, the nodes' and subnet.env's", async () => {
    const kubeadm = await cluster.kubectl(
      "-n",
      "kube-system",
      "get",
      "configmap",
      "kubeadm-config",
      "-o",
      "jsonpath={.data.ClusterConfiguration}",
    );
    const flannel = await cluster.kubectl(
      "-n",
      "kube-flannel",
      "get",
      "configmap",
      "kube-flannel-cfg",
      "-o",
      "jsonpath={.data.net-conf\\.json}",
    );
    const nodes = await cluster.kubectl(
      "get",
      "nodes",
      "-o",
      'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDR}{"\\n"}{end}',
    );
    expect(/podSubnet: (\S+)/.exec(kubeadm)?.[1]).toBe("10.244.0.0/16");
    expect((JSON.parse(flannel) as { Network: string }).Network).toBe("10.244.0.0/16");
    for (const line of nodes.trim().split("\n")) {
      const [node = "", range = ""] = line.split(" ");
      const env = await cluster.host(node, "cat /run/flannel/subnet.env");
      saw(`${node}: ${range}; ${env.trim().replaceAll("\n", " ")}`);
      expect(env).toContain("FLANNEL_NETWORK=10.244.0.0/16");
      expect(env).toContain(`FLANNEL_SUBNET=${range.replace(".0/24", ".1/24")}`);
    }
  });

  it("pods reach each other across nodes, a Service and a node port answer", async () => {
    await expectTraffic(cluster, ["cp1", "w1", "w2"]);
  });

  it("cluster DNS and a stub domain answer", async () => {
    const [pod] = await webPods(cluster);
    const own = await inPod(cluster, pod, "nslookup", "kubernetes.default.svc.cluster.local");
    const stub = await inPod(cluster, pod, "nslookup", stubZone.host);
    saw(own);
    saw(stub);
    expect(own).toContain("10.96.0.1");
    expect(stub).toContain(stubZone.address);
  });

  it("a container with requests that does not start at the first attempt costs no kubelet", async () => {
    const name = "no-image";
    const container = { name, image: "lab.local/no-such-image:1", resources: { requests: { cpu: "10m" } } };
    await cluster.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: { nodeSelector: { "kubernetes.io/hostname": "w1" }, containers: [container] },
    });
    const reason = ["-o", "jsonpath={.status.containerStatuses[*].state.waiting.reason}"];
    // After a second attempt at the least.
    const why = (): Promise<string> => cluster.kubectl("get", "pod", name, ...reason);
    await eventually("the image is not there", why, (said) => said === "ImagePullBackOff");
    const restarts = await cluster.host("w1", "systemctl show kubelet --property NRestarts --value");
    saw(`the kubelet was started again ${restarts.trim()} times`);
    expect(Number(restarts)).toBe(0);
    await cluster.kubectl("delete", "pod", name, "--now");
  });

  it("a Secret is encrypted in etcd", async () => {
    const value = "a value nobody may read in etcd";
    await cluster.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "probe" },
      stringData: { value },
    });
    const raw = await cluster.host(
      "cp1",
      "etcd=$(crictl ps -q --name '^etcd$') && crictl exec $etcd etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key get /registry/secrets/default/probe --print-value-only | head -c 200 | cat -v",
    );
    saw(raw.slice(0, 80));
    expect(raw).toContain("k8s:enc:secretbox:v1:generated:");
    expect(raw).not.toContain(value);
  });

  it("kubelets refuse anonymous calls; logs, exec and port-forward work over verified certificates", async () => {
    for (const { name, address } of cluster.lab.hosts().filter((host) => ["cp1", "w1"].includes(host.name))) {
      const status = (
        await cluster.lab.run([
          "curl",
          "-sk",
          "-o",
          "/dev/null",
          "-w",
          "%{http_code}",
          `https://${address}:10250/pods`,
        ])
      ).stdout;
      saw(`${name}: anonymous GET /pods on 10250: ${status}`);
      expect(status).toBe("401");
    }
    const [pod] = await webPods(cluster);
    expect((await inPod(cluster, pod, "hostname")).trim()).toBe(pod?.name);
    await cluster.kubectl("logs", pod?.name ?? "");
    // One shell: the forward is a child of it, and ends with it.
    const forward = `"$0" port-forward pod/${pod?.name} 18080:8080 & forward=$!; for _ in $(seq 100); do curl -s http://127.0.0.1:18080/ && break; sleep 0.1; done; kill $forward`;
    const answer = await cluster.lab.run(["bash", "-c", forward, await ensureTool("kubectl")], {
      env: { ...process.env, KUBECONFIG: kubeconfigFile(cluster.lab) },
    });
    saw(`port-forward: ${answer.stdout.trim().split("\n").pop()}`);
    expect(answer.stdout).toContain(pod?.name);
  });

  const withWorkers = (
    names: readonly string[],
    change: Partial<Settings["machines"][string]> = {},
  ): Settings => {
    const others = Object.entries(cluster.settings.machines).filter(
      ([, machine]) => machine.role !== "worker",
    );
    const workers = names.map(
      (name) => [name, { ...machineInput(cluster.lab, name, "worker"), ...change }] as const,
    );
    return { ...cluster.settings, machines: Object.fromEntries([...others, ...workers]) };
  };
  const nodes = async (): Promise<string[]> =>
    (await cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")).split(" ").sort();

  it("a worker is added, and nothing else is touched but the look at all machines", async () => {
    cluster.settings = withWorkers(["w1", "w2", "w3"]);
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    expect(changed.map((line) => line.split(" ").slice(0, 2).join(" ")).sort()).toEqual([
      "create lab-pool-general-w3-node",
      "create lab-pool-general-w3-setup",
      "update lab-preflight",
    ]);
    // Nobody waits here: `up` ended when it was.
    await cluster.kubectl("wait", "--for=condition=Ready", "node/w3", "--timeout=0s");
  });

  it("a worker is removed: drained, its Node gone, the host clean", async () => {
    cluster.settings = withWorkers(["w1", "w2"]);
    await cluster.engine("up");
    expect(await nodes()).toEqual(["cp1", "w1", "w2"]);
    const left = await cluster
      .host(
        "w3",
        "ls -d /etc/kubernetes /var/lib/kubelet/pki /opt/pulumi-kubeadm /etc/containerd /var/lib/pulumi-kubeadm/*.json /opt/cni 2>/dev/null; ip -o link show | grep -E 'cni0|flannel' ; systemctl is-active kubelet containerd; nft list tables | grep -E 'kube|flannel' || true",
      )
      .catch((error: unknown) => String(error));
    saw(`left on w3: ${left.trim()}`);
    expect(left.trim().split("\n")).toEqual(["inactive", "inactive"]);
  });

  it("a wiped worker is refused until its revision is raised, and then joins anew", async () => {
    await cluster.lab.wipeHost("w2");
    cluster.settings = withWorkers(["w1", "w2"], { labels: { disk: "new" } });
    const refused = await cluster.attempt("up");
    saw(/w2: .*revision.*/.exec(refused.log)?.[0] ?? refused.log.slice(-500));
    expect(refused.ok).toBe(false);
    expect(refused.log).toMatch(/w2: .*raise machines\.w2\.revision to 2/i);
    const machines = { ...cluster.settings.machines };
    machines["w2"] = { ...machines["w2"], revision: 2 };
    cluster.settings = { ...cluster.settings, machines };
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await cluster.kubectl("wait", "--for=condition=Ready", "node/w2", "--timeout=120s");
    expect(await cluster.kubectl("get", "node", "w2", "-o", "jsonpath={.metadata.labels.disk}")).toBe("new");
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("a vanished host is removed without an error", async () => {
    await cluster.lab.stopHost("w2", 0);
    const { w2: _gone, ...machines } = cluster.settings.machines;
    cluster.settings = { ...cluster.settings, machines };
    const { log } = await cluster.engine("up");
    saw(/w2: .*its host was not changed/.exec(log)?.[0] ?? "no note about w2");
    expect(await nodes()).toEqual(["cp1", "w1"]);
  });

  it("killed in the middle of a join, the next up converges", async () => {
    cluster.settings = {
      ...cluster.settings,
      machines: { ...cluster.settings.machines, w4: machineInput(cluster.lab, "w4", "worker") },
    };
    let engine = 0;
    await cluster
      .attempt("up", {
        onStart: (pid) => (engine = pid),
        onLine: (line) => {
          if (/w4: kubeadm join/.test(line)) killTree(engine);
        },
      })
      .then(
        () => expect.fail("the engine ended before it was killed"),
        (error: Error) => saw(error.message),
      );
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "node/w4", "--timeout=0s");
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("a machine joins by hand with one command's output", async () => {
    await cluster.lab.wipeHost("w3");
    // The plan's setup script is what a person runs on the host.
    const settings = readCluster(withWorkers(["w1", "w3"]), { environment: "lab" });
    const machine = settings.machines.find((one) => one.name === "w3");
    await cluster.lab.exec("w3", ["bash", "-s"], { input: renderNode(settings, machine!).setupScript });
    const printed = await cluster.host("cp1", "pulumi-kubeadm-join-file w3");
    const line = /^#\s+(kubeadm join .*)$/m.exec(printed)?.[1] ?? "";
    saw(line);
    await cluster.lab.exec(
      "w3",
      ["bash", "-c", "umask 077; mkdir -p /run/pulumi-kubeadm; cat > /run/pulumi-kubeadm/discovery.conf"],
      { input: printed },
    );
    await cluster.host("w3", `${line} --ignore-preflight-errors=SystemVerification`);
    await eventually("w3 registers", nodes, (names) => names.includes("w3"));
    await cluster.kubectl("wait", "--for=condition=Ready", "node/w3", "--timeout=120s");
    await cluster.kubectl("delete", "node", "w3");
  });

  it("a change of the pod range is refused before anything runs", async () => {
    const before = cluster.settings;
    cluster.settings = { ...before, cni: { kind: "flannel", backend: "vxlan", podCidr: "10.200.0.0/16" } };
    const refused = await cluster.attempt("up");
    cluster.settings = before;
    saw(/cni\.podCidr: .*/.exec(refused.log)?.[0] ?? refused.log.slice(-500));
    expect(refused.ok).toBe(false);
    expect(refused.log).toContain(
      "cni.podCidr: the living cluster has 10.244.0.0/16, but the settings say 10.200.0.0/16",
    );
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("refresh finds nothing, and no secret is in state, logs or events", async () => {
    const onControlPlaneNode = (file: string): Promise<string> => cluster.host("cp1", `cat ${file}`);
    const pki = "/etc/kubernetes/pki";
    const encryption = await onControlPlaneNode("/etc/kubernetes/pulumi-kubeadm/apiserver/encryption.yaml");
    const search = {
      ...labSecrets(cluster.lab),
      "key of the cluster CA": await onControlPlaneNode(`${pki}/ca.key`),
      "key of etcd's CA": await onControlPlaneNode(`${pki}/etcd/ca.key`),
      "key of the front proxy's CA": await onControlPlaneNode(`${pki}/front-proxy-ca.key`),
      "service-account key": await onControlPlaneNode(`${pki}/sa.key`),
      "encryption key": /secret: (\S+)/.exec(encryption)?.[1] ?? "",
      "administrator's key": /client-key-data: (\S+)/.exec(cluster.kubeconfig())?.[1] ?? "",
    };
    const { changed, leaks } = await cluster.engine("refresh", { search });
    saw(`looked for ${Object.keys(search).join(", ")}`);
    expect(changed).toEqual([]);
    expect(leaks).toEqual([]);
  });

  it("destroy leaves the hosts bare", async () => {
    await cluster.engine("destroy");
    const left = await cluster.host(
      "cp1",
      "ls -d /etc/kubernetes /opt/pulumi-kubeadm /var/lib/etcd/member 2>/dev/null | wc -l",
    );
    expect(left.trim()).toBe("0");
  });
});
