/** A cluster of one minor version goes to the next in place, under an application that is asked all the time. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { olderVersions, shapeOf, type Settings } from "./environment";
import { webImage } from "./images";
import { killedUp, random, SEED } from "./moments";
import { Probe } from "./probe";
import { STEADY_PORT, steadyObjects } from "./upgradeObjects";

/** Control-plane nodes of the cluster, 1 or 3; and whether two of the runs that upgrade are killed. */
const CONTROL_PLANE_NODES = Number(process.env["LAB_CONTROL_PLANE_NODES"] ?? 1);
const KILLS = process.env["LAB_KILLS"] !== "no";

const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

describeWithLab(
  `${olderKubernetesVersion} to ${kubernetesVersion}, control-plane nodes: ${CONTROL_PLANE_NODES}, seed ${SEED}`,
  () => {
    const shape = shapeOf(CONTROL_PLANE_NODES, 2);
    const nodes = [...shape.controlPlaneNodes, ...shape.workers];
    const next = random(SEED);
    let cluster: LabCluster;
    let older: Settings;
    let newer: Settings;
    let service: Probe;
    let api: Probe;
    let before: Record<string, string>;
    /** What the runs that upgrade have said, with seconds since the first began. */
    const said: { at: number; line: string }[] = [];

    beforeAll(async () => {
      cluster = await LabCluster.create("upgrade", shape, { older: true });
      const common: Settings = {
        ...cluster.settings,
        drainTimeoutSeconds: 120,
        certificates: { validityDays: 200 },
      };
      newer = { ...common, kubernetesVersion };
      older = { ...common, ...(await olderVersions()) };
      cluster.settings = older;
      await cluster.engine("up");
      await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
      await cluster.apply(...steadyObjects(), {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "older" },
        stringData: { value: "written before" },
      });
      await cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=180s");
      await cluster.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=180s");
      before = await facts();
      const { address } = cluster.lab.host("cp1");
      service = Probe.start(cluster.lab, "service", `http://${address}:${STEADY_PORT}/`);
      api = Probe.start(cluster.lab, "api", `https://${address}:6443/readyz`);
    });

    afterAll(async () => {
      await cluster?.down();
    });

    const jsonpath = (words: readonly string[], template: string): Promise<string> =>
      cluster.kubectl(...words, "-o", `jsonpath=${template}`);
    const system = ["-n", "kube-system", "get"] as const;

    /** What an upgrade has to leave as it is. */
    async function facts(): Promise<Record<string, string>> {
      const patches = "cat /etc/kubernetes/pulumi-kubeadm/patches/kubeletconfiguration*";
      return {
        "pod range": await jsonpath(
          ["get", "nodes"],
          "{range .items[*]}{.metadata.name} {.spec.podCIDR}, {end}",
        ),
        "pod range of kubeadm":
          /podSubnet: \S+/.exec(
            await jsonpath([...system, "configmap", "kubeadm-config"], "{.data.ClusterConfiguration}"),
          )?.[0] ?? "",
        CoreDNS: await jsonpath(
          [...system, "deployment", "coredns"],
          "{.metadata.uid} generation {.metadata.generation} {.spec.template.spec.containers[0].image}",
        ),
        Corefile: await jsonpath([...system, "configmap", "coredns"], "{.data.Corefile}"),
        "kubelet's patch": await cluster.host("w1", patches),
        "swap, cgroups and cluster DNS of the kubelet": await cluster.host(
          "w1",
          "grep -A1 -E '^(failSwapOn|cgroupsPerQOS|enforceNodeAllocatable|clusterDNS|serverTLSBootstrap):' /var/lib/kubelet/config.yaml",
        ),
        "key that Secrets are encrypted with": await encryption("older"),
        "days of the API server's certificate": await cluster.host(
          "cp1",
          'c=/etc/kubernetes/pki/apiserver.crt; at() { date +%s -d "$(openssl x509 -noout -$1 -in $c | cut -d= -f2)"; }; echo $(( ($(at enddate) - $(at startdate)) / 86400 ))',
        ),
        "encryption, audit and admission of the API server": await cluster.host(
          "cp1",
          "grep -E -- '--(encryption-provider|audit-|admission-control-config|authentication-config)' /etc/kubernetes/manifests/kube-apiserver.yaml | sort",
        ),
        timers: await cluster.host("cp1", "systemctl is-active pulumi-kubeadm-renew-certificates.timer"),
      };
    }

    async function encryption(secret: string): Promise<string> {
      const raw = `${ETCDCTL} get /registry/secrets/default/${secret} --print-value-only | head -c 60 | cat -v`;
      return /k8s:enc:[^^]*:/.exec(await cluster.host("cp1", raw))?.[0] ?? "not encrypted";
    }

    const versions = async (): Promise<Record<string, string>> => {
      const pods = await jsonpath(
        [...system, "pods", "-l", "tier=control-plane"],
        '{range .items[*]}{.metadata.name} {.spec.containers[0].image}{"\\n"}{end}',
      );
      const proxies = await jsonpath(
        [...system, "pods", "-l", "k8s-app=kube-proxy"],
        '{range .items[*]}{.spec.nodeName} {.spec.containers[0].image}{"\\n"}{end}',
      );
      const kubelets = await jsonpath(
        ["get", "nodes"],
        '{range .items[*]}{.metadata.name} {.status.nodeInfo.kubeletVersion}{"\\n"}{end}',
      );
      const list = (kind: string, text: string): [string, string][] =>
        text
          .trim()
          .split("\n")
          .map((line) => line.split(" "))
          .map(([name = "", image = ""]) => [`${kind} ${name}`, image.slice(image.lastIndexOf(":") + 1)]);
      return Object.fromEntries([
        ...list("kubelet", kubelets),
        ...list("pod", pods),
        ...list("kube-proxy", proxies),
      ]);
    };

    const wanted = (version: string, etcd: string): Record<string, string> =>
      Object.fromEntries([
        ...nodes.map((name) => [`kubelet ${name}`, `v${version}`] as const),
        ...nodes.map((name) => [`kube-proxy ${name}`, `v${version}`] as const),
        ...shape.controlPlaneNodes.flatMap((name) => [
          ...["apiserver", "controller-manager", "scheduler"].map(
            (part) => [`pod kube-${part}-${name}`, `v${version}`] as const,
          ),
          [`pod etcd-${name}`, etcd] as const,
        ]),
      ]);

    const refused = async (settings: Settings): Promise<string[]> => {
      cluster.settings = settings;
      const { ok, log } = await cluster.attempt("up");
      expect(ok).toBe(false);
      const lines = log.split("\n").flatMap((line) => /\w+: kubernetesVersion: .*/.exec(line)?.[0] ?? []);
      saw([...new Set(lines)].join("\n"));
      return [...new Set(lines)].sort();
    };
    const binaries = (name: string): Promise<string> => cluster.host(name, "ls /opt/pulumi-kubeadm/kubelet");

    const upgrading = (): { onLine: (line: string) => void } => {
      const started = said[0]?.at ?? Date.now();
      if (said.length === 0) said.push({ at: started, line: "up" });
      return {
        onLine: (line) => {
          const text = /\b((?:cp|w)\d: .*)/.exec(line)?.[1]?.trim();
          if (text !== undefined) said.push({ at: Date.now(), line: text });
        },
      };
    };

    it("begins with the older version on every node", async () => {
      const found = await versions();
      saw(JSON.stringify(found, null, 1));
      expect(found).toEqual(wanted(olderKubernetesVersion, "3.6.6-0"));
    });

    it("refuses a step back before anything runs", async () => {
      const lines = await refused({ ...older, kubernetesVersion: "1.34.4", versions: {} });
      expect(lines).toEqual(
        nodes
          .map(
            (name) =>
              `${name}: kubernetesVersion: a cluster of ${olderKubernetesVersion} cannot go back to 1.34.4`,
          )
          .sort(),
      );
      for (const name of nodes) expect((await binaries(name)).trim()).toBe(olderKubernetesVersion);
    });

    it("refuses a node that stayed behind by more than a kubelet may, before anything runs", async () => {
      const version = (to: string): Promise<string> =>
        cluster.host(
          "w1",
          `sed -i 's/"version":"[^"]*"/"version":"${to}"/' /var/lib/pulumi-kubeadm/node.json`,
        );
      await version("1.32.4");
      const lines = await refused(newer);
      await version(olderKubernetesVersion);
      expect(lines).toEqual([
        `w1: kubernetesVersion: a node of 1.32.4 goes to 1.35 before ${kubernetesVersion}: a kubelet may be 3 minor versions older than the API server`,
      ]);
      for (const name of nodes) expect((await binaries(name)).trim()).toBe(olderKubernetesVersion);
    });

    it("the preview names every machine's setup and node step, and nothing else", async () => {
      cluster.settings = newer;
      const { changed } = await cluster.engine("preview");
      saw(changed.join("\n"));
      const steps = (prefix: string, name: string): string[] =>
        ["setup", "node"].map((step) => `update lab-${prefix}-${name}-${step}`);
      expect(changed.map((line) => line.split(" ").slice(0, 2).join(" ")).sort()).toEqual(
        [
          "update lab-preflight",
          ...shape.controlPlaneNodes.flatMap((name) => steps("control-plane", name)),
          ...shape.workers.flatMap((name) => steps("pool-general", name)),
        ].sort(),
      );
    });

    if (KILLS)
      for (const { host, phase, seconds } of [
        { host: "cp1", phase: `kubeadm upgrade apply ${kubernetesVersion}`, seconds: 25 },
        { host: "w1", phase: "kubeadm upgrade node", seconds: 1 },
      ])
        it(`killed on ${host} during ${phase}`, async () => {
          cluster.settings = newer;
          const after = (next() * seconds).toFixed(2);
          const { job, ok } = await killedUp(cluster, { host, phase, after }, upgrading());
          saw(`${after} s into ${phase} on ${host}: ${job}`);
          expect(job).toBe("a job was killed");
          expect(ok, "up went through").toBe(false);
        });

    it("up brings all nodes there, control-plane nodes first, then workers one by one", async () => {
      cluster.settings = newer;
      const began = Date.now();
      const report = await cluster.attempt("up", upgrading());
      const first = said[0]?.at ?? 0;
      saw(said.map(({ at, line }) => `${((at - first) / 1000).toFixed(1).padStart(6)} s ${line}`).join("\n"));
      if (!report.ok) throw new Error(report.error);
      saw(`${((Date.now() - began) / 1000).toFixed(0)} s, ${report.changed.length} changes`);
      const last = (pattern: RegExp): number => said.findLastIndex(({ line }) => pattern.test(line));
      const controlPlaneNodes = shape.controlPlaneNodes.map((name) => last(new RegExp(`^${name}: healthy`)));
      const [one, two] = shape.workers.map((name) => ({
        drained: last(new RegExp(`^cp\\d: drain ${name}`)),
        ready: last(new RegExp(`^cp\\d: node ${name} Ready`)),
      }));
      expect(controlPlaneNodes).toEqual([...controlPlaneNodes].sort((a, b) => a - b));
      for (const worker of [one, two]) {
        expect(worker.drained).toBeGreaterThan(controlPlaneNodes.at(-1) ?? Infinity);
        expect(worker.ready).toBeGreaterThan(worker.drained);
      }
      expect(one.ready < two.drained || two.ready < one.drained, "one worker at a time").toBe(true);
    });

    it("every node, static pod and kube-proxy is of the newer version, and every node takes pods", async () => {
      await cluster.kubectl(
        "-n",
        "kube-system",
        "rollout",
        "status",
        "daemonset/kube-proxy",
        "--timeout=180s",
      );
      const found = await versions();
      saw(JSON.stringify(found, null, 1));
      expect(found).toEqual(wanted(kubernetesVersion, "3.6.8-0"));
      const state = await jsonpath(
        ["get", "nodes"],
        '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.spec.unschedulable}{"\\n"}{end}',
      );
      expect(
        state
          .trim()
          .split("\n")
          .map((line) => line.trim()),
      ).toEqual(nodes.map((name) => `${name} True`));
      for (const name of nodes)
        expect(
          await cluster.host(name, "kubeadm version -o short; kubelet --version; crictl --version"),
        ).toMatch(new RegExp(`^v${kubernetesVersion}\nKubernetes v${kubernetesVersion}\n`));
      const config = await jsonpath(
        [...system, "configmap", "kubeadm-config"],
        "{.data.ClusterConfiguration}",
      );
      expect(config).toContain(`kubernetesVersion: v${kubernetesVersion}`);
    });

    it("everything else is as it was: ranges, CoreDNS, patches, certificates, encryption", async () => {
      const after = await facts();
      saw(JSON.stringify(after, null, 1));
      expect(after).toEqual(before);
      expect(after["days of the API server's certificate"].trim()).toBe("200");
      expect(await jsonpath(["get", "secret", "older"], "{.data.value}")).toBe(btoa("written before"));
      await cluster.apply({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "newer" },
        stringData: { a: "b" },
      });
      expect(await encryption("newer")).toMatch(/^k8s:enc:secretbox:v1:generated:/);
    });

    it("a second preview is empty", async () => {
      expect((await cluster.engine("preview")).changed).toEqual([]);
    });

    it("the Service has answered throughout", async () => {
      const [service_, api_] = [await service.end(), await api.end()];
      saw(`Service: ${JSON.stringify(service_)}`);
      saw(`API of cp1: ${JSON.stringify(api_)}`);
      expect(service_.longestSilence).toBeLessThan(5);
    });

    it("the smoke test passes", async () => {
      const { stdout, stderr, status } = await cluster.smoke(
        "--image",
        webImage,
        "--server",
        "/web",
        "--path",
        "/",
        "--node-port",
      );
      saw(stdout + stderr);
      expect(status).toBe(0);
    });

    it("refuses to go back", async () => {
      const lines = await refused(older);
      expect(lines).toHaveLength(nodes.length);
      expect(lines[0]).toBe(
        `cp1: kubernetesVersion: a cluster of ${kubernetesVersion} cannot go back to ${olderKubernetesVersion}`,
      );
    });
  },
);
