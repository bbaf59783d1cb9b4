/** Which wait belongs to which kind (await/awaiters.go); a kind that is not here is ready as soon as it is there. */
import { isObject, sameValue } from "../../shared/values";
import type { WatchEvent } from "../client";
import { annotations } from "../naming";
import {
  annotationOf,
  generationOf,
  gvkOf,
  listAt,
  nameOf,
  numberAt,
  objectAt,
  pluck,
  stringAt,
  type KubeObject,
} from "../objects";
import { kindKey, ownKind, type Awaiter, type Subject } from "./awaiter";
import { podState } from "./pods";
import { IngressAwaiter, ServiceAwaiter } from "./services";
import { DaemonSetAwaiter, DeploymentAwaiter, StatefulSetAwaiter } from "./workloads";

export { awaitReady, NotReady, readReady, type Subject } from "./awaiter";

type MakeAwaiter = (subject: Subject, atOnce: boolean) => Awaiter | undefined;

const awaiters: Readonly<Record<string, MakeAwaiter>> = {
  "apps/v1/DaemonSet": (subject) => new DaemonSetAwaiter(subject),
  "apps/v1/Deployment": (subject, atOnce) => new DeploymentAwaiter(subject, atOnce),
  "apps/v1/StatefulSet": (subject) => new StatefulSetAwaiter(subject),
  "networking.k8s.io/v1/Ingress": (subject) => new IngressAwaiter(subject),
  "v1/Pod": (subject) => new OneObject(subject, (pod) => podState(pod).ready, { reasons: podReasons }),
  "v1/ResourceQuota": (subject) => new OneObject(subject, quotaIsCounted, polling(60)),
  "v1/Secret": (subject) =>
    isTokenSecret(subject.current) ? new OneObject(subject, hasData, polling(5)) : undefined,
  "v1/Service": (subject) => new ServiceAwaiter(subject),
};

/** Kinds that a refresh looks at too. */
const readAlso = new Set([
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "networking.k8s.io/v1/Ingress",
  "v1/Pod",
  "v1/Service",
]);

/** The wait after a create or update; undefined where there is nothing to wait for. Throws on a `waitFor` it does not know. */
export function awaiterFor(subject: Subject, inputs: KubeObject): Awaiter | undefined {
  if (annotationOf(inputs, annotations.skipAwait) === "true") return undefined;
  const waitFor = annotationOf(subject.current, annotations.waitFor);
  if (waitFor !== "") return new OneObject(subject, conditionsHold(waitFor), conditionMessage);
  return awaiters[kindKey(gvkOf(subject.current))]?.(subject, false);
}

export function readAwaiterFor(subject: Subject, inputs: KubeObject): Awaiter | undefined {
  if (annotationOf(inputs, annotations.skipAwait) === "true") return undefined;
  const key = kindKey(gvkOf(subject.current));
  return readAlso.has(key) ? awaiters[key]?.(subject, true) : undefined;
}

interface OneObjectOptions {
  readonly timeout?: number;
  readonly reasons?: (object: KubeObject) => string[];
  readonly timeoutMessage?: (name: string) => string;
}

/** A wait on nothing but the object's own state. */
class OneObject implements Awaiter {
  readonly watches;
  readonly fixedTimeout;
  readonly timeoutMessage;
  private seen: KubeObject;
  private observed = false;

  constructor(
    private readonly subject: Subject,
    private readonly isReady: (object: KubeObject) => boolean,
    private readonly options: OneObjectOptions = {},
  ) {
    this.watches = [ownKind(subject.current)];
    this.fixedTimeout = options.timeout;
    this.timeoutMessage = options.timeoutMessage;
    this.seen = subject.current;
  }

  object = () => this.seen;

  observe({ type, object }: WatchEvent): void {
    if (type === "DELETED" || nameOf(object) !== nameOf(this.subject.current)) return;
    if (generationOf(object) < generationOf(this.subject.current)) return;
    this.seen = object;
    this.observed = true;
  }

  done = () => this.observed && this.isReady(this.seen);
  reasons = () => this.options.reasons?.(this.seen) ?? [];
}

function podReasons(pod: KubeObject): string[] {
  const problem = podState(pod).problem;
  return problem?.severity === "warning" ? [problem.text] : [];
}

/** untilCoreV1ResourceQuotaInitialized */
function quotaIsCounted(quota: KubeObject): boolean {
  const hard = pluck(quota, "status", "hard");
  return hard !== undefined && sameValue(objectAt(quota, "spec", "hard"), hard);
}

/** Only a service account's token is filled in by a controller (untilCoreV1SecretInitialized). */
const isTokenSecret = (secret: KubeObject) => secret["type"] === "kubernetes.io/service-account-token";
const hasData = (secret: KubeObject) => Object.keys(objectAt(secret, "data")).length > 0;

/** Time-outs that no setting moves, and their message (watcher/watcher.go). */
function polling(seconds: number): OneObjectOptions {
  return { timeout: seconds, timeoutMessage: (name) => `Timeout occurred polling for '${name}'` };
}

const conditionMessage: OneObjectOptions = { timeoutMessage: () => "timed out waiting for the condition" };

/** `pulumi.com/waitFor`: `condition=Type` or `condition=Type=Status`, or a JSON list of them (condition/custom.go). */
function conditionsHold(annotation: string): (object: KubeObject) => boolean {
  const expressions = annotation.startsWith("[") ? (JSON.parse(annotation) as string[]) : [annotation];
  const wanted = expressions.map((expression) => {
    const match = /^condition=([^=]+)(?:=(.*))?$/.exec(expression);
    if (!match)
      throw new Error(`the stand-in knows only "condition=" in ${annotations.waitFor}, not "${expression}"`);
    return { type: match[1].toLowerCase(), status: (match[2] ?? "True").toLowerCase() };
  });
  return (object) =>
    wanted.every(({ type, status }) =>
      listAt(object, "status", "conditions")
        .filter(isObject)
        .some((condition) => {
          const generation =
            numberAt(condition, "observedGeneration") ?? numberAt(object, "status", "observedGeneration");
          return (
            stringAt(condition, "type").toLowerCase() === type &&
            stringAt(condition, "status").toLowerCase() === status &&
            (generation === undefined || generation >= generationOf(object))
          );
        }),
    );
}
