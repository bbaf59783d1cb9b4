import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostReport } from "../../../model/node/preflight";
import { overlaps, rangeOf } from "../../../model/network/addresses";
import { bash, machineOf, settingsOf, threeControlPlaneNodes } from "./support";
import { preflightChecks } from "../../support/fromSettings";

/** The checks with programs of the host replaced by functions, and what they found, one a line. */
function problems(options: {
  raw?: Record<string, unknown>;
  name?: string;
  stubs: string;
  run: string;
}): string[] {
  const settings = settingsOf(options.raw);
  const checks = preflightChecks(settings, machineOf(settings, options.name ?? "w1"));
  const end = 'if [ "${#problems[@]}" -gt 0 ]; then printf "%s\\n" "${problems[@]}"; fi\n';
  const ran = bash(
    `set -euo pipefail\nnote() { echo "note: $1"; }\ndie() { echo "$1"; exit 1; }\n${checks}\n${options.stubs}\n${options.run}\n${end}`,
  );
  expect(ran.stderr).toBe("");
  return ran.stdout.split("\n").filter((line) => line !== "");
}

const routes = (...lines: string[]): string =>
  `ip() { printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")}; }`;

describe("routes", () => {
  const check = (raw: Record<string, unknown>, ...lines: string[]): string[] =>
    problems({ raw, stubs: routes(...lines), run: "check_routes" });
  const ordinary = [
    "default via 192.0.2.1 dev eth0",
    "192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.21",
    "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1",
    "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown",
  ];

  it("takes a host with other networks", () => {
    expect(check({}, ...ordinary)).toEqual([]);
  });

  it("names a bridge whose range is the pods'", () => {
    const cni = { kind: "flannel", backend: "vxlan", podCidr: "172.16.0.0/12" };
    expect(check({ cni, network: { serviceCidr: "10.96.0.0/16" } }, ...ordinary)).toEqual([
      'the route "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown" collides with the pod range 172.16.0.0/12 (RouteCollision)',
    ]);
  });

  it("finds a static route into the services, a wider one over both, and one that leads nowhere", () => {
    const found = check(
      {},
      "10.96.7.9 via 192.0.2.1 dev eth0",
      "10.0.0.0/8 via 192.0.2.1 dev eth0",
      "blackhole 10.244.3.0/24",
    );
    expect(found.map((line) => /"(\S+) .*the (pod|service) range/.exec(line)?.slice(1))).toEqual([
      ["10.96.7.9", "service"],
      ["10.0.0.0/8", "pod"],
      ["10.0.0.0/8", "service"],
      ["blackhole", "pod"],
    ]);
  });

  it("leaves the CNI's own devices alone", () => {
    const own = [
      "10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink",
      "10.244.0.0/24 dev cni0 proto kernel scope link src 10.244.0.1",
    ];
    expect(check({}, ...own)).toEqual([]);
  });

  it("knows host-gw's routes from somebody else's", () => {
    const route = "10.244.1.0/24 via 192.0.2.22 dev eth0";
    const cni = { kind: "flannel", backend: "host-gw", podCidr: "10.244.0.0/16" };
    expect(check({ cni }, route)).toEqual([]);
    expect(check({ cni }, "10.244.0.0/17 via 192.0.2.22 dev eth0")).toHaveLength(1);
    expect(check({}, route)).toHaveLength(1);
  });

  it("is silent about a collision that the settings ignore", () => {
    const found = check({ ignorePreflightErrors: ["RouteCollision"] }, "10.244.9.0/24 dev docker0");
    expect(found).toEqual([
      'note: ignored: the route "10.244.9.0/24 dev docker0" collides with the pod range 10.244.0.0/16 (RouteCollision)',
    ]);
  });

  it("compares ranges as the model does", () => {
    const range = fc
      .tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 }))
      .map(([address, prefix]) => rangeOf(address, prefix));
    const near = range.chain((own) =>
      fc.tuple(
        fc.constant(own),
        fc
          .tuple(fc.integer({ min: own.first, max: own.last }), fc.integer({ min: 0, max: 32 }))
          .map(([address, prefix]) => rangeOf(address, prefix)),
      ),
    );
    const pairs = fc.array(fc.oneof(near, fc.tuple(range, range)), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(pairs, (all) => {
        const run = all.map(([a, b]) => `overlap ${a.text} ${b.text} && echo yes || echo no`).join("\n");
        expect(problems({ stubs: "", run })).toEqual(all.map(([a, b]) => (overlaps(a, b) ? "yes" : "no")));
      }),
      { numRuns: 8 },
    );
  });
});

