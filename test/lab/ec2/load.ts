/** A load that runs where people are while something happens to the cluster, and what it saw. It ends with its region's folder. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { daemonEnded, startDaemon, tailOf, type Daemon } from "../daemon";
import { kubeconfigFile } from "../engine";
import type { SimulatedRegion } from "./simulation";
import { atOperator } from "./wires";

export interface Seen {
  readonly asked: number;
  /** Numbers of what was answered well. */
  readonly done: readonly number[];
  /** Other answers, with how often each came. */
  readonly failures: Readonly<Record<string, number>>;
  /** Seconds of silence between two good answers, where it was more than two seconds. */
  readonly silences: readonly number[];
}

/** Seconds without a good answer that are not counted as an absence. */
const UNNOTICED = 2;

export class Load {
  private constructor(
    private readonly daemon: Daemon,
    private readonly log: string,
    private readonly stop: string,
    private readonly good: string,
  ) {}

  /** Writes objects into a namespace, one after the other. */
  static writes(region: SimulatedRegion, name: string, namespace: string): Promise<Load> {
    const program = [process.execPath, "--import", `file://${require.resolve("tsx")}`];
    const files = Load.files(region, name);
    const args = [path.join(__dirname, "writer.ts"), kubeconfigFile(region.lab), namespace, ...files];
    return Load.start(region, name, [...program, ...args], "201");
  }

  /** Asks a URL by GET, one connection each. */
  static requests(region: SimulatedRegion, name: string, url: string, more = ""): Promise<Load> {
    const [log, stop] = Load.files(region, name);
    const line = `number=0
while [ ! -e ${stop} ] && [ -d ${path.dirname(stop)} ]; do
  number=$((number + 1))
  answer=$(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' ${more} ${url}) || answer="curl $?"
  echo "$(date +%s%3N) $number $answer" >>${log}
  sleep 0.1
done`;
    return Load.start(region, name, ["bash", "-c", line], "200");
  }

  private static files(region: SimulatedRegion, name: string): [string, string] {
    return [region.lab.folder(`${name}.answers`), region.lab.folder(`${name}.stop`)];
  }

  private static async start(
    region: SimulatedRegion,
    name: string,
    command: readonly string[],
    good: string,
  ): Promise<Load> {
    const [log, stop] = Load.files(region, name);
    for (const file of [log, stop]) fs.rmSync(file, { force: true });
    const output = region.lab.folder(`${name}.log`);
    const daemon = startDaemon(atOperator(region.lab.id, command), output);
    const load = new Load(daemon, log, stop, good);
    for (let tries = 0; load.read().done.length === 0; tries += 1) {
      if (tries > 300) throw new Error(`no good answer in 60 s\n${tailOf(log)}\n${tailOf(output)}`);
      await delay(200);
    }
    return load;
  }

  /** Numbers of what was answered well so far. */
  done(): readonly number[] {
    return this.read().done;
  }

  async end(): Promise<Seen> {
    fs.writeFileSync(this.stop, "");
    await daemonEnded(this.daemon, 30_000);
    return this.read();
  }

  private read(): Seen {
    const text = fs.existsSync(this.log) ? fs.readFileSync(this.log, "utf8") : "";
    const answers = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => /^(\d+) (\d+) (.*)$/.exec(line) ?? [])
      .map(([, at, number, answer = ""]) => ({ at: Number(at), number: Number(number), answer }));
    // It begins with the first good answer: what is asked may just have been made.
    answers.splice(
      0,
      answers.findIndex(({ answer }) => answer === this.good),
    );
    const failures: Record<string, number> = {};
    const silences: number[] = [];
    let last = answers[0]?.at ?? 0;
    for (const { at, answer } of answers) {
      if (answer !== this.good) {
        failures[answer] = (failures[answer] ?? 0) + 1;
        continue;
      }
      if (at - last > UNNOTICED * 1000) silences.push(Math.round((at - last) / 100) / 10);
      last = at;
    }
    const done = answers.filter(({ answer }) => answer === this.good).map(({ number }) => number);
    return { asked: answers.length, done, failures, silences };
  }
}
