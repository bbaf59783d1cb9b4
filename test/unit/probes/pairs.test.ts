import { describe, expect, it } from "vitest";
import { flowsOf } from "../../../model/flows";
import type { Flow } from "../../../model/network/flow";
import { roundsOf, type ProbedMachine, type Question } from "../../../model/probes/pairs";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";

const cps = [1, 2, 3].map((count) => controlPlaneNode(`cp${count}`, 10 + count));
const flows: readonly Flow[] = flowsOf(settingsOf({ machines: [...cps, machine("w1")] }));

function probed(name: string, over: Partial<ProbedMachine> = {}): ProbedMachine {
  const role = name.startsWith("cp") ? "controlPlane" : name.startsWith("lb") ? "loadBalancer" : "worker";
  return { name, role, pool: role === "worker" ? "general" : "", nodeAddress: name, living: false, ...over };
}

const workers = (count: number, over: Partial<ProbedMachine> = {}): ProbedMachine[] =>
  Array.from({ length: count }, (_, index) => probed(`w${index}`, over));
const plane = (over: Partial<ProbedMachine> = {}): ProbedMachine[] =>
  ["cp1", "cp2", "cp3"].map((name) => probed(name, over));
const asked = (machines: readonly ProbedMachine[], own = flows): Question[] =>
  roundsOf(own, machines).flatMap(({ questions }) => questions);
const words = (questions: readonly Question[]): string[] =>
  questions.map(({ from, to, protocol, port, by }) => `${from} ${to} ${protocol} ${port} ${by}`);

describe("what new machines ask one another", () => {
  it("is every flow between machines, each way, with its reason", () => {
    const questions = asked([probed("cp1"), probed("cp2"), probed("w1")]);
    expect(words(questions).sort()).toEqual(
      [
        ...["cp1 cp2", "cp2 cp1"].flatMap((pair) => [
          `${pair} tcp 2379 listener`,
          `${pair} tcp 2380 listener`,
        ]),
        ...["cp1 cp2", "cp2 cp1", "w1 cp1", "w1 cp2"].map((pair) => `${pair} tcp 6443 listener`),
        ...["cp1 cp2", "cp2 cp1", "cp1 w1", "cp2 w1"].map((pair) => `${pair} tcp 10250 listener`),
        ...["cp1 cp2", "cp2 cp1", "cp1 w1", "w1 cp1", "cp2 w1", "w1 cp2"].map(
          (pair) => `${pair} udp 8472 listener`,
        ),
      ].sort(),
    );
    expect(questions.find(({ port }) => port === 10_250)?.reason).toMatch(/API servers call kubelets/);
  });

  it("is asked of the servers of living nodes, and from those to what is new", () => {
    const machines = [...plane({ living: true }), probed("w1", { living: true }), probed("w2")];
    expect(words(asked(machines)).sort()).toEqual(
      [
        ...["cp1", "cp2", "cp3"].flatMap((name) => [
          `${name} w2 tcp 10250 listener`,
          `${name} w2 udp 8472 listener`,
          `w2 ${name} tcp 6443 server`,
        ]),
        "w1 w2 udp 8472 listener",
      ].sort(),
    );
    const another = [probed("cp1", { living: true }), probed("cp2"), probed("w1", { living: true })];
    expect(words(asked(another))).toEqual(
      expect.arrayContaining([
        "cp2 w1 tcp 10250 server",
        "w1 cp2 tcp 6443 listener",
        "cp2 cp1 tcp 2380 server",
        "cp1 cp2 tcp 2380 listener",
      ]),
    );
  });

  it("is nothing where all serve already, or a machine is alone", () => {
    expect(roundsOf(flows, [...plane({ living: true }), ...workers(2, { living: true })])).toEqual([]);
    expect(asked([probed("cp1")])).toEqual([]);
  });

  it("goes through a balancer of the API, living or new", () => {
    const own: Flow[] = [
      { from: "node", to: "loadBalancer", protocol: "tcp", ports: [{ from: 443, to: 443 }], reason: "x" },
    ];
    expect(words(asked([probed("lb"), probed("cp1")], own))).toEqual(["cp1 lb tcp 443 listener"]);
    expect(words(asked([probed("lb", { living: true }), probed("cp1")], own))).toEqual([
      "cp1 lb tcp 443 server",
    ]);
  });

  it("asks a port where all protocols have to pass, and nothing of those who have no machine", () => {
    const any: Flow = { from: "node", to: "node", protocol: "any", ports: [], reason: "x" };
    expect(words(asked([probed("w1"), probed("w2")], [any]))).toEqual([
      "w1 w2 tcp 10250 listener",
      "w2 w1 tcp 10250 listener",
    ]);
    const others: Flow[] = [
      { ...any, from: "pod" },
      { ...any, protocol: "esp" },
      { ...any, from: "serviceClient", protocol: "tcp", ports: [{ from: 30_000, to: 32_767 }] },
      { ...any, protocol: "tcp", ports: [{ from: 80, to: 80 }], ordinaryPods: true },
    ];
    expect(asked([probed("w1"), probed("w2")], others)).toEqual([]);
  });
});

describe("3 + 1,000 machines", () => {
  const all = [
    ...plane(),
    ...workers(1000).map((one, index) => ({ ...one, pool: index < 900 ? "general" : "gpu" })),
  ];
  const rounds = roundsOf(flows, all);
  const questions = rounds.flatMap((round) => round.questions);

  it("cost as many questions as there are machines, a few times over, and few hosts at a time", () => {
    expect(questions.length).toBeLessThan(all.length * 12);
    expect(asked([...plane(), ...workers(500)]).length * 2.2).toBeGreaterThan(questions.length);
    for (const { machines } of rounds) expect(machines.length).toBeLessThanOrEqual(120);
    expect(new Set(questions.map((one) => JSON.stringify(one))).size).toBe(questions.length);
  });

  it("have each machine asked and asking, and pools asking one another", () => {
    const pairs = (port: number) => questions.filter((one) => one.port === port);
    for (const { name, role } of all) {
      expect(pairs(10_250).some(({ to }) => to === name)).toBe(true);
      expect(pairs(6443).some(({ from }) => from === name)).toBe(true);
      expect(pairs(8472).some(({ to }) => to === name)).toBe(true);
      expect(pairs(8472).some(({ from }) => from === name)).toBe(true);
      if (role === "controlPlane")
        expect(
          new Set(pairs(6443).flatMap(({ from, to }) => (to === name ? [from] : []))).size,
        ).toBeGreaterThan(300);
    }
    const poolOf = new Map(all.map(({ name, pool }) => [name, pool]));
    const across = pairs(8472).map(({ from, to }) => `${poolOf.get(from)} ${poolOf.get(to)}`);
    expect(across).toContain("general gpu");
    expect(across).toContain("gpu general");
  });

  it("add one to a living cluster at the cost of a few", () => {
    const living = all.map((one) => ({ ...one, living: true }));
    const [round, ...more] = roundsOf(flows, [...living, probed("w9999")]);
    expect(more).toEqual([]);
    expect(round?.machines.length).toBe(3 + 4 + 1);
    expect(round?.questions.length).toBeLessThan(20);
  });
});
