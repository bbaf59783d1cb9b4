import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  clusterDomainOf,
  encryptionOf,
  etcdCommand,
  greeting,
  SMOKE,
  SMOKE_SELECTOR,
  smokeDeployment,
  smokeNamespace,
  smokeSecret,
  smokeService,
} from "../model/smoke/objects";
import { SMOKE_STEPS, type SmokeOptions, type SmokeResult, type SmokeStep } from "../model/smoke/options";
import type { SmokeClient } from "./client";
import { askNodes, fetchText } from "./nodePort";

/** Requests by name that must all get an answer: with two replicas of CoreDNS, one that knows nothing is not missed by luck. */
const IN_A_ROW = 6;

interface RunningPod {
  readonly name: string;
  readonly node: string;
}

/**
 * Puts a small application into a cluster, uses it in every way people use theirs, and takes it away again. A step that
 * fails ends the run, since the later ones stand on it; what was made goes in any case.
 */
export class SmokeRun {
  private readonly namespace = `smoke-${randomBytes(4).toString("hex")}`;
  private pods: readonly RunningPod[] = [];
  private made = false;
  private address = "";
  private nodePort: number | undefined;

  constructor(
    private readonly client: SmokeClient,
    private readonly options: SmokeOptions,
    private readonly report: (result: SmokeResult) => void,
  ) {}

  /** @returns whether everything went well */
  async run(): Promise<boolean> {
    const steps = SMOKE_STEPS.filter((step) => step !== "clean-up" && !this.leftOut(step));
    let ok = true;
    for (const step of steps) {
      if (!ok) break;
      ok = await this.step(step);
    }
    return (await this.cleanUp()) && ok;
  }

  /** Takes away what was made; can be called again. */
  async cleanUp(): Promise<boolean> {
    if (!this.made) return true;
    this.made = false;
    return this.step("clean-up");
  }

  private leftOut(step: SmokeStep): boolean {
    return this.options.skip.includes(step) || (step === "node-port" && !this.options.nodePort);
  }

