import { describe, expect, it } from "vitest";

import { controlPlaneEndpoint, endpointAddresses } from "../../../model/network/endpoint";
import { readCluster } from "../../../model/settings/parse";
import { type Change, all, edited, machine, set } from "../settings/edit";

function settingsOf(change: Change) {
  return readCluster(edited(change), { environment: "metal" });
}

describe("the endpoint's name in hosts files", () => {
  const one = all(...["cp2", "cp3"].map((name) => set(`machines.${name}`, undefined)));

  it("is this host itself where every node balances", () => {
    const settings = settingsOf(set("endpoint", { kind: "nodeLocal" }));
    expect(controlPlaneEndpoint(settings)).toBe("api.metal.example.internal:7443");
    expect(endpointAddresses(settings)).toEqual(["127.0.0.1"]);
  });

  it("is the one control-plane node's node address", () => {
    const settings = settingsOf(all(one, set("endpoint", undefined)));
    expect(controlPlaneEndpoint(settings)).toBe("api.metal.example.internal:6443");
    expect(endpointAddresses(settings)).toEqual(["10.40.0.11"]);
  });

  it("is the proxy machine's node address", () => {
    const lb = machine("lb1", 5, { role: "loadBalancer" });
    expect(
      endpointAddresses(settingsOf(all(lb, set("endpoint", { kind: "loadBalancer", machine: "lb1" })))),
    ).toEqual(["10.40.0.5"]);
  });

  it.each(["k8s.example.com", "10.50.0.1"])("is not written for %s, which is the user's own", (host) => {
    expect(endpointAddresses(settingsOf(set("endpoint", { kind: "address", host })))).toEqual([]);
  });
});
