/** Asks, before anything is changed, whether machines reach one another on the ports of the flows, with full packets. */
import { randomBytes } from "node:crypto";
import { stoppedByOwnFirewall, type MachinePacket } from "../../model/packetFilter/ownFirewall";
import {
  isProblem,
  PATH_MTU,
  PEER_PORTS,
  peerProblems,
  type Answered,
  type PeerProblem,
} from "../../model/probes/judge";
import { roundsOf, type ProbedMachine, type Question, type Round } from "../../model/probes/pairs";
import {
  answersIn,
  AT_ONCE,
  askScript,
  LEAST_MTU,
  listenCommand,
  listensIn,
  PATIENCE,
  placeIn,
  placeScript,
  type Answer,
  type Asked,
  type Place,
} from "../../model/probes/scripts";
import { BASH_WHOLE_SCRIPT } from "../../model/text";
import { atOnce } from "../atOnce";
import { HostProblem } from "../problem";
import type { PreflightSpec } from "../protocol";
import type { StepContext } from "../step";

/** Milliseconds in which a listener has to come up; a machine without one is not asked. */
const COMES_UP = 30_000;

type Between = Pick<
  StepContext<Pick<PreflightSpec, "packetFilters" | "node" | "cloud">>,
  "hosts" | "spec" | "say"
>;

/** What a machine is asked by. */
interface Host {
  readonly machine: ProbedMachine;
  readonly place: Place;
  readonly stopped: (packet: MachinePacket) => boolean;
}

/** @returns what stands between machines, in sentences; nothing where none is new, or where people ignore it */
export async function betweenProblems(
  context: Between,
  machines: readonly ProbedMachine[],
): Promise<string[]> {
  const { spec, say } = context;
  const ignored = new Set(spec.node.ignorePreflightErrors.map((name) => name.toLowerCase()));
  const isIgnored = ({ check }: Pick<PeerProblem, "check">): boolean => ignored.has(check.toLowerCase());
  const checks = [PEER_PORTS, PATH_MTU] as const;
  if (machines.length < 2 || checks.every((check) => isIgnored({ check }))) return [];
  const rounds = roundsOf(spec.packetFilters.flows, machines);
  if (rounds.every(({ questions }) => questions.length === 0)) return [];
  if (spec.cloud === true) {
    say(
      "ports between instances are not asked: security groups decide on them, and npm run plan walks each flow through those",
    );
    return [];
  }
  const problems: PeerProblem[] = [];
  for (const [index, round] of rounds.entries()) {
    if (rounds.length > 1) say(`asking for the ports between machines, ${index + 1} of ${rounds.length}`);
    problems.push(...peerProblems(await answersOf(context, round), machines));
    // What is closed for a hundred machines need not be asked for a thousand.
    if (problems.length > 0) break;
  }
  for (const problem of problems.filter(isIgnored)) say(`ignored: ${problem.text}`);
  return problems.filter((problem) => !isIgnored(problem)).map(({ text }) => text);
}

async function answersOf(context: Between, { machines, questions }: Round): Promise<Answered[]> {
  const { hosts } = context;
  const hostsByName = await placesOf(context, machines);
  const token = randomBytes(8).toString("hex");
  const listeners = new Map<string, Listener>();
  let end: () => void = () => undefined;
  const last = new Promise<string>((resolve) => (end = () => resolve("")));
  try {
    await atOnce([...hostsByName.values()], async ({ machine }) => {
      const listener = await listen(context, machine, questions, token, last);
      if (listener !== undefined) listeners.set(machine.name, listener);
    });
    const open = questions.filter((question) => canBeAsked(context, question, hostsByName, listeners));
    // Each listener is asked by its own host too: one that does not answer there says nothing of the network.
    const own = [...listeners].flatMap(([name, { ports }]) =>
      ports.map(({ protocol, port }): Question => ({
        from: name,
        to: name,
        protocol,
        port,
        by: "listener",
        reason: "",
      })),
    );
    const first = await ask(context, [...open, ...own], hostsByName, token, PATIENCE.first);
    const again = someOfEach(first.filter(({ question, answer }) => isProblem(question, answer)));
    const second = await ask(context, again, hostsByName, token, PATIENCE.second);
    const works = new Set(
      first
        .filter(({ question: { from, to }, answer }) => from === to && answer.word === "open")
        .map(({ question }) => portOf(question)),
    );
    return second.filter(
      ({ question }) =>
        question.from !== question.to &&
        (question.by === "server" ||
          (works.has(portOf(question)) && listeners.get(question.to)?.isUp() === true)),
    );
  } finally {
    end();
    await Promise.all([...listeners.values()].map(({ ended }) => ended));
    for (const { name, role } of machines) if (role === "worker") hosts.leave(name);
  }
}

/** As many as a host asks at a time. */
function someOfEach(answered: readonly Answered[]): Question[] {
  const counts = new Map<string, number>();
  return answered.flatMap(({ question }) => {
    const count = (counts.get(question.from) ?? 0) + 1;
    counts.set(question.from, count);
    return count > AT_ONCE ? [] : [question];
  });
}

function portOf({ to, protocol, port }: Question): string {
  return `${to} ${protocol} ${port}`;
}