  private async step(step: SmokeStep): Promise<boolean> {
    const start = Date.now();
    const result = (ok: boolean, saw: string): boolean => {
      this.report({ step, ok, saw, seconds: Math.round((Date.now() - start) / 100) / 10 });
      return ok;
    };
    const seconds = this.options.timeout;
    const timer = new AbortController();
    const late = delay(seconds * 1000, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`not within ${seconds} s`);
    });
    late.catch(() => undefined);
    try {
      return result(true, await Promise.race([this.actions[step](), late]));
    } catch (error) {
      return result(false, await this.explained(error));
    } finally {
      timer.abort();
    }
  }

  private async explained(error: unknown): Promise<string> {
    const message = error instanceof Error ? error.message : String(error);
    const warnings = this.made ? await this.client.warnings(this.namespace).catch(() => []) : [];
    return [message.split("\n")[0] ?? "", ...warnings].join("; ");
  }

  private readonly actions: Record<SmokeStep, () => Promise<string>> = {
    nodes: async () => {
      const nodes = await this.client.nodes();
      const ready = nodes.filter((node) =>
        node.status?.conditions?.some(
          (condition) => condition.type === "Ready" && condition.status === "True",
        ),
      );
      const names = nodes.filter((node) => !ready.includes(node)).map((node) => node.metadata?.name ?? "");
      if (names.length > 0 || ready.length === 0)
        throw new Error(`not Ready: ${names.join(", ") || "no nodes"}`);
      // Somebody may be asking for the identity of another node: for people to look at, and no fault of the cluster.
      const pending = await this.client.pendingJoins();
      const joins = pending.length === 0 ? "" : `; pending join requests: ${pending.join(", ")}`;
      return `${ready.length} nodes, all Ready${joins}`;
    },

    secret: async () => {
      await this.begin();
      const value = randomBytes(24).toString("base64url");
      await this.client.createSecret(this.namespace, smokeSecret(this.namespace, value));
      const [etcd] = await this.client.pods("kube-system", "component=etcd");
      const pod = etcd?.metadata?.name;
      if (pod === undefined) throw new Error("there is no etcd pod in kube-system to check");
      const stored = await this.client.exec("kube-system", pod, "etcd", etcdCommand(this.namespace));
      const prefix = encryptionOf(stored);
      if (stored.includes(value) || prefix === undefined)
        throw new Error("etcd stores Secrets in plain text: encryption at rest is off");
      return `etcd stores ${prefix}..., not the value`;
    },

    deployment: async () => {
      await this.begin();
      const nodes = await this.client.nodes();
      const open = nodes.filter(
        (node) =>
          node.spec?.unschedulable !== true &&
          !(node.spec?.taints ?? []).some((taint) => taint.effect !== "PreferNoSchedule") &&
          node.metadata?.labels?.["kubernetes.io/os"] !== "windows",
      ).length;
      if (open === 0) throw new Error("no node takes ordinary pods: all are tainted or cordoned");
      const count = Math.min(this.options.replicas, open);
      await this.client.createDeployment(
        this.namespace,
        smokeDeployment(this.namespace, this.options, count),
      );
      this.pods = await this.until("pods to be ready", async () => {
        const pods = await this.client.pods(this.namespace, SMOKE_SELECTOR);
        const ready = pods.filter((pod) =>
          pod.status?.conditions?.some(
            (condition) => condition.type === "Ready" && condition.status === "True",
          ),
        );
        return ready.length < count
          ? undefined
          : ready.map((pod) => ({ name: pod.metadata?.name ?? "", node: pod.spec?.nodeName ?? "" }));
      });
      const on = [...new Set(this.pods.map((pod) => pod.node))].sort();
      if (on.length < count) throw new Error(`${count} pods share ${on.join(", ")}`);
      return `${count} pods are ready on ${on.join(", ")}`;
    },

    logs: async () => {
      const { name } = this.first();
      const text = await this.client.logs(this.namespace, name);
      const wanted = `${greeting(this.namespace)} ${name}`;
      if (!text.includes(wanted)) throw new Error(`the log of ${name} lacks its first line`);
      return `"${wanted}"`;
    },

    exec: async () => {
      const { name } = this.first();
      const answer = (await this.inPod("hostname")).trim();
      if (answer !== name) throw new Error(`hostname in ${name} says ${answer}`);
      return `hostname in ${name} says so`;
    },

    "port-forward": async () => {
      const { name } = this.first();
      const { port, path } = this.options;
      const answer = await this.client.forwarded(this.namespace, name, port, (local) =>
        fetchText(`http://127.0.0.1:${local}${path}`),
      );
      if (answer.trim() !== name) throw new Error(`${name} was called, but ${answer.trim()} answered`);
      return `${name} answers through the API`;
    },

    service: async () => {
      const service = await this.client.createService(
        this.namespace,
        smokeService(this.namespace, this.options),
      );
      this.address = service.spec?.clusterIP ?? "";
      this.nodePort = service.spec?.ports?.[0]?.nodePort;
      const wanted = this.pods.map((pod) => pod.name);
      const answered = new Set<string>();
      // Which pod answers is chance; all of them are behind the address once each was seen.
      await this.until(`answers of ${wanted.join(", ")}`, async () => {
        const answer = await this.fetchInPod(`http://${this.address}${this.options.path}`).catch(() => "");
        if (wanted.includes(answer)) answered.add(answer);
        return answered.size === wanted.length ? true : undefined;
      });
      return `${this.address} reaches ${[...answered].sort().join(" and ")}`;
    },

    dns: async () => {
      const domain = clusterDomainOf(await this.inPod("cat", "/etc/resolv.conf"), this.namespace);
      if (domain === undefined)
        throw new Error("/etc/resolv.conf of the pod does not search the cluster's domain");
      const kubernetes = await this.client.kubernetesAddress();
      for (const [name, address] of [
        [`kubernetes.default.svc.${domain}`, kubernetes],
        [`${SMOKE}.${this.namespace}.svc.${domain}`, this.address],
      ] as const) {
        if (address === "") continue;
        const answer = await this.until(`the name ${name}`, async () => {
          const text = await this.inPod("nslookup", name).catch(() => "");
          return text.includes(address) ? text : undefined;
        });
        if (!answer.includes(address)) throw new Error(`${name} is not ${address}`);
      }
      // Each replica of CoreDNS learns of a new Service by itself, after an API server's restart half a minute later than the others.
      const url = `http://${SMOKE}.${this.namespace}.svc.${domain}${this.options.path}`;
      if (this.address !== "") await this.until(`answers of ${url}`, () => this.answersInARow(url));
      return `kubernetes.default.svc.${domain} is ${kubernetes}, the Service answers by its name`;
    },

    "node-port": async () => {
      const port = this.nodePort;
      if (port === undefined) throw new Error("the Service has no node port");
      const wanted = this.pods.map((pod) => pod.name);
      const answers = await askNodes(await this.client.nodes(), port, this.options.path);
      for (const { address, answer } of answers)
        if (!wanted.includes(answer)) throw new Error(`${address}:${port} answered ${answer}`);
      return `port ${port} answers on ${answers.map(({ address }) => address).join(", ")}`;
    },

    "clean-up": async () => {
      await this.client.deleteNamespace(this.namespace);
      await this.until(`the end of namespace ${this.namespace}`, async () =>
        (await this.client.hasNamespace(this.namespace)) ? undefined : true,
      );
      return `namespace ${this.namespace} is gone`;
    },
  };

  /** The namespace of this run, once. */
  private async begin(): Promise<void> {
    if (this.made) return;
    await this.client.createNamespace(smokeNamespace(this.namespace));
    this.made = true;
    await this.until("the namespace's service account", async () =>
      (await this.client.hasServiceAccount(this.namespace)) ? true : undefined,
    );
  }

  private first(): RunningPod {
    const [pod] = this.pods;
    if (pod === undefined) throw new Error("there is no pod: the step `deployment` was skipped");
    return pod;
  }

  private inPod(...command: string[]): Promise<string> {
    return this.client.exec(this.namespace, this.first().name, SMOKE, command);
  }

  private async fetchInPod(url: string): Promise<string> {
    return (await this.inPod("timeout", "5", "wget", "-q", "-O", "-", url)).trim();
  }

  /** Undefined when one of some requests gets no answer. */
  private async answersInARow(url: string): Promise<true | undefined> {
    for (let request = 0; request < IN_A_ROW; request += 1)
      if ((await this.fetchInPod(url).catch(() => "")) === "") return undefined;
    return true;
  }

  /** Asks until there is an answer or the step's time is over. */
  private async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const end = Date.now() + this.options.timeout * 1000;
    while (Date.now() < end) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await delay(500);
    }
    throw new Error(`waited ${this.options.timeout} s for ${what}`);
  }
}
