/** The order in which a control plane goes through versions, and where it goes on after a run that was cut off. */
import { beforeEach, describe, expect, it } from "vitest";
import { hop, hopBefore, hopsOf, isFarBehind, type HopContext } from "../../../host/steps/hops";
import type { ClusterContext } from "../../../host/controlPlane";
import { HostProblem } from "../../../host/problem";
import { hopsTo } from "../../../model/versions";
import type { ClusterMachine } from "../../../model/machine";
import { stateLine } from "./sshHost";

const machine = (name: string): ClusterMachine => ({
  name,
  nodeName: name,
  role: "controlPlane",
  pool: "",
  nodeAddress: "10.40.0.11",
  revision: 1,
  removal: "safe",
});
const nodes = ["cp1", "cp2", "cp3"].map(machine);

const CLUSTER = "ab".repeat(32);
const KUBEADM = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
const NODES = "/api/v1/nodes";
const fixed = {
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/12",
  endpoint: "api.internal:6443",
  cni: "flannel",
};
const kubeadmConfig = (version: string, podSubnet = fixed.podCidr): object => ({
  data: {
    ClusterConfiguration: `kubernetesVersion: v${version}\ncontrolPlaneEndpoint: ${fixed.endpoint}\nnetworking:\n  podSubnet: ${podSubnet}\n  serviceSubnet: ${fixed.serviceCidr}\n`,
  },
});
const COREDNS = (readyReplicas: number): object => ({ spec: { replicas: 2 }, status: { readyReplicas } });
const node = (status: string, unschedulable = false): object => ({
  metadata: { name: "w1" },
  spec: { podCIDR: "10.244.1.0/24", unschedulable },
  status: { conditions: [{ type: "Ready", status, message: "its kubelet is silent" }] },
});

let versions: Record<string, string>;
let configuration: string;
let done: string[];
/** Fails once, where it is reached. */
let failing: string;
/** Nodes on which a change was cut off. */
let cut: Set<string>;
/** Objects of the API by their paths, as each look finds them; the last stays. */
let objects: Record<string, readonly unknown[]>;

function contextOf(wanted: string, hops = hopsTo(wanted)): HopContext {
  return {
    hosts: {
      query: (name, what, _command, script = "") => {
        if (what === "reading the host's state") {
          const record = { cluster: CLUSTER, machine: name, revision: 1, state: "joined", version: "1.34.4" };
          return Promise.resolve(`${stateLine(record)}\n${cut.has(name) ? "##undo\n" : ""}`);
        }
        const path = /^path='?(\/api[^'\n]*)'?$/m.exec(script)?.[1];
        if (path === undefined)
          return Promise.resolve(`##api-server v${versions[name]}\n##configuration\n${configuration}\n`);
        const [object, ...later] = objects[path] ?? [];
        if (later.length > 0) objects[path] = later;
        return Promise.resolve(object === undefined ? "##none\n" : JSON.stringify(object));
      },
      job: (name, { name: job }) => {
        const line = `${name}: ${job}`;
        if (line === failing) {
          failing = "";
          return Promise.reject(new HostProblem(name, job));
        }
        done.push(line);
        if (job.startsWith("putting a change back")) cut.delete(name);
        const to = /^bringing the control plane to (.*)$/.exec(job)?.[1];
        if (to !== undefined) {
          versions[name] = to;
          objects[KUBEADM] = [kubeadmConfig(to)];
        }
        return Promise.resolve();
      },
    },
    say: () => undefined,
    hops,
    spec: {
      kubernetesVersion: wanted,
      fixed,
      node: {
        ignorePreflightErrors: [],
        network: { dnsServiceAddress: "10.96.0.10", clusterDomain: "cluster.local", podsPerNode: 110 },
      },
      machines: nodes,
    },
  };
}

beforeEach(() => {
  versions = { cp1: "1.34.4", cp2: "1.34.4", cp3: "1.34.4" };
  configuration = "apiServer: {}";
  done = [];
  failing = "";
  cut = new Set();
  objects = {
    [KUBEADM]: [kubeadmConfig("1.34.4")],
    "/api/v1/namespaces/kube-system/configmaps/kube-proxy": [
      { data: { "config.conf": `clusterCIDR: ${fixed.podCidr}\n` } },
    ],
    "/api/v1/namespaces/kube-system/services/kube-dns": [{ spec: { clusterIP: "10.96.0.10" } }],
    "/apis/apps/v1/namespaces/kube-system/deployments/coredns": [COREDNS(2)],
    [NODES]: [{ items: [node("True")] }],
  };
});