describe("addresses", () => {
  const interfaces = `ip() { case $* in *address*) echo '2: eth1    inet 192.0.2.21/24 brd 192.0.2.255 scope global eth1\\       valid_lft forever' ;; esac; }
node_mtu() { echo 1450; }
ss() { :; }`;
  const check = (raw: Record<string, unknown>) => problems({ raw, stubs: interfaces, run: "check_network" });
  const worker = (more: Record<string, unknown>) => ({
    machines: {
      ...threeControlPlaneNodes,
      w1: { ...(threeControlPlaneNodes.w1 as Record<string, unknown>), ...more },
    },
    endpoint: { kind: "address", host: "api.example.com", port: 6443 },
  });

  it("finds the node address on an interface", () => {
    expect(check(worker({ nodeInterface: "eth1" }))).toEqual([]);
  });

  it("says where the address is when it is elsewhere", () => {
    expect(check(worker({ nodeInterface: "eth0" }))).toEqual([
      "the node address 192.0.2.21 is on eth1, not on eth0",
    ]);
  });

  it("says that no interface has it", () => {
    expect(check(worker({ nodeAddress: "192.0.2.29" }))).toEqual([
      "no interface of the host has the node address 192.0.2.29",
    ]);
  });

  it("refuses an interface that carries less than the settings say", () => {
    const found = check({ ...worker({}), network: { serviceCidr: "10.96.0.0/16", mtu: 1500 } });
    expect(found).toEqual(["eth1 has an MTU of 1450, but network.mtu is 1500"]);
  });
});

describe("ports", () => {
  const taken = `ip() { echo '2: eth0    inet 192.0.2.11/24 scope global eth0'; }
check_routes() { :; }
has_kubernetes() { return "$bare"; }
systemctl() { return "$stopped"; }
ss() { case $2 in 'sport = :2379' | 'sport = :7443') echo 'LISTEN 0 4096 *:2379 *:* users:(("etcd",pid=7,fd=3))' ;; esac; }`;
  const check = (bare: number, stopped: number, more: Record<string, unknown> = {}) =>
    problems({
      raw: { machines: threeControlPlaneNodes, endpoint: { kind: "nodeLocal" }, ...more },
      name: "cp1",
      stubs: `bare=${bare} stopped=${stopped}\n${taken}`,
      run: "check_network",
    });

  it("names who holds a port that Kubernetes or the balancer needs", () => {
    expect(check(1, 1)).toEqual([
      "port 2379 (Kubernetes) is taken by etcd (Port-2379)",
      "port 7443 (the balancer of the API) is taken by etcd (Port-7443)",
    ]);
  });

  it("asks nothing of a node, nor while our own balancer runs", () => {
    expect(check(0, 0)).toEqual([]);
  });

  it("skips a port by kubeadm's name for it", () => {
    expect(check(1, 0, { ignorePreflightErrors: ["Port-2379"] })).toEqual([
      "note: ignored: port 2379 (Kubernetes) is taken by etcd (Port-2379)",
    ]);
  });
});

describe("the host", () => {
  const small = `memory_mib() { echo 1000; }
var_free_mib() { echo 2000; }
nproc() { echo 1; }
stat() { echo cgroup2fs; }
uname() { echo "$name"; }
has_kubernetes() { return 1; }
# What others left on the host is bareHost.test.ts'.
check_bare() { :; }`;
  const host = (name: string, raw: Record<string, unknown> = {}) =>
    problems({ raw, name, stubs: `name=${name}\n${small}`, run: "check_host" }).filter(
      (line) => !line.includes("systemd"),
    );

  it("tells everything that is wrong with a control-plane node at once", () => {
    expect(host("cp1")).toEqual([
      "/var has 2000 MiB free, 5120 are needed (DiskSpace)",
      "the host has 1000 MiB of memory, a control-plane node needs 1700 (Mem)",
      "the host has 1 CPU, a control-plane node needs 2 (NumCPU)",
    ]);
  });

  it("asks less of a worker", () => {
    expect(host("w1")).toEqual(["/var has 2000 MiB free, 5120 are needed (DiskSpace)"]);
  });

  it("skips what the settings ignore, in any case of letters", () => {
    const found = host("cp1", { ignorePreflightErrors: ["mem", "NUMCPU", "DiskSpace"] });
    expect(found.filter((line) => !line.startsWith("note: ignored: "))).toEqual([]);
    expect(found).toHaveLength(3);
  });
});

describe("facts", () => {
  it("are one line of JSON, whatever is in the files", () => {
    const settings = settingsOf();
    const before = Date.now();
    const ran = bash(`set -euo pipefail
os_id=debian os_version=12 os_family=debian-12
${preflightChecks(settings, machineOf(settings, "w1"))}${hostReport()}
uname() { printf 'a"b\\\\c\\td'; }
report_facts`);
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/^##report .*\n$/);
    const facts = JSON.parse(ran.stdout.slice("##report ".length)) as Record<string, unknown>;
    expect(facts).toMatchObject({
      hostname: 'a"b\\c\td',
      os: { id: "debian", version: "12", family: "debian-12" },
      node: false,
    });
    // In milliseconds, of a clock that may be read in whole seconds.
    expect(facts["clock"]).toBeGreaterThanOrEqual(before - 1_000);
    expect(facts["clock"]).toBeLessThanOrEqual(Date.now());
  });
});
