/** Waits for Service and Ingress (await/service.go, ingress.go). */
import type { WatchEvent } from "../client";
import { gvk, listAt, nameOf, objectAt, pluck, stringAt, type KubeObject } from "../objects";
import { ownKind, type Awaiter, type Subject } from "./awaiter";

/**
 * Seconds without an event of the endpoints after which no more are expected. The original's are 10; engine tests with
 * many Services may shorten them, since each waits that long.
 */
const settleSeconds = Number(process.env["PULUMI_KUBEADM_TEST_SETTLE_SECONDS"] ?? "10");
const endpointsKind = gvk("v1", "Endpoints");

export class ServiceAwaiter implements Awaiter {
  readonly watches;
  private seen: KubeObject;
  private ready = false;
  private hasEndpoints = false;
  private pending = false;
  private settledDown = false;

  constructor(private readonly subject: Subject) {
    this.watches = [ownKind(subject.current), endpointsKind];
    this.seen = subject.current;
  }

  object(): KubeObject {
    return this.seen;
  }

  observe({ type, object }: WatchEvent, kind: string): void {
    if (nameOf(object) !== nameOf(this.subject.current)) return;
    if (kind === "Endpoints") {
      this.settledDown = this.hasEndpoints = this.pending = false;
      if (type === "DELETED") return;
      for (const subset of listAt(object, "subsets")) {
        this.hasEndpoints ||= listAt(subset, "addresses").length > 0;
        this.pending ||= listAt(subset, "notReadyAddresses").length > 0;
      }
      return;
    }
    this.ready = false;
    if (type === "DELETED") return;
    this.seen = object;
    this.ready = !this.isLoadBalancer() || listAt(object, "status", "loadBalancer", "ingress").length > 0;
  }

  settling(kind: string, { object }: WatchEvent): number | undefined {
    return kind === "Endpoints" && nameOf(object) === nameOf(this.subject.current)
      ? settleSeconds
      : undefined;
  }

  settled(): void {
    this.settledDown = true;
  }

  /** One without a selector, a headless one and an ExternalName have no pods to wait for. */
  private waitsForPods(): boolean {
    const hasSelector = Object.keys(objectAt(this.seen, "spec", "selector")).length > 0;
    return hasSelector && !this.isHeadless() && !this.isExternalName();
  }

  private type = () => stringAt(this.seen, "spec", "type") || "ClusterIP";
  private isLoadBalancer = () => this.type() === "LoadBalancer";
  private isExternalName = () => this.type() === "ExternalName";
  private isHeadless = () => pluck(this.seen, "spec", "clusterIP") === "None";

  done(): boolean {
    return this.ready && (!this.waitsForPods() || (this.settledDown && !this.pending));
  }

  acceptable(): boolean {
    return this.ready && !this.pending;
  }

  reasons(): string[] {
    if (this.isHeadless() || this.isExternalName()) return [];
    const texts: string[] = [];
    if (!this.hasEndpoints) {
      texts.push(
        "Service does not target any Pods. Selected Pods may not be ready, or " +
          "field '.spec.selector' may not match labels on any Pods",
      );
    }
    if (this.isLoadBalancer() && !this.ready) {
      texts.push("Service was not allocated an IP address; does your cloud provider support this?");
    }
    return texts;
  }
}

export class IngressAwaiter implements Awaiter {
  readonly watches;
  /** Where no endpoints tell anything for a minute, none are expected: rules may name a resource, or nothing that is there. */
  readonly quietAfter = 60;
  private seen: KubeObject;
  private readonly endpoints = new Set<string>();
  private readonly externalNames = new Set<string>();
  private heardOfEndpoints = false;
  private settledDown = false;

  constructor(private readonly subject: Subject) {
    this.watches = [ownKind(subject.current), endpointsKind, gvk("v1", "Service")];
    this.seen = subject.current;
  }

  object(): KubeObject {
    return this.seen;
  }

  observe({ type, object }: WatchEvent, kind: string): void {
    const name = nameOf(object);
    if (kind === "Endpoints") {
      this.heardOfEndpoints = true;
      this.settledDown = false;
      if (type === "DELETED") this.endpoints.delete(name);
      else this.endpoints.add(name);
    } else if (kind === "Service") {
      if (type === "DELETED") this.externalNames.delete(name);
      else if (stringAt(object, "spec", "type") === "ExternalName") this.externalNames.add(name);
    } else if (name === nameOf(this.subject.current) && type !== "DELETED") {
      this.seen = object;
    }
  }

  settling(kind: string): number | undefined {
    return kind === "Endpoints" ? settleSeconds : undefined;
  }

  settled(): void {
    this.settledDown = true;
  }

  quiet(): void {
    if (!this.heardOfEndpoints) this.settledDown = true;
  }

  done(): boolean {
    return this.hasAddress() && this.rulesLeadSomewhere();
  }

  reasons(): string[] {
    const texts: string[] = [];
    if (!this.rulesLeadSomewhere())
      texts.push("Ingress has at least one rule with an unavailable target endpoint.");
    if (!this.hasAddress()) {
      texts.push(
        "Ingress .status.loadBalancer field was not updated with a hostname/IP address. " +
          "\n    for more information about this error, see https://pulumi.io/xdv72s",
      );
    }
    return texts;
  }

  private hasAddress(): boolean {
    return listAt(this.seen, "status", "loadBalancer", "ingress").length > 0;
  }

  private rulesLeadSomewhere(): boolean {
    const targets = listAt(this.seen, "spec", "rules")
      .flatMap((rule) => listAt(rule, "http", "paths"))
      .map((path) => stringAt(path, "backend", "service", "name"))
      .filter((name) => name !== "" && !this.externalNames.has(name) && !this.endpoints.has(name));
    return targets.length === 0 || this.settledDown;
  }
}