const LOOKS = { within: 600_000, pause: 1 };
const stopped = (patience = { within: 0, pause: 1 }) => hop(contextOf("1.37.1"), nodes, { patience });

describe("the doctor between versions", () => {
  it.each([
    [
      "a pod range that somebody changed in kubeadm's ConfigMap, which an upgrade would spread",
      KUBEADM,
      kubeadmConfig("1.34.4", "10.99.0.0/16"),
      /the control plane does not go on to another version: kubeadm's ConfigMap has the pod range 10\.99\.0\.0\/16, and the settings have 10\.244\.0\.0\/16 \(kubectl /,
    ],
    [
      "a Service of DNS that has another address than kubelets tell",
      "/api/v1/namespaces/kube-system/services/kube-dns",
      undefined,
      /Service kube-dns has no address, and kubelets tell pods 10\.96\.0\.10/,
    ],
    [
      "a node that is not Ready",
      NODES,
      { items: [node("Unknown")] },
      /Node w1 is not Ready: its kubelet is silent/,
    ],
    [
      "pods of CoreDNS that are not ready",
      "/apis/apps/v1/namespaces/kube-system/deployments/coredns",
      COREDNS(1),
      /CoreDNS has 1 of 2 pods ready/,
    ],
  ])("stops before anything at %s", async (_, path, object, why) => {
    objects[path] = [object];
    await expect(stopped()).rejects.toThrow(why);
    expect(changes()).toEqual([]);
  });

  it("waits for what comes right by itself", async () => {
    objects[NODES] = [{ items: [node("Unknown")] }, { items: [node("Unknown")] }, { items: [node("True")] }];
    await stopped(LOOKS);
    expect(versions["cp3"]).toBe("1.36.4");
  });

  it("takes no cordoned node for ill", async () => {
    objects[NODES] = [{ items: [node("True", true)] }];
    await stopped();
    expect(versions["cp3"]).toBe("1.36.4");
  });

  it("stops after a version that is not the one of kubeadm's ConfigMap", async () => {
    const context = contextOf("1.37.1");
    const { hosts } = context;
    const forgets = {
      ...context,
      hosts: {
        ...hosts,
        job: async (...words: Parameters<typeof hosts.job>) => {
          await hosts.job(...words);
          objects[KUBEADM] = [kubeadmConfig("1.34.4")];
        },
      },
    };
    await expect(hop(forgets, nodes, { patience: { within: 0, pause: 1 } })).rejects.toThrow(
      /kubeadm's ConfigMap has the version v1\.34\.4, and the settings have v1\.35\.8/,
    );
    expect(Object.values(versions)).toEqual(["1.35.8", "1.35.8", "1.35.8"]);
  });
});

/** What changes a node, or asks it, after everything is there for it. */
const changes = () => done.filter((line) => !line.includes("downloading"));
const gates = (of: string) => nodes.map(({ name }) => `${name}: checking the control plane${of}`);
const steps = (to: string) => nodes.map(({ name }) => `${name}: bringing the control plane to ${to}`);

describe("a control plane two minor versions behind the one before the last", () => {
  it("goes through each on all nodes, and is looked at before, between and after", async () => {
    await hop(contextOf("1.37.1"), nodes);
    expect(done).toEqual([
      ...nodes.map(({ name }) => `${name}: downloading kubeadm 1.35.8 and 1.36.4`),
      ...gates(""),
      ...steps("1.35.8"),
      ...gates(" of 1.35.8"),
      ...steps("1.36.4"),
      ...gates(" of 1.36.4"),
    ]);
  });

  it.each([
    "cp2: bringing the control plane to 1.35.8",
    "cp3: checking the control plane of 1.35.8",
    "cp1: bringing the control plane to 1.36.4",
  ])("goes on where it was, cut off at %s, and no node goes ahead of another by two", async (moment) => {
    failing = moment;
    const context = contextOf("1.37.1");
    await expect(hop(context, nodes)).rejects.toThrow(HostProblem);
    const ran = changes();
    expect(ran.filter((line) => line.includes("1.36.4"))).toEqual([]);
    done = [];
    await hop(context, nodes);
    const brought = [...ran, ...done].filter((line) => line.includes("bringing"));
    expect(brought).toEqual([...steps("1.35.8"), ...steps("1.36.4")]);
  });

  it.each([
    ["cp2: downloading kubeadm 1.35.8 and 1.36.4", "stay at Kubernetes 1.34.4. "],
    ["cp3: checking the control plane", "stay at Kubernetes 1.34.4. "],
    ["cp2: bringing the control plane to 1.35.8", "stay at Kubernetes 1.35.8 (cp1) and 1.34.4 (cp2, cp3). "],
    ["cp1: checking the control plane of 1.35.8", "stay at Kubernetes 1.35.8. "],
  ])("says where it stays, stopped at %s", async (moment, where) => {
    failing = moment;
    const stop = hop(contextOf("1.37.1"), nodes);
    await expect(stop).rejects.toThrow(where);
    await expect(stop).rejects.toThrow("run up again: it goes on from there to 1.37.1");
  });

  it("is not begun where kubeadm of a version between cannot be had", async () => {
    failing = "cp3: downloading kubeadm 1.35.8 and 1.36.4";
    await expect(hop(contextOf("1.37.1"), nodes)).rejects.toThrow(HostProblem);
    expect(changes()).toEqual([]);
  });

  it("is not begun where it is not well", async () => {
    failing = "cp3: checking the control plane";
    await expect(hop(contextOf("1.37.1"), nodes)).rejects.toThrow(HostProblem);
    expect(done.filter((line) => line.includes("bringing"))).toEqual([]);
  });
});

