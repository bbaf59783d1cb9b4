/** Waits for Deployment, StatefulSet and DaemonSet (await/deployment.go, statefulset.go, daemonset.go). */
import { isObject } from "../../shared/values";
import type { WatchEvent } from "../client";
import {
  annotationOf,
  generationOf,
  gvk,
  isOwnedBy,
  listAt,
  nameOf,
  numberAt,
  pluck,
  stringAt,
  uidOf,
  type Gvk,
  type KubeObject,
} from "../objects";
import { ownKind, type Awaiter, type Subject } from "./awaiter";
import { podState } from "./pods";

const podKind = gvk("v1", "Pod");
const revisionAnnotation = "deployment.kubernetes.io/revision";

/** The part all three share: the object as seen last, and its pods. */
abstract class Workload implements Awaiter {
  readonly watches: readonly Gvk[];
  protected seen: KubeObject;
  protected readonly pods = new Map<string, KubeObject>();

  constructor(
    protected readonly subject: Subject,
    watches: readonly Gvk[],
  ) {
    this.watches = [ownKind(subject.current), ...watches, podKind];
    this.seen = subject.current;
  }

  object(): KubeObject {
    return this.seen;
  }

  observe(event: WatchEvent, kind: string): void {
    if (kind === "Pod") return this.observePod(event);
    if (kind !== this.watches[0].kind) return this.observeOther(event);
    // What was seen before the create or update says nothing about it.
    if (nameOf(event.object) !== nameOf(this.subject.current)) return;
    if (generationOf(event.object) < generationOf(this.subject.current) || event.type === "DELETED") return;
    this.seen = event.object;
    this.observeSelf();
  }

  protected observeOther(_event: WatchEvent): void {}
  protected abstract observeSelf(): void;
  protected abstract owner(): KubeObject | undefined;
  abstract done(): boolean;
  abstract reasons(): string[];

  private observePod({ type, object }: WatchEvent): void {
    if (type === "DELETED") this.pods.delete(nameOf(object));
    else this.pods.set(nameOf(object), object);
    const problem = podState(object).problem;
    if (problem?.severity === "warning" && isOwnedBy(object, this.owner())) {
      this.subject.status("warning", problem.text);
    }
  }

  protected podProblems(): string[] {
    const owned = [...this.pods.values()].filter((pod) => isOwnedBy(pod, this.owner()));
    return owned.flatMap((pod) => {
      const problem = podState(pod).problem;
      return problem?.severity === "warning" ? [problem.text] : [];
    });
  }
}

export class DeploymentAwaiter extends Workload {
  private readonly replicaSets = new Map<string, KubeObject>();
  private readonly problems = new Map<string, string>();
  private revision = "0";
  private reconciled: boolean;
  private available = false;
  private newReplicaSetAvailable = false;
  private replicasReady = false;

  /** `atOnce`: a look at one moment does not wait for the controller to have seen the newest generation. */
  constructor(subject: Subject, atOnce: boolean) {
    super(subject, [gvk("apps/v1", "ReplicaSet")]);
    this.reconciled = atOnce;
  }

  done(): boolean {
    if (!this.reconciled || !this.available || !this.replicasReady) return false;
    return this.revision === "1" || this.newReplicaSetAvailable;
  }

  reasons(): string[] {
    const texts = [...this.problems.values()];
    const first = this.revision === "1";
    if (!this.available) texts.push("Minimum number of live Pods was not attained");
    else if (first ? !this.replicasReady : !this.newReplicaSetAvailable) {
      texts.push("Minimum number of Pods to consider the application live was not attained");
    } else if (!this.replicasReady) {
      texts.push(
        "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live",
      );
    }
    return [...texts, ...this.podProblems()];
  }

  protected owner(): KubeObject | undefined {
    return this.replicaSets.get(this.revision);
  }

  protected observeSelf(): void {
    this.problems.clear();
    if (numberAt(this.seen, "status", "observedGeneration") === generationOf(this.seen))
      this.reconciled = true;
    this.revision = annotationOf(this.seen, revisionAnnotation);
    if (this.revision === "") return; // no ReplicaSet yet
    for (const condition of listAt(this.seen, "status", "conditions").filter(isObject)) {
      const holds = condition["status"] === "True";
      if (condition["type"] === "Progressing") {
        this.newReplicaSetAvailable = holds && condition["reason"] === "NewReplicaSetAvailable";
      } else if (condition["type"] === "Available") {
        this.available = holds;
      } else continue;
      if (!holds) this.note(stringAt(condition, "reason"), stringAt(condition, "message"));
    }
    this.checkReplicas();
  }

  private note(reason: string, message: string): void {
    const text = `[${reason}] ${message}`;
    this.problems.set(reason, text);
    this.subject.status("warning", text);
  }

