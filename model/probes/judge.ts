/** What answers between machines mean to people. */
import type { ProbedMachine, Question } from "./pairs";
import type { Answer } from "./scripts";

export interface Answered {
  readonly question: Question;
  readonly answer: Answer;
  /** Bytes of the packets that had to arrive. */
  readonly mtu: number;
}

/** The last words of a problem, which `ignorePreflightErrors` takes. */
export const PEER_PORTS = "PeerPorts";
export const PATH_MTU = "PathMTU";

export interface PeerProblem {
  readonly check: typeof PEER_PORTS | typeof PATH_MTU;
  readonly text: string;
}

/** Pairs that a sentence lists before it counts. */
const LISTED = 3;

const BLOCKED: Readonly<Record<string, string>> = {
  refused: "something refuses it before it is there: a rule with REJECT, on one of the hosts or between them",
  unreachable: "the answer is that there is no way: a route is missing, or a rule with REJECT",
  silent: "nothing comes back: something between drops it",
};
const LOST: readonly string[] = ["there", "back", "stalls"];

/** A server that is not there is no fault of the way to it: the packet arrived. */
export function isProblem({ by }: Pick<Question, "by">, { word }: Pick<Answer, "word">): boolean {
  if (by === "server" && word === "refused") return false;
  return BLOCKED[word] !== undefined || LOST.includes(word);
}

/** One sentence for each port and reason, and one for each size of packets that get lost. */
export function peerProblems(
  answered: readonly Answered[],
  machines: readonly Pick<ProbedMachine, "name" | "nodeAddress">[],
): PeerProblem[] {
  const addresses = new Map(machines.map(({ name, nodeAddress }) => [name, nodeAddress]));
  const named = (name: string): string => `${name} (${addresses.get(name) ?? ""})`;
  const failed = answered.filter(({ question, answer }) => isProblem(question, answer));
  const blocked = grouped(
    failed.filter(({ answer }) => BLOCKED[answer.word] !== undefined),
    ({ question: { protocol, port, reason }, answer }) => `${protocol} ${port} ${answer.word} ${reason}`,
  ).map((group): PeerProblem => {
    const [{ question, answer }] = group;
    const pairs = group.map(({ question: { from, to } }) => `from ${named(from)} to ${named(to)}`);
    return {
      check: PEER_PORTS,
      text:
        `${question.protocol} ${question.port} does not pass ${listed(pairs)}: ${BLOCKED[answer.word] ?? ""}. ` +
        `It is needed: ${question.reason}. Let it through on the hosts and on the way (switches, routers, firewalls of the network or cloud); ` +
        `npm run plan, table Flows, has all ports (${PEER_PORTS})`,
    };
  });
  const lost = grouped(
    failed.filter(({ answer }) => LOST.includes(answer.word)),
    ({ mtu, answer }) => `${mtu} ${answer.size}`,
  ).map((group): PeerProblem => {
    const [{ mtu, answer }] = group;
    const ways = group.flatMap(({ question: { from, to }, answer: { word } }): string[] =>
      word === "stalls"
        ? [`between ${named(from)} and ${named(to)}`]
        : word === "there"
          ? [`from ${named(from)} to ${named(to)}`]
          : [`from ${named(to)} to ${named(from)}`],
    );
    const most = answer.size === 0 ? "" : `, and those of ${answer.size} arrive`;
    const passes = answer.size === 0 ? "what the path carries" : answer.size;
    return {
      check: PATH_MTU,
      text:
        `packets of ${mtu} bytes, the MTU of the interfaces, get lost ${listed([...new Set(ways)])}${most}: connections come about and then hang. ` +
        `Raise the MTU of what is between (switch, tunnel, VPN), or give the interfaces of the machines the MTU ${passes}, also in network.mtu where that is set (${PATH_MTU})`,
    };
  });
  return [...blocked, ...lost];
}

type Group = readonly [Answered, ...Answered[]];

function grouped(answered: readonly Answered[], keyOf: (one: Answered) => string): Group[] {
  const groups = new Map<string, [Answered, ...Answered[]]>();
  for (const one of answered) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

function listed(words: readonly string[]): string {
  const more = words.length > LISTED ? ` and ${words.length - LISTED} more` : "";
  return `${words.slice(0, LISTED).join(", ")}${more}`;
}
