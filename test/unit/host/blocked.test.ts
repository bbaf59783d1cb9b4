/** An upgrade is judged on a cluster of two hosts before it begins; `kubectl`, `crictl` and `df` answer from files. */
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { examineUpgrade, type UpgradableStack } from "../../../doctor/upgrade";
import type { Connection, NodeRecord, UpgradeCheckSpec } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { refuseBlocked } from "../../../host/steps/blocked";
import { UPGRADING } from "../../../model/lifecycle/draining";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";
import { RECORD_FILE } from "../../../model/node/shell";
import { nodeIdentity } from "../../support/fromSettings";
import { Machine, SshHost } from "./sshHost";

const STUBS: Readonly<Record<string, string>> = {
  kubectl: `case "$*" in
  *"--raw /version") printf '{\n  "gitVersion": "v%s",\n}\n' "$(cat "$ROOT/api-server" 2>/dev/null || echo 1.35.8)" ;;
  *"--raw /metrics") cat "$ROOT/metrics" 2>/dev/null || true ;;
  *" get "*"-o json") words="$*"; name=\${words#* get }; name=\${name%% *}; cat "$ROOT/\${name%%.*}.json" 2>/dev/null || echo '{"items":[]}'; echo "$name" >>"$ROOT/asked" ;;
esac`,
  crictl: `case "$1" in
  inspecti) grep -qxF "$2" "$ROOT/pulled" 2>/dev/null ;;
  pull) if grep -qxF "$2" "$ROOT/absent" 2>/dev/null; then echo "rpc error: $2: not found" >&2; exit 1; fi; echo "$2" >>"$ROOT/pulled" ;;
esac`,
  df: `echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; echo "/dev/sda1 1 1 $(cat "$ROOT/free" 2>/dev/null || echo 99999999) 1% /"`,
  timeout: `shift; exec "$@"`,
};
const settings = settingsOf({ machines: [controlPlaneNode("cp1", 11), machine("w1"), machine("w2")] });
const PROXY = "registry.k8s.io/kube-proxy:v1.36.4";
const PLANE = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map(
  (name) => `registry.k8s.io/${name}:v1.36.4`,
);
const ETCD = "registry.k8s.io/etcd:3.6.8-0";

let machines: Map<string, { host: Machine; server: SshHost }>;
let hosts: Hosts;
let connections: Record<string, Connection>;
let said: string[];

beforeEach(async () => {
  machines = new Map();
  said = [];
  for (const { name } of settings.machines) {
    const host = new Machine(["/var/lib/"]);
    for (const [program, body] of Object.entries(STUBS)) host.program(program, body);
    machines.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
  }
  connections = Object.fromEntries([...machines].map(([name, { server }]) => [name, server.connection()]));
  hosts = new Hosts({ connections, files: [] }, 20_000, () => undefined);
  cluster("v1.35.8");
});
afterEach(async () => {
  hosts.close();
  for (const { host, server } of machines.values()) {
    await server.stop();
    host.remove();
  }
});

const host = (name: string): Machine => machines.get(name)?.host ?? expect.fail(name);