describe("a control plane that an earlier run brought to the last version between", () => {
  beforeEach(() => {
    versions = { cp1: "1.35.8", cp2: "1.35.8", cp3: "1.35.8" };
    objects[KUBEADM] = [kubeadmConfig("1.35.8")];
  });
  const goOn = (patience = LOOKS) => hop(contextOf("1.36.4"), nodes, { patience, kubelet: "1.34.4" });

  it("passes the gate at which it may have been stopped", async () => {
    await goOn();
    expect(done).toEqual(gates(" of 1.35.8"));
  });

  it("stays there as long as the gate is shut", async () => {
    objects[NODES] = [{ items: [node("Unknown")] }];
    await expect(goOn({ within: 0, pause: 1 })).rejects.toThrow(
      /Node w1 is not Ready.*The API servers stay at Kubernetes 1\.35\.8\./,
    );
  });

  it("is asked nothing where a node has begun with the last version: that one has its own checks", async () => {
    versions["cp1"] = "1.36.4";
    await goOn();
    expect(done).toEqual([]);
  });
});

describe("a change of version that an earlier run began and did not end", () => {
  const begun = (wanted: string) =>
    hopBefore({ ...contextOf(wanted), cluster: CLUSTER } as HopContext & ClusterContext, "1.34.4");

  it("is put back before the cluster is asked anything, on whatever node", async () => {
    cut = new Set(["cp3", "cp2"]);
    await begun("1.36.4");
    expect(done.slice(0, 2)).toEqual(
      ["cp2", "cp3"].map((name) => `${name}: putting a change back that was cut off`),
    );
    expect(changes().filter((line) => line.includes("bringing"))).toEqual(steps("1.35.8"));
  });

  it("stops the run where it cannot be put back", async () => {
    cut = new Set(["cp2"]);
    failing = "cp2: putting a change back that was cut off";
    await expect(begun("1.36.4")).rejects.toThrow(HostProblem);
    expect(done).toEqual([]);
  });

  it("is left to the node's own step where no version is between", async () => {
    cut = new Set(["cp2"]);
    await begun("1.35.8");
    expect(done).toEqual([]);
  });
});

describe("a control plane one minor version behind", () => {
  it("goes through nothing, and nothing is asked of it", async () => {
    await hop(contextOf("1.35.8"), nodes);
    expect(done).toEqual([]);
    expect(isFarBehind("1.34.4", "1.35.8")).toBe(false);
    expect(isFarBehind("1.34.4", "1.36.4")).toBe(true);
  });
});

describe("no way", () => {
  it("is a minor version of which nothing is known", async () => {
    await expect(hopsOf(contextOf("1.36.4", []), nodes)).rejects.toThrow(/goes through 1\.35 to 1\.36\.4/);
  });

  it.each([
    [
      "a feature gate that a version between does not have",
      "apiServer:\n  extraArgs:\n  - name: feature-gates\n    value: PodIndexLabel=true,SidecarContainers=true\n",
      /apiServer\.extraArgs\.feature-gates: PodIndexLabel=true of the living cluster does not fit kube-apiserver 1\.35, which the upgrade goes through: take it out/,
    ],
    [
      "a gate that is locked from it on",
      "controllerManager:\n  extraArgs:\n  - name: feature-gates\n    value: JobManagedBy=false\n",
      /controllerManager\.extraArgs\.feature-gates: JobManagedBy=false/,
    ],
  ])("is %s", async (_, document, why) => {
    configuration = document;
    await expect(hopsOf(contextOf("1.36.4"), nodes)).rejects.toThrow(why);
    await expect(hopsOf(contextOf("1.35.8"), nodes)).resolves.toEqual([]);
  });
});
