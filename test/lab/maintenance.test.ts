/** Hosts that are patched and rebooted by themselves, one at a time, under an application that is asked all the time. */
import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../support/run";
import { AptRepository } from "./aptRepository";

import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { hostRuns } from "./host";
import { Probe } from "./probe";
import { STEADY_PORT, steadyObjects } from "./upgradeObjects";

const NODES = ["cp1", "w1", "w2"] as const;
const UNIT = "pulumi-kubeadm-maintenance";
const LOCK = "pulumi-kubeadm-maintenance-lock";
const MINUTES = 60;

interface Status {
  readonly now: { readonly phase?: string };
  readonly last: {
    readonly result?: string;
    readonly why?: string;
    readonly now?: string;
    readonly window?: string;
    readonly packages?: readonly string[];
    readonly rebooted?: boolean;
  };
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly unschedulable?: boolean };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

describeWithLab("maintenance of one control-plane node and two workers", () => {
  let cluster: LabCluster;
  let apt: AptRepository;
  /** Hosts that lost their power; nobody switches them on. */
  const unplugged = new Set<string>();
  let watching = true;
  /** The most nodes that the API saw cordoned or not Ready at one time, and which. */
  let most: string[] = [];
  let watchers: Promise<unknown>[] = [];

  beforeAll(async () => {
    cluster = await LabCluster.create("maint", shapeOf(1, 2));
    apt = new AptRepository(cluster.lab);
    const old = [
      await apt.build({ name: "lab-tool", version: "1.0" }),
      await apt.build({ name: "lab-kernel", version: "1.0" }),
    ];
    await apt.publish(
      { name: "lab-tool", version: "2.0" },
      { name: "lab-kernel", version: "2.0", wantsReboot: true },
    );
    await apt.serve();
    for (const name of NODES) {
      await cluster.lab.exec(name, ["tee", "/etc/apt/sources.list"], { input: `${apt.source}\n` });
      for (const file of name === "w2" ? old.slice(0, 1) : old) {
        const text = fs.readFileSync(file).toString("base64");
        await cluster.lab.exec(name, ["bash", "-c", "base64 -d >/root/old.deb && dpkg -i /root/old.deb"], {
          input: text,
        });
      }
    }
    await cluster.engine("up");
    await cluster.apply(...steadyObjects());
    await cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=180s");
    // kube-proxy opens the port of a node some moments after the pods are Ready.
    await eventually(
      "an answer of the Service",
      () => cluster.lab.run(["curl", "--silent", "--fail", "--max-time", "2", serviceUrl()]),
      () => true,
    );
    watchers = [watch(), button()];
  });
  afterAll(async () => {
    watching = false;
    await Promise.allSettled(watchers);
    await apt?.end();
    await cluster?.down();
  });

  function serviceUrl(): string {
    return `http://${cluster.lab.host("w2").address}:${STEADY_PORT}/`;
  }

  /** Boots again what has shut itself down: systemd-nspawn ends where a host reboots. */
  async function button(): Promise<void> {
    for (; watching; await delay(200))
      for (const name of NODES) {
        if (hostRuns(cluster.lab.host(name)) || unplugged.has(name)) continue;
        saw(`${name} reboots`);
        await cluster.lab.stopHost(name, 0);
        await cluster.lab.startHost(name);
      }
  }

  async function watch(): Promise<void> {
    for (; watching; await delay(250)) {
      const { status, stdout } = await cluster.tryKubectl(
        ["get", "nodes", "-o", "json", "--request-timeout=2s"],
        { allowFailure: true },
      );
      if (status !== 0) continue;
      const away = (JSON.parse(stdout) as NodeList).items
        .filter(({ spec, status: { conditions } }) => {
          const ready = conditions.find(({ type }) => type === "Ready")?.status === "True";
          return spec.unschedulable === true || !ready;
        })
        .map(({ metadata }) => metadata.name);
      if (away.length > most.length) most = away;
    }
  }

  /** By SSH: a process that enters a host from outside is stopped with it, and then its init waits for that process for ever. */
  async function on(name: string, line: string): Promise<string> {
    return (await run(cluster.lab.sshCommand(name, [line]), { timeout: 60_000 })).stdout;
  }

  async function status(name: string): Promise<Status> {
    return JSON.parse(await on(name, `${UNIT} status`)) as Status;
  }

  const ended = (name: string, key: "now" | "window", value: string | undefined): Promise<Status> =>
    eventually(
      `maintenance of ${name}`,
      () => status(name),
      ({ now, last }) =>
        now.phase === undefined && last[key] !== undefined && (value === undefined || last[key] === value),
      15 * MINUTES,
    );

  const version = (name: string, of: string): Promise<string> =>
    on(name, `dpkg-query --show --showformat='\${Version}' ${of}`);

  async function settings(maintenance: object | undefined): Promise<void> {
    const { maintenance: _, ...others } = cluster.settings as typeof cluster.settings & {
      maintenance?: object;
    };
    cluster.settings = {
      ...others,
      ...(maintenance === undefined ? {} : { maintenance }),
    };
    await cluster.engine("up");
  }

  const begun = async (name: string, phases: readonly string[]): Promise<boolean> =>
    phases.includes((await status(name)).now.phase ?? "");

  it("in its window each node is drained, patched and, if needed, rebooted, and a Service answers all the time", async () => {
    const service = Probe.start(cluster.lab, "service", serviceUrl());
    await settings({ timeZone: "Asia/Kolkata", windows: [{ start: "00:00", duration: "24h" }] });
    const all = await Promise.all(NODES.map((name) => ended(name, "window", undefined)));
    for (const [index, one] of all.entries()) saw(`${NODES[index] ?? ""}: ${JSON.stringify(one.last)}`);
    expect(all.map(({ last }) => [last.result, last.rebooted])).toEqual([
      ["done", true],
      ["done", true],
      ["done", false],
    ]);
    for (const name of NODES) expect(await version(name, "lab-tool")).toBe("2.0");
    saw(await cluster.host("w1", `journalctl --no-pager --output cat --unit ${UNIT} | tail -n 20`));
    saw(await cluster.host("cp1", `journalctl --no-pager --output cat --unit ${LOCK} | tail -n 20`));
    const probed = await service.end();
    saw(`asked ${probed.asked} times, ${probed.failed} without an answer; most away: ${most.join(", ")}`);
    expect(probed.failed).toBe(0);
    expect(most).toHaveLength(1);
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s");
    await eventually(
      "no marks are left",
      () =>
        cluster.kubectl(
          ...[
            "get",
            "nodes",
            "-o",
            "jsonpath={.items[*].spec.unschedulable}|{.items[*].metadata.annotations}",
          ],
        ),
      (marks) => !/^[^|]*true|pulumi-kubeadm.github.io\/maintenance/.test(marks),
    );
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("a power cut in the middle stops the others until the host is back, and then all end", async () => {
    await apt.publish(
      { name: "lab-tool", version: "3.0" },
      { name: "lab-kernel", version: "3.0", wantsReboot: true },
    );
    await settings({ packages: "all", now: "second" });
    const victim = await eventually(
      "the first drain",
      async () => {
        for (const name of ["w1", "w2"]) if (await begun(name, ["drain", "patch", "reboot"])) return name;
        return "";
      },
      (name) => name !== "",
      5 * MINUTES,
    );
    unplugged.add(victim);
    await cluster.lab.stopHost(victim, 0);
    const other = victim === "w1" ? "w2" : "w1";
    const told = await eventually(
      "the others wait",
      () => on("cp1", `${LOCK} status`),
      (text) => text.includes(`${other} waits: ${victim} has the drain lock`),
    );
    saw(told);
    expect(await version(other, "lab-tool")).not.toBe("3.0");
    unplugged.delete(victim);
    const all = await Promise.all(NODES.map((name) => ended(name, "now", "second")));
    saw(JSON.stringify(all.map(({ last }) => last)));
    expect(all.map(({ last }) => last.result)).toEqual(["done", "done", "done"]);
    for (const name of NODES) expect(await version(name, "lab-tool")).toBe("3.0");
    expect(most).toHaveLength(1);
  });

  it("a setting that is removed leaves nothing on the hosts and in the cluster", async () => {
    await settings(undefined);
    for (const name of NODES) {
      const left = await cluster.host(
        name,
        "ls /etc/systemd/system /usr/local/sbin /etc/kubernetes/pulumi-kubeadm /var/lib/pulumi-kubeadm | grep -c maintenance || true",
      );
      expect(left.trim()).toBe("0");
    }
    expect(await cluster.kubectl("-n", "kube-system", "get", "leases", "-o", "name")).not.toContain(
      "maintenance",
    );
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });
});
