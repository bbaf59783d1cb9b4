import { beforeAll, describe, expect, it } from "vitest";
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
    for (const target of targets) expect(target).toMatch(/^(#|plan\.json$)/);
  });

  it("has each part that people look for", () => {
    for (const id of ["picture", "watch", "addresses", "flows", "resources", "versions", "certificates"]) {
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
