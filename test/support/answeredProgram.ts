import * as net from "node:net";
import type { AddressInfo } from "node:net";

export interface ProgramAnswer {
  readonly stdout?: string;
  readonly stderr?: string;
  /** Default: 0. */
  readonly status?: number;
}

/**
 * A program of a shell script, answered by the test itself: a call starts no process, which is most of what a stand-in costs that is a
 * program of its own.
 */
export class AnsweredProgram {
  private constructor(
    private readonly name: string,
    private readonly server: net.Server,
  ) {}

  /** The answer gets standard input where the words say that it is read: `-f -`, as kubectl takes it. */
  static async start(
    name: string,
    answer: (words: readonly string[], input: string) => ProgramAnswer,
  ): Promise<AnsweredProgram> {
    const server = net.createServer((socket) => {
      let asked = "";
      socket.setEncoding("utf8").on("data", (text: string) => {
        asked += text;
        if (!asked.endsWith("\0\0")) return;
        const [input = "", ...words] = asked.slice(0, -2).split("\0");
        const { status = 0, stdout = "", stderr = "" } = answer(words, input);
        socket.end(`${status}\0${stdout}\0${stderr}\0`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new AnsweredProgram(name, server);
  }

  /** A function of bash that stands before the script. */
  get definition(): string {
    const { port } = this.server.address() as AddressInfo;
    return `${this.name}() {
  local input="" status=1 out="" err="" line
  case " $* " in *" -f - "*) IFS= read -rd "" input || true ;; esac
  exec {line}<>/dev/tcp/127.0.0.1/${port}
  printf "%s\\0" "$input" "$@" "" >&"$line"
  { IFS= read -rd "" status; IFS= read -rd "" out; IFS= read -rd "" err; } <&"$line" || true
  exec {line}>&-
  printf %s "$out"
  printf %s "$err" >&2
  return "$status"
}
`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}
