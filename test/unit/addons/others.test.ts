import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIngressRules } from "../../../model/addons/ingress/alone";
import { ingressRulesManifest } from "../../../model/addons/ingress/rules";
import { metricsServerManifests } from "../../../model/addons/metricsServer/manifests";
import { CHART_NAMES, CHARTS, chartReference } from "../../../model/charts";
import { flowsOf } from "../../../model/flows";
import { formatAddress } from "../../../model/network/addresses";
import { parseAddressRange, rangesOverlap } from "../../../model/network/addressRanges";
import { bareMetal } from "../../support/bareMetal";
import type { RawSettings } from "../../support/settings";
import { nodeSetupSpec } from "../../../model/settings/specs";

describe("charts", () => {
  const none = { sources: {}, versions: {} };

  it.each(CHART_NAMES)("%s comes from upstream in the pinned version", (name) => {
    expect(chartReference(name, none)).toEqual({
      chart: name,
      version: CHARTS[name].version,
      repository: CHARTS[name].repository,
    });
  });

  it("come from a folder, a registry or a mirror", () => {
    const from = (source: string) => chartReference("metallb", { ...none, sources: { metallb: source } });
    expect(from("./charts/metallb")).toEqual({ chart: "./charts/metallb" });
    expect(from("oci://registry.example.com/charts/metallb")).toEqual({
      chart: "oci://registry.example.com/charts/metallb",
      version: "0.16.1",
    });
    expect(from("https://charts.example.com")).toEqual({
      chart: "metallb",
      version: "0.16.1",
      repository: "https://charts.example.com",
    });
  });

  it("come in another version when the settings say so", () => {
    expect(chartReference("traefik", { ...none, versions: { traefik: "41.2.0" } }).version).toBe("41.2.0");
  });
});

describe("metrics-server", () => {
  const settings = bareMetal({ metricsServer: { enabled: true } });
  const { metricsServer } = settings.addons;
  const objects = metricsServer === undefined ? [] : metricsServerManifests(settings, metricsServer);

  it("verifies kubelets by the cluster's CA, which is mounted where its argument says", () => {
    const deployment = objects.find((one) => one.kind === "Deployment")?.spec as unknown as {
      template: {
        spec: {
          containers: { args: string[]; volumeMounts: { name: string; mountPath: string }[] }[];
          volumes: { name: string; configMap?: { name: string } }[];
        };
      };
    };
    const [{ args, volumeMounts }] = deployment.template.spec.containers;
    expect(args).not.toContain("--kubelet-insecure-tls");
    const file = args.find((one) => one.startsWith("--kubelet-certificate-authority="))?.split("=")[1] ?? "";
    const mount = volumeMounts.find((one) => file.startsWith(`${one.mountPath}/`));
    expect(deployment.template.spec.volumes.find((one) => one.name === mount?.name)?.configMap).toEqual({
      name: "kube-root-ca.crt",
    });
  });

  it("reaches the kubelets of other nodes, and only when it is there", () => {
    const asks = (input: RawSettings) =>
      flowsOf(bareMetal(input)).filter((flow) => flow.from === "node" && flow.ports[0]?.from === 10250)
        .length;
    expect(asks({ metricsServer: { enabled: true } })).toBe(1);
    expect(asks({})).toBe(0);
  });
});

describe("ingress rules", () => {
  const to = { service: "web", port: 80 };

  it("are one Ingress with hosts, paths and TLS, hosts of one certificate together", () => {
    const rules = ingressRulesManifest("shop", {
      namespace: "shop",
      className: "traefik",
      hosts: {
        "shop.example.com": {
          paths: { "/": to, "/api": { service: "api", port: "http", match: "Exact" } },
          tlsSecret: "a",
        },
        "www.example.com": { paths: { "/": to }, tlsSecret: "a" },
        "plain.example.com": { paths: { "/": to } },
      },
    });
    expect(rules.spec).toMatchObject({
      ingressClassName: "traefik",
      tls: [{ hosts: ["shop.example.com", "www.example.com"], secretName: "a" }],
      rules: [
        {
          host: "shop.example.com",
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } },
              {
                path: "/api",
                pathType: "Exact",
                backend: { service: { name: "api", port: { name: "http" } } },
              },
            ],
          },
        },
        { host: "www.example.com" },
        { host: "plain.example.com" },
      ],
    });
  });

  it("say all that is wrong with them at once", () => {
    const parse = (hosts: object) => () =>
      parseIngressRules({ namespace: "shop", hosts }, "IngressRules shop");
    const hosts = {
      "a.example.com": { paths: { api: to, "/": { service: "web", port: 0 } } },
      "b.example.com": { paths: {} },
      Bad_Host: { paths: { "/": to } },
    };
    for (const word of [
      "not a valid DNS name",
      "begin with /",
      'paths["/"].port: 0 is too small',
      '["b.example.com"].paths: {} has no path',
    ])
      expect(parse(hosts), word).toThrow(word);
    expect(parse({})).toThrow("hosts: {} has no host, and there is no default backend");
  });
});

describe("ranges of addresses", () => {
  const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });

  it("are read back as they were written, and overlap exactly when they share an address", () => {
    fc.assert(
      fc.property(address, fc.nat(500), address, fc.nat(500), (one, more, two, further) => {
        const text = (first: number, count: number) =>
          `${formatAddress(first)}-${formatAddress(Math.min(first + count, 2 ** 32 - 1))}`;
        const [left, right] = [parseAddressRange(text(one, more)), parseAddressRange(text(two, further))];
        if ("problem" in left || "problem" in right) throw new Error("not read");
        expect([left.first, left.last]).toEqual([one, Math.min(one + more, 2 ** 32 - 1)]);
        const shared = Math.max(left.first, right.first) <= Math.min(left.last, right.last);
        expect(rangesOverlap(left, right)).toBe(shared);
        expect(rangesOverlap(right, left)).toBe(shared);
      }),
    );
  });
});

describe("a host", () => {
  const metallb = (last: number) => ({ pools: { lan: { addresses: [`10.40.0.240-10.40.0.${last}`] } } });
  const view = (input: RawSettings) => {
    const settings = bareMetal(input);
    return nodeSetupSpec(settings, settings.machines[0]);
  };

  it("is not touched by a pool that grows, nor by a controller's replicas", () => {
    const one = view({ metallb: metallb(245), ingress: { kind: "traefik", replicas: 2 } });
    const two = view({ metallb: metallb(250), ingress: { kind: "traefik", replicas: 3 } });
    expect(one).toEqual(two);
  });

  it("is touched by its firewall's ports", () => {
    const ports = (http: number) =>
      view({ ingress: { kind: "traefik", expose: { type: "hostPorts", http } } });
    expect(ports(80)).not.toEqual(ports(8080));
    expect(ports(80)).not.toEqual(view({}));
  });

  it("is touched by none of them where it has no firewall of ours", () => {
    const bare = { firewall: "none", access: undefined };
    expect(view({ ...bare, metallb: metallb(245), metricsServer: { enabled: true } })).toEqual(view(bare));
  });
});