  protected override observeOther({ type, object }: WatchEvent): void {
    if (!isOwnedBy(object, this.subject.current)) return;
    const revision = annotationOf(object, revisionAnnotation);
    if (type === "DELETED") {
      if (uidOf(this.replicaSets.get(revision) ?? {}) === uidOf(object)) this.replicaSets.delete(revision);
    } else {
      this.replicaSets.set(revision, object);
      this.checkReplicas();
    }
  }

  private checkReplicas(): void {
    const replicaSet = this.replicaSets.get(this.revision);
    if (this.revision === "0" || !replicaSet) return;
    // The ReplicaSet's number is the plan of record: a person may have scaled the Deployment.
    const wanted = numberAt(replicaSet, "spec", "replicas") ?? 1;
    const ready = numberAt(replicaSet, "status", "readyReplicas");
    const enough = ready === undefined ? wanted === 0 : ready >= wanted;
    const lastRevision = this.subject.last ? annotationOf(this.subject.last, revisionAnnotation) : "";
    const rolledOut = !this.subject.last || annotationOf(this.seen, revisionAnnotation) !== lastRevision;
    this.replicasReady = enough && (!rolledOut || lastRevision !== this.revision);
    if (!this.replicasReady) {
      this.subject.status(
        "info",
        `Waiting for app ReplicaSet to be available (${ready ?? 0}/${wanted} Pods available)`,
      );
    }
  }
}

export class StatefulSetAwaiter extends Workload {
  private revisionReady = false;
  private replicasReady = false;
  private ready = 0;
  private wanted = 0;

  constructor(subject: Subject) {
    super(subject, []);
  }

  done(): boolean {
    return this.replicasReady && this.revisionReady;
  }

  reasons(): string[] {
    const texts: string[] = [];
    if (!this.replicasReady)
      texts.push(`${this.ready} out of ${this.wanted} replicas succeeded readiness checks`);
    if (!this.revisionReady) {
      const [from, to] = this.revisions();
      texts.push(`StatefulSet controller failed to advance from revision "${from}" to revision "${to}"`);
    }
    return [...texts, ...this.podProblems()];
  }

  protected owner(): KubeObject {
    return this.seen;
  }

  private revisions(): [string, string] {
    return [
      stringAt(this.seen, "status", "currentRevision"),
      stringAt(this.seen, "status", "updateRevision"),
    ];
  }

  protected observeSelf(): void {
    this.revisionReady = this.replicasReady = false;
    const generation = generationOf(this.seen);
    // Until the controller has seen this generation, what it reports is about an older one.
    if ((numberAt(this.seen, "status", "observedGeneration") ?? 0) < generation) return;
    const count = (field: string) => numberAt(this.seen, "status", field) ?? 0;
    this.wanted = numberAt(this.seen, "spec", "replicas") ?? 0;
    const all = this.wanted === count("replicas") && this.wanted === count("readyReplicas");
    const [current, update] = this.revisions();
    if (generation > 1 && pluck(this.seen, "spec", "updateStrategy", "type") === "OnDelete") {
      this.revisionReady = true;
      this.replicasReady = all;
    } else {
      this.revisionReady = current !== "" && current === update;
      this.replicasReady = all && this.wanted === count("currentReplicas");
    }
    this.ready = this.revisionReady
      ? count("readyReplicas")
      : Math.min(count("readyReplicas"), count("updatedReplicas"));
    if (!this.done()) {
      this.subject.status(
        "info",
        `Waiting for StatefulSet to create Pods (${this.ready}/${this.wanted} Pods ready)`,
      );
    }
  }
}

/** The rules are those of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus/status/core.go, daemonsetConditions). */
export class DaemonSetAwaiter extends Workload {
  readonly timeoutMessage = () => "timed out waiting for the condition";

  constructor(subject: Subject) {
    super(subject, []);
  }

  done(): boolean {
    return this.missing() === undefined;
  }

  reasons(): string[] {
    return this.podProblems();
  }

  protected owner(): KubeObject {
    return this.seen;
  }

  protected observeSelf(): void {
    this.subject.status("info", this.missing() ?? "All replicas scheduled as expected.");
  }

  private missing(): string | undefined {
    if (pluck(this.seen, "metadata", "deletionTimestamp")) return "Resource scheduled for deletion";
    const count = (field: string) => numberAt(this.seen, "status", field);
    if ((count("observedGeneration") ?? 0) !== generationOf(this.seen)) {
      return `DaemonSet generation is ${generationOf(this.seen)}, but latest observed generation is ${count("observedGeneration") ?? 0}`;
    }
    const wanted = count("desiredNumberScheduled");
    if (wanted === undefined) return "Missing .status.desiredNumberScheduled";
    const parts = [
      ["Current", "currentNumberScheduled"],
      ["Updated", "updatedNumberScheduled"],
      ["Available", "numberAvailable"],
      ["Ready", "numberReady"],
    ] as const;
    const behind = parts.find(([, field]) => (count(field) ?? 0) < wanted);
    return behind && `${behind[0]}: ${count(behind[1]) ?? 0}/${wanted}`;
  }
}
