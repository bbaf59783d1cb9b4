import { beforeAll, describe, expect, it } from "vitest";
import { groupName } from "../../../model/aws/firewall";
import { plannedAws } from "../../../plan/aws";
import type { PlanDocument } from "../../../plan/document";
import { plannedFlows } from "../../../plan/flows";
import { page } from "../../../plan/html/page";
import { html, Markup } from "../../../plan/html/markup";
import type { Plan } from "../../../plan/plan";
import { awsSettings, largeAws } from "../../support/awsInput";
import { metalSettings, type RawSettings } from "../../support/settings";
import { set } from "../settings/edit";
import { fileOf, metalPlan } from "./support";

let plan: Plan;
let text: string;
const settings = metalSettings();

beforeAll(async () => {
  plan = await metalPlan();
  text = fileOf(plan, "index.html");
});

describe("html", () => {
  it("escapes values and leaves markup as it is", () => {
    const value = `<b a="1" c='2'>&`;
    expect(html`<p>${value}</p>`.text).toBe("<p>&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;</p>");
    expect(html`${[new Markup("<i>"), "<i>"]}`.text).toBe("<i>&lt;i&gt;");
    expect(html`${undefined}${false}`.text).toBe("");
  });
});

describe("index.html", () => {
  it("asks nothing of any server and runs nothing", () => {
    expect(text).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|<link|<iframe|<img|@import|url\(/i);
    const targets = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]);
    const elsewhere = targets.filter((one) => !one.startsWith("#"));
    expect(elsewhere.filter((one) => !plan.document.files.includes(decodeURIComponent(one)))).toEqual([]);
  });

  it("leads to every file of the plan", () => {
    const targets = new Set(
      [...text.matchAll(/href="([^"]*)"/g)].map(([, one = ""]) => decodeURIComponent(one)),
    );
    expect(plan.document.files.filter((file) => !targets.has(file))).toEqual(["index.html"]);
  });

  it("has each part that people look for", () => {
    for (const id of [
      ...[
        "picture",
        "watch",
        "addresses",
        "addons",
        "security",
        "flows",
        "resources",
        "versions",
        "certificates",
        "files",
      ],
    ]) {
      expect(text).toContain(`id="${id}"`);
      expect(text).toContain(`href="#${id}"`);
    }
  });

  it("shows every resource, flow, certificate and machine", () => {
    for (const one of plan.document.resources) expect(text).toContain(`>${one.name}<`);
    for (const flow of plan.document.flows) expect(text).toContain(html`${flow.reason}`.text);
    for (const one of plan.document.certificates) expect(text).toContain(html`${one.name}`.text);
    for (const one of plan.document.machines) expect(text).toContain(one.nodeAddress);
  });

  it("shows add-ons with their addresses, and the pools of load balancers among the ranges", async () => {
    const addons: RawSettings = {
      metallb: { pools: { office: { addresses: ["10.40.0.240-10.40.0.250", "10.40.1.0/28"] } } },
      ingress: { kind: "traefik", expose: { type: "loadBalancer", address: "10.40.0.240" } },
    };
    const { document } = await metalPlan({}, addons);
    const shown = page(document, metalSettings(addons));
    const section = (id: string) => shown.split(`id="${id}"`)[1]?.split("</section>")[0] ?? "";
    for (const part of [
      "<b>CoreDNS</b>",
      settings.network.dnsServiceAddress,
      "<b>MetalLB</b>",
      "pool office",
    ])
      expect(section("addons")).toContain(part);
    expect(section("addons")).toMatch(/<b>traefik<\/b>.*10\.40\.0\.240</s);
    for (const range of ["10.40.0.240-10.40.0.250", "10.40.1.0/28"])
      expect(section("addresses")).toContain(range);
  });

  it("shows tenants with what bounds them, and who may do what", async () => {
    const { document } = await metalPlan(
      {},
      {
        cni: { kind: "calico", backend: "vxlan", podCidr: "10.244.0.0/16" },
        tenants: {
          shop: {
            quota: { cpu: "8", pods: 80 },
            network: { egress: [{ internet: true, ports: [443] }] },
            hosts: ["shop.example.com"],
          },
        },
        podSecurity: { enforce: "baseline" },
      },
    );
    const shown = page(document, settings);
    for (const part of ["<b>shop</b>", "cpu 8", "to the internet, port 443", "shop.example.com"])
      expect(shown).toContain(part);
    expect(shown).toContain("enforces baseline");
    expect(text).not.toContain('id="tenants"');
  });

  it("says at the top what has to be done, and how many advisories there are", () => {
    const watch: PlanDocument["watch"] = [
      { kind: "todo", text: "one" },
      { kind: "advisory", text: "two" },
      { kind: "advisory", text: "three" },
    ];
    const banner = /<p class="banner">.*?<\/p>/s;
    expect(banner.exec(page({ ...plan.document, watch }, settings))?.[0]).toContain(
      "1 to do before pulumi up, 2 advisories",
    );
    expect(page({ ...plan.document, watch: [] }, settings)).not.toMatch(banner);
  });

  it("shows as flows of AWS what the security groups let in, no more and no less", () => {
    const settings = awsSettings(largeAws);
    const from = (source: string, group: string) => (source === "" ? group : source);
    const flows = plannedFlows(settings).flatMap(({ sources, ...flow }) =>
      (sources.length === 0 ? [""] : sources).map(
        (source) => `${from(source, flow.from)} > ${flow.to} ${flow.protocol}`,
      ),
    );
    const rules = (plannedAws(settings)?.groups ?? []).flatMap(({ ingress }) =>
      ingress.map(({ group, peer, protocol }) => {
        const source = peer.kind === "group" ? groupName(peer.group) : peer.cidr;
        return `${source} > ${groupName(group)} ${protocol === "-1" ? "any" : protocol}`;
      }),
    );
    expect(flows.sort()).toEqual(rules.sort());
    expect(flows.length).toBeGreaterThan(10);
  });

  it("says in words where people reach an API whose address only AWS knows", () => {
    const shown = (change: (raw: RawSettings) => void) => page(plan.document, awsSettings(largeAws, change));
    expect(shown(() => undefined)).toContain(">API the public balancer&#39;s name:6443<");
    const named = shown(set("endpoint.dns", { zoneId: "Z0123456789ABC", name: "api.example.com" }));
    expect(named).toContain(">API api.example.com:6443<");
    expect(named).toContain("pinned host keys through the bastion");
    expect(named).toContain(">2 pools<");
    expect(named).toContain(">1 to 6 workers<");
  });

  it("escapes what people wrote into the settings", () => {
    const evil = `<img src=x onerror="alert(1)">`;
    const changed = {
      ...settings,
      name: evil,
      network: { ...settings.network, peers: [{ name: evil, cidr: "192.168.0.0/16" }] },
      machines: settings.machines.map((machine) => ({
        ...machine,
        labels: { disk: evil },
        pool: machine.pool && evil,
      })),
    };
    const shown = page({ ...plan.document, environment: evil }, changed);
    expect(shown).not.toContain("<img");
    expect(shown).toContain("&lt;img");
  });

  it("opens and closes its elements in order", () => {
    const open: string[] = [];
    const body = text.replace(/<style>[\s\S]*?<\/style>/, "");
    for (const [, slash, name, rest] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/gi)) {
      if (["meta", "rect", "path", "img", "br"].includes(name) || rest.endsWith("/")) continue;
      if (slash === "") open.push(name);
      else expect(open.pop(), `</${name}>`).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it("says the path and the boundary of all roles, where they have any", () => {
    const roles = (iam: object) => {
      const settings = awsSettings(largeAws, set("iam", iam));
      return page({ ...plan.document, aws: plannedAws(settings) }, settings);
    };
    const boundary = "arn:aws:iam::111122223333:policy/boundary";
    expect(roles({ path: "/team/", permissionsBoundary: boundary })).toMatch(
      new RegExp(`path of every role is <[^>]*>/team/<.*boundary of every role is <[^>]*>${boundary}<`, "s"),
    );
    expect(roles({})).not.toMatch(/path of every role|boundary of every role/);
  });

  it("draws addresses to scale within their block", () => {
    const [, left, width] =
      /left:([\d.]+)%;width:([\d.]+)%"\s+title="pods 10\.244\.0\.0\/16"/.exec(text) ?? [];
    expect(Number(left)).toBeCloseTo((244 / 256) * 100, 2);
    expect(Number(width)).toBeCloseTo(100 / 256, 2);
  });

  it("draws a cluster of hundreds of machines without naming each", () => {
    const worker = settings.machines.find((machine) => machine.role === "worker");
    if (worker === undefined) throw new Error("no worker");
    const many = Array.from({ length: 300 }, (_, index) => ({ ...worker, name: `w-${index}` }));
    const shown = page(plan.document, { ...settings, machines: [...settings.machines, ...many] });
    expect(shown).toContain("278 more");
    expect(shown).toContain("291 more");
    expect(shown).not.toContain(">w-299<");
  });
});
