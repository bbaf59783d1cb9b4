import type { HostKubelet } from "./spec";

/** What of a KubeletConfiguration the host has to match. */
export function hostKubelet(config: Readonly<Record<string, unknown>>): HostKubelet {
  const grace = config["shutdownGracePeriod"];
  return {
    failSwapOn: config["failSwapOn"] !== false,
    systemdCgroup: config["cgroupDriver"] !== "cgroupfs",
    shutdownGrace: typeof grace === "string" ? seconds(grace) : 0,
  };
}

const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Seconds of a duration as Go writes it (`1m30s`), rounded up; 0 for what is none: the kubelet will refuse it. */
export function seconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  return Math.ceil(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit] ?? 0), 0));
}