async function placesOf(
  { hosts, say }: Between,
  machines: readonly ProbedMachine[],
): Promise<ReadonlyMap<string, Host>> {
  const found = await atOnce(machines, async (machine): Promise<[string, Host][]> => {
    const said = await tried(() => hosts.attempt(machine.name, "/bin/bash -s", placeScript(machine)));
    if (said instanceof HostProblem) {
      say(`${machine.name}: its ports are not asked: ${said.message}`);
      return [];
    }
    const place = placeIn(said.stdout);
    const stopped = place.own === undefined ? () => false : stoppedByOwnFirewall(place.own);
    return [[machine.name, { machine, place, stopped }]];
  });
  return new Map(found.flat());
}

interface Listener {
  readonly ports: readonly Pick<Question, "protocol" | "port">[];
  /** Nobody has ended it. */
  readonly isUp: () => boolean;
  readonly ended: Promise<unknown>;
}

/** Listens on a machine for what will serve there. @returns undefined where nobody asks it, or nothing can listen there */
async function listen(
  { hosts, say }: Between,
  machine: ProbedMachine,
  questions: readonly Question[],
  token: string,
  last: Promise<string>,
): Promise<Listener | undefined> {
  const asked = questions.filter(({ to, by }) => to === machine.name && by === "listener");
  if (asked.length === 0) return undefined;
  const wanted = (protocol: Question["protocol"]): number[] => [
    ...new Set(asked.filter((one) => one.protocol === protocol).map(({ port }) => port)),
  ];
  const ports: Pick<Question, "protocol" | "port">[] = [];
  let up = true;
  let starts = 0;
  let python = true;
  let ready: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const heard = (line: string): void => {
    const got = listensIn(line);
    if (got !== undefined) ports.push(...got.ports.map((port) => ({ protocol: got.protocol, port })));
    else if (line.trim() === "##nopython") python = false;
    else if (line.trim() === "##ready") {
      // A dropped connection has begun it anew: the ports may still be the former one's.
      starts += 1;
      ready();
    }
  };
  const command = listenCommand(machine, { tcp: wanted("tcp"), udp: wanted("udp") }, token);
  let why = `it took longer than ${COMES_UP / 1000} s`;
  const ended = tried(() => hosts.hold(machine.name, command, heard, last)).then((result) => {
    up = false;
    why = result instanceof HostProblem ? result.message : (result.stderr.trim().split("\n").at(-1) ?? "");
    ready();
  });
  const timer = setTimeout(ready, COMES_UP);
  await isReady;
  clearTimeout(timer);
  if (starts === 0)
    say(
      `${machine.name}: ${python ? `nothing can listen there yet (${why})` : "has no python3, so nothing can listen there yet"}: ` +
        "whether others reach its ports is not known",
    );
  return { ports: [...ports], isUp: () => up && starts <= 1, ended };
}

/** Whether an answer would say something of the network. */
function canBeAsked(
  { spec }: Between,
  { from, to, protocol, port, by }: Question,
  hosts: ReadonlyMap<string, Host>,
  listeners: ReadonlyMap<string, Listener>,
): boolean {
  const [source, target] = [hosts.get(from), hosts.get(to)];
  if (source === undefined || target === undefined) return false;
  // Its port may be taken, which another check tells.
  if (
    by === "listener" &&
    listeners.get(to)?.ports.some((one) => one.protocol === protocol && one.port === port) !== true
  )
    return false;
  // Setup turns these off.
  if (spec.packetFilters.ownFirewall && target.place.filters.length > 0) return false;
  // Setup writes this one anew, with the machines that there are now.
  return !target.stopped({
    from: source.machine.nodeAddress,
    to: target.machine.nodeAddress,
    interface: target.place.interface,
    protocol,
    port,
  });
}

/** Asks from all machines at once. A question without an answer is left out. */
async function ask(
  { hosts, say }: Between,
  questions: readonly Question[],
  places: ReadonlyMap<string, Host>,
  token: string,
  patience: number,
): Promise<Answered[]> {
  const asked = questions.map((question, number) => ({ question, number, mtu: mtuOf(question, places) }));
  const sources = [...new Set(questions.map(({ from }) => from))];
  const answers = await atOnce(sources, async (from): Promise<ReadonlyMap<number, Answer>> => {
    const own = asked
      .filter(({ question }) => question.from === from)
      .map(({ question, number, mtu }): Asked => {
        const { to, protocol, port, by } = question;
        return { number, protocol, port, by, mtu, address: places.get(to)?.machine.nodeAddress ?? "" };
      });
    const script = askScript(own, token, patience);
    const said = await tried(() => hosts.attempt(from, BASH_WHOLE_SCRIPT, script));
    if (!(said instanceof HostProblem)) return answersIn(said.stdout);
    say(`${from}: cannot ask the other machines for their ports: ${said.message}`);
    return new Map();
  });
  const byNumber = new Map(answers.flatMap((one) => [...one]));
  return asked.flatMap(({ question, number, mtu }) => {
    const answer = byNumber.get(number);
    return answer === undefined ? [] : [{ question, answer, mtu }];
  });
}

/** The smaller MTU of both interfaces: the packets of a connection are not larger (RFC 9293, 3.7.1). */
function mtuOf({ from, to }: Question, places: ReadonlyMap<string, Host>): number {
  const known = [from, to].map((name) => places.get(name)?.place.mtu ?? 0).filter((mtu) => mtu > 0);
  return known.length === 0 ? LEAST_MTU : Math.min(...known);
}

async function tried<T>(work: () => Promise<T>): Promise<T | HostProblem> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HostProblem) return error;
    throw error;
  }
}
