import { script } from "../core/script";
import { firewallTable } from "../node/paths";
import { bashCommand } from "../text";
import type { ProbedMachine, Question } from "./pairs";

/** Seconds that an answer may take: the first time, and where it has to be made sure of. */
export const PATIENCE = { first: 5, second: 20 } as const;
/** Questions that a host asks at a time. */
export const AT_ONCE = 32;
/** Seconds after which a listener ends, whatever happens, and those without a word of the program, which beats every twenty. */
const LIFETIME = 600;
const SILENCE = 70;
/** Bytes that a listener takes or gives at most (reach.sh, `many`). */
const MANY = 16_000;
/** Bytes of a packet that every path must carry; where a host does not say the MTU of its interface. */
export const LEAST_MTU = 1_280;

/** What a listener takes the place of. */
export interface Ports {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** Run on a host as root; its standard input stays open while it is needed. */
export function listenCommand(
  { nodeAddress }: Pick<ProbedMachine, "nodeAddress">,
  ports: Ports,
  token: string,
): string {
  const program = script("probes/scripts/listen.py", {
    ADDRESS: nodeAddress,
    TCP: ports.tcp.map(String),
    UDP: ports.udp.map(String),
    TOKEN: token,
    SECONDS: LIFETIME,
    SILENCE,
    MANY,
  });
  return bashCommand(script("probes/scripts/listen.sh", { program }));
}

/** A question with its number, and the packets that must arrive. */
export interface Asked extends Pick<Question, "protocol" | "port" | "by"> {
  readonly number: number;
  readonly address: string;
  readonly mtu: number;
}

/** Run on a host as root: prints `##answer NUMBER WORD SIZE` for each question; changes nothing. */
export function askScript(questions: readonly Asked[], token: string, patience: number): string {
  return script("probes/scripts/ask.sh", {
    questions: questions.map(
      ({ number, by, protocol, address, port, mtu }) =>
        `${number} ${by === "server" ? by : protocol} ${address} ${port} ${mtu}`,
    ),
    token,
    patience,
    at_once: AT_ONCE,
  });
}

/** Run on a host as root: where it stands in the network of nodes. */
export function placeScript({ nodeAddress }: Pick<ProbedMachine, "nodeAddress">): string {
  return script("probes/scripts/place.sh", { node_address: nodeAddress, firewall_table: firewallTable });
}

/** What `placeScript` has printed. */
export interface Place {
  /** "" where none has the node's address. */
  readonly interface: string;
  /** Bytes; 0: not known. */
  readonly mtu: number;
  /** Services that filter, which a firewall of the cluster's own takes the place of. */
  readonly filters: readonly string[];
  /** The rules of the cluster's own firewall, as JSON of nft; undefined: it is not loaded. */
  readonly own?: string;
}

export function placeIn(output: string): Place {
  const lines = output.split("\n");
  const marked = (mark: string): string[] =>
    lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length).trim());
  const words = (marked("##place")[0] ?? "").split(" ");
  const [own] = marked("##own ");
  return {
    interface: words.length > 1 ? (words[0] ?? "") : "",
    mtu: Number(words.at(-1)) || 0,
    filters: marked("##filter "),
    ...(own === undefined ? {} : { own }),
  };
}

export interface Answer {
  readonly word: string;
  /** Bytes of the largest packets that arrive, where full ones do not; 0: none that was tried. */
  readonly size: number;
}

export function answersIn(output: string): Map<number, Answer> {
  return new Map(
    output.split("\n").flatMap((line) => {
      const [mark, number, word, size = "0"] = line.trim().split(" ");
      return mark === "##answer" && number !== undefined && word !== undefined
        ? [[Number(number), { word, size: Number(size) }]]
        : [];
    }),
  );
}

/** What a listener has said in a line: the ports of a protocol that it has got. */
export function listensIn(
  line: string,
): { readonly protocol: Question["protocol"]; readonly ports: readonly number[] } | undefined {
  const [mark, protocol, ...ports] = line.trim().split(" ");
  return mark === "##listens" && (protocol === "tcp" || protocol === "udp")
    ? { protocol, ports: ports.map(Number) }
    : undefined;
}
