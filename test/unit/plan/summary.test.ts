import { stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { lateToken } from "../../../model/settings/late";
import type { Plan } from "../../../plan/plan";
import { COMPUTED } from "../../../plan/resources";
import { summary } from "../../../plan/summary";
import { metalPlan } from "./support";

let plan: Plan;

beforeAll(async () => {
  plan = await metalPlan();
});

describe("summary", () => {
  it("names ranges, machines, counts, what to do and where the files are", () => {
    const text = summary(plan.document, "out/metal");
    for (const word of [
      "10.244.0.0/16",
      "10.96.0.0/16",
      "cp3",
      "worker, pool general",
      "Secret operator",
      "out/metal",
    ])
      expect(text).toContain(word);
    expect(text).toContain(`${plan.document.counts.total}: `);
  });

  it("says where the page is", () => {
    expect(summary(plan.document, "out/metal")).toContain("\nOpen out/metal/index.html in a browser.");
  });

  it("says in words which addresses for SSH are not known yet", () => {
    const [first, second] = plan.document.machines;
    const machines = [
      { ...first, host: COMPUTED },
      { ...second, host: lateToken(["machines", "cp2", "host"]) },
    ];
    const text = summary({ ...plan.document, machines }, "out");
    expect(text).toContain("SSH to the address that AWS gives");
    expect(text).toContain("SSH to the address that the program makes");
    expect(text).not.toMatch(/\[computed\]|\$\{/);
  });

  it("has colours on a terminal alone, and they take no room", () => {
    const plain = summary(plan.document, "out", { columns: 100 });
    const coloured = summary(plan.document, "out", { columns: 100, colours: true });
    expect(plain).not.toContain("\u001b");
    expect(coloured).toContain("\u001b[31m!\u001b[39m Secret operator");
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it("takes at most 40 lines of a terminal, however large the cluster", () => {
    const [machine] = plan.document.machines;
    const [item] = plan.document.watch;
    const large = {
      ...plan.document,
      machines: Array.from({ length: 200 }, (_, index) => ({ ...machine, name: `machine-${index}` })),
      watch: Array.from({ length: 50 }, () => ({ ...item, text: "a long sentence ".repeat(30) })),
    };
    const lines = summary(large, "out/metal", { columns: 100 }).trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    for (const line of lines.slice(lines.indexOf("What to watch"), -2))
      expect(line.length).toBeLessThanOrEqual(100);
    expect(lines.join("\n")).toContain("192 more machines");
    expect(lines.join("\n")).toMatch(/and 4\d more, in index\.html/);
  });

  it("wraps what to watch at the terminal's width, and cuts nothing", () => {
    const text = "a warning that is longer than the terminal that it is printed on";
    const plain = { ...plan.document, watch: [{ kind: "advisory" as const, text }] };
    expect(summary(plain, "out", { columns: 40 })).toContain(
      "  ! a warning that is longer than the\n    terminal that it is printed on\n",
    );
    expect(summary(plain, "out")).toContain(`  ! ${text}\n`);
  });

  it("takes at most 40 lines with many peers, each of them written out", () => {
    const peers = Array.from({ length: 40 }, (_, index) => ({
      name: `site-${index}`,
      cidr: `172.16.${index}.0/24`,
    }));
    const network = { ...plan.document.network, peers };
    const lines = summary({ ...plan.document, network }, "out")
      .trimEnd()
      .split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
  });
});
