import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tenantManifests } from "../../../model/tenants/manifests";
import { compareQuantities, billionths } from "../../../model/core/quantity";
import type { Opening, Tenant } from "../../../model/tenants/settings";
import { holds, parseAddress, range } from "../../../model/network/addresses";
import { metalSettings } from "../../support/settings";

const enforced = { kind: "flannel", podCidr: "10.244.0.0/16", networkPolicy: "kube-network-policies" };
const settings = metalSettings({ cni: enforced, tenants: { shop: {} } });
const [plain] = settings.tenancy.tenants as [Tenant];

function egress(...openings: Opening[]): Record<string, unknown>[] {
  const network = { dns: false, sameNamespace: false, ingress: [], egress: openings };
  const policy = tenantManifests({ ...plain, network }, settings).find((one) => one.kind === "NetworkPolicy");
  return (policy?.spec as unknown as { egress: Record<string, unknown>[] }).egress;
}

describe("a tenant's objects", () => {
  it("are a namespace at the level of Pod Security, first of all", () => {
    const [namespace] = tenantManifests(plain, settings);
    expect(namespace).toMatchObject({
      kind: "Namespace",
      metadata: { name: "shop", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
  });

  it("have no quota where the settings have none, and limits all the same", () => {
    const kinds = tenantManifests(plain, settings).map((one) => one.kind);
    expect(kinds).not.toContain("ResourceQuota");
    expect(kinds).toContain("LimitRange");
  });

  it("name what a quota counts as Kubernetes does", () => {
    const { tenancy } = metalSettings({
      cni: enforced,
      tenants: {
        shop: {
          quota: {
            cpu: "4",
            storage: "1Ti",
            loadBalancers: 0,
            limits: { memory: "8Gi" },
            hard: { "count/jobs.batch": 9 },
          },
        },
      },
    });
    expect(tenancy.tenants[0]?.quota).toEqual({
      "requests.cpu": "4",
      "requests.storage": "1Ti",
      "services.loadbalancers": "0",
      "limits.memory": "8Gi",
      "count/jobs.batch": "9",
    });
  });

  it("and an opening that the other side does not answer is said", () => {
    const said = (shop: object, pay: object) =>
      metalSettings({
        cni: enforced,
        tenants: { shop: { network: shop }, pay: { network: pay } },
      }).advisories.filter((one) => one.includes("nothing passes"));
    const out = { egress: [{ tenant: "pay", ports: [8443] }] };
    expect(said(out, {})).toEqual([expect.stringMatching(/^tenants\.shop\.network opens egress to pay/)]);
    expect(said(out, { ingress: [{ tenant: "shop" }] })).toEqual([]);
    expect(said({}, { ingress: [{ tenant: "shop" }] })).toEqual([
      expect.stringMatching(/pay\.network opens ingress/),
    ]);
  });

  it("deny everything where nothing is open", () => {
    expect(egress()).toEqual([]);
  });

  it("let pods ask DNS, and nothing else of kube-system", () => {
    const policy = tenantManifests(plain, settings).find((one) => one.kind === "NetworkPolicy");
    const [dns] = (policy?.spec as unknown as { egress: object[] }).egress;
    expect(dns).toEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
        { ipBlock: { cidr: "10.96.0.10/32" } },
      ],
      ports: [
        { protocol: "UDP", port: 53 },
        { protocol: "TCP", port: 53 },
      ],
    });
  });

  it("opened to the internet, they reach neither pods, Services, nodes nor the cloud's metadata", () => {
    const [rule] = egress({ peer: { kind: "internet" }, ports: [] });
    const [{ ipBlock }] = (rule as { to: [{ ipBlock: { cidr: string; except: string[] } }] }).to;
    const reached = (address: string) =>
      !ipBlock.except.some((except) => holds(range(except), parseAddress(address) ?? 0));
    const own = ["10.244.3.4", "10.96.0.1", "10.40.0.11", "169.254.169.254", "192.168.1.1", "127.0.0.1"];
    expect(own.filter(reached)).toEqual([]);
    expect(reached("8.8.8.8")).toBe(true);
  });

  it("opened to the API, they reach every control-plane node and the Service", () => {
    const rules = egress({ peer: { kind: "kubernetesApi" }, ports: [] });
    expect(JSON.stringify(rules)).toMatch(
      /10\.40\.0\.11\/32.*10\.40\.0\.12\/32.*10\.40\.0\.13\/32.*6443.*10\.96\.0\.1\/32.*443/,
    );
  });
});

describe("credentials", () => {
  it("are good for thirty days, and short ones are renewed in their last third", () => {
    expect(plain.credentials).toEqual({ role: "edit", validityHours: 720, renewBeforeHours: 240 });
    const { tenancy } = metalSettings({
      cni: enforced,
      tenants: { shop: { credentials: { validityHours: 24 } } },
    });
    expect(tenancy.tenants[0]?.credentials?.renewBeforeHours).toBe(8);
  });
});

describe("quantities", () => {
  it.each([
    ["1", "1000m", 0],
    ["1Gi", "1024Mi", 0],
    ["1G", "1Gi", -1],
    ["0.5", "499m", 1],
    ["1.5Gi", "1536Mi", 0],
    ["1Ei", "1024Pi", 0],
    ["1e3", "1k", 0],
    ["1E3", "1000", 0],
    ["1E", "1e18", 0],
    ["2.5e-3", "2500u", 0],
    [".5", "500m", 0],
    ["1.", "1", 0],
    ["1n", "0", 1],
    ["0.1n", "1n", 0],
  ])("%s against %s: %i", (left, right, order) => {
    expect(compareQuantities(left, right)).toBe(order);
  });

  it("is undefined for what is none", () => {
    for (const text of ["", "-1", "1 Gi", "1e", "1e3Mi", "1e19", "1e-19", "1e999999999", ".", "Gi", "1gb"])
      expect(billionths(text), text).toBeUndefined();
  });

  it("orders as numbers do, whatever the suffix", () => {
    const suffixes = ["m", "", "k", "M", "G", "Ki", "Mi", "Gi"];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 6 }),
        fc.integer({ min: 0, max: 10 ** 6 }),
        fc.constantFrom(...suffixes),
        (a, b, suffix) => {
          expect(compareQuantities(`${a}${suffix}`, `${b}${suffix}`)).toBe(Math.sign(a - b));
        },
      ),
    );
  });
});