/** Nodes with a pod on w1 that a budget holds. */
function cluster(version: string, annotations: Readonly<Record<string, string>> = {}): void {
  const nodes = settings.machines.map(({ name }) => ({
    metadata: { name, annotations },
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
      conditions: [{ type: "Ready", status: "True" }],
      nodeInfo: { kubeletVersion: version },
    },
  }));
  host("cp1").write("nodes.json", JSON.stringify({ items: nodes }, null, 2));
}
function held(): void {
  const metadata = { name: "web", namespace: "shop", labels: { app: "web" } };
  const pod = {
    metadata: { ...metadata, ownerReferences: [{ kind: "ReplicaSet", controller: true }] },
    spec: { nodeName: "w1", containers: [{}] },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
  const budget = {
    metadata,
    spec: { selector: { matchLabels: { app: "web" } } },
    status: { disruptionsAllowed: 0 },
  };
  host("cp1").write("pods.json", JSON.stringify({ items: [pod] }));
  host("cp1").write("poddisruptionbudgets.json", JSON.stringify({ items: [budget] }));
}

function refuse(
  over: Partial<UpgradeCheckSpec> = {},
  versions: readonly string[] = ["1.35.8", "1.35.8", "1.35.8"],
) {
  const found = settings.machines.map((own, index) => ({ own, version: versions[index] ?? "" }));
  const upgrade = {
    maxUnavailable: { general: 1 },
    images: { repository: "registry.k8s.io", etcd: "3.6.8-0", kubeProxy: true },
    ignore: [],
    ...over,
  };
  const spec = { kubernetesVersion: "1.36.4", upgrade };
  return refuseBlocked({ hosts, spec, say: (line) => void said.push(line) }, found, [], 10);
}

describe("an upgrade", () => {
  it("that nothing stands against begins, and every node has the images of its role", async () => {
    await refuse();
    expect(host("cp1").read("pulled")).toBe(`${[...PLANE, ETCD, PROXY].join("\n")}\n`);
    expect(host("w2").read("pulled")).toBe(`${PROXY}\n`);
  });

  it("is refused in one report with everything that stands against it, of the cluster and of hosts", async () => {
    held();
    host("w2").write("absent", `${PROXY}\n`);
    host("w1").write("free", String(100 * 1024));
    await expect(refuse()).rejects.toThrow(
      new RegExp(
        [
          "^the upgrade to 1\\.36\\.4 was not begun, because 3 things stand against it\\. Nothing was changed",
          "  podDisruptionBudget/shop/web allows no disruption .* leave w1\\. To cure it: .*",
          "  disk/w1 has 100 MiB free on /, .*",
          `  image/${PROXY} cannot be pulled on w2: rpc error: .*`,
          `To upgrade nevertheless, accept what is named: upgrades\\.ignore: \\[podDisruptionBudget/shop/web, disk/w1, image/${PROXY}\\]$`,
        ].join("\n"),
      ),
    );
    expect(host("w1").read("pulled")).toBe("");
  });

  it("begins where people accept what stands against it, which is said", async () => {
    held();
    await refuse({ ignore: ["podDisruptionBudget/shop/web", "pod/shop/gone"] });
    expect(said.join("\n")).toMatch(
      /ignored by upgrades\.ignore: podDisruptionBudget\/shop\/web .*\nupgrades\.ignore: pod\/shop\/gone stands against nothing now/,
    );
  });

  it("begins where a budget had no room for a moment", async () => {
    held();
    const done = refuse();
    while (!host("cp1").read("asked").includes("endpointslices"))
      await new Promise((wake) => setTimeout(wake, 5));
    fs.rmSync(`${host("cp1").root}/poddisruptionbudgets.json`);
    await done;
  });

  it.each([
    ["a node that an earlier run left", { [UPGRADING]: "uncordon" }, ["1.35.8", "1.35.8", "1.35.8"]],
    ["a control-plane node that has the version", {}, ["1.36.4", "1.35.8", "1.35.8"]],
    ["an API server that is newer than its kubelet", {}, ["1.35.8", "1.35.8", "1.35.8"], "1.35.9"],
  ] as const)(
    "goes on with %s, and says what stands against it",
    async (_, annotations, versions, api?: string) => {
      cluster("v1.35.8", annotations);
      if (api !== undefined) host("cp1").write("api-server", api);
      held();
      await refuse({}, versions);
      expect(said.join("\n")).toContain(
        "the upgrade that has begun goes on, although podDisruptionBudget/shop/web",
      );
    },
  );

  it("begins where something costs, which is said", async () => {
    const metadata = { name: "by-hand", namespace: "shop" };
    host("cp1").write(
      "pods.json",
      JSON.stringify({ items: [{ metadata, spec: { nodeName: "w1", containers: [{}] } }] }),
    );
    await refuse();
    expect(said.join("\n")).toContain("warning: pod/shop/by-hand has no controller");
  });

  it("is not looked for where every node has the version", async () => {
    held();
    await refuse({}, ["1.36.4", "1.36.4", "1.36.4"]);
    expect(host("cp1").read("asked")).toBe("");
  });
});

describe("the doctor, before anybody runs up", () => {
  const cluster = "ab".repeat(32);
  const upgrade = {
    spec: {
      maxUnavailable: { general: 1 },
      images: { repository: "registry.k8s.io", etcd: "3.6.6-0", kubeProxy: true },
      ignore: ["pod/shop/by-hand"],
    },
    machines: settings.machines,
  };
  const look = (
    target: string,
    reached: readonly string[],
    of: Pick<UpgradableStack, "upgrade"> = { upgrade },
  ) =>
    examineUpgrade(
      { expected: { id: cluster, kubernetesVersion: "1.35.8" }, connections, ...of },
      target,
      reached,
    );

  it("names what preflight would name, of the nodes that answered", async () => {
    for (const own of settings.machines) {
      const record: NodeRecord = {
        ...nodeIdentity(settings, own, cluster),
        version: "1.35.8",
        state: "joined",
      };
      host(own.name).write(RECORD_FILE, JSON.stringify(record));
    }
    host("w1").write("absent", `${PROXY}\n`);
    host("w2").write("absent", `${PROXY}\n`);
    const { findings, notes } = await look("1.36.4", ["cp1", "w1"]);
    expect(findings).toEqual([
      {
        check: "upgrade",
        where: `image/${PROXY}`,
        what: expect.stringMatching(/^cannot be pulled on w1: /) as string,
        cure: expect.stringContaining(`or accept it: upgrades.ignore: [image/${PROXY}]`) as string,
      },
    ]);
    expect(notes).toEqual([]);
    // The etcd of the new version, not that of the living cluster.
    expect(host("cp1").read("pulled")).toContain(`${ETCD}\n`);
  });

  it.each([
    ["1.34.4", "a cluster of 1.35.8 cannot go back to 1.34.4"],
    ["1.36.4", "no control-plane node answers"],
  ])("says why an upgrade to %s cannot be judged", async (target, what) => {
    const { findings } = await look(target, []);
    expect(findings).toMatchObject([{ check: "upgrade", what: expect.stringContaining(what) as string }]);
  });

  it("asks for an up where an older library made the stack", async () => {
    const { findings } = await look("1.36.4", ["cp1"], {});
    expect(findings[0]?.cure).toMatch(/^pulumi up/);
  });
});
