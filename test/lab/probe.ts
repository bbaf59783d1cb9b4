import * as fs from "node:fs";
import type { Lab } from "./lab";

/** What a probe has seen between its start and its end. */
export interface Probed {
  readonly asked: number;
  readonly failed: number;
  /** Seconds of the longest time without an answer. */
  readonly longestSilence: number;
}

/** Asks a URL again and again from outside the cluster, until it is ended. */
export class Probe {
  private constructor(
    private readonly stopFile: string,
    private readonly logFile: string,
    private readonly ended: Promise<unknown>,
  ) {}

  static start(lab: Lab, name: string, url: string): Probe {
    const stopFile = lab.folder(`${name}.stop`);
    const logFile = lab.folder(`${name}.log`);
    const line = `while [ -e ${lab.folder("state.json")} ] && [ ! -e ${stopFile} ]; do
  curl --silent --insecure --fail --output /dev/null --max-time 2 ${url} && answer=yes || answer=no
  echo "$(date +%s.%N) $answer" >>${logFile}
  sleep 0.1
done`;
    return new Probe(stopFile, logFile, lab.run(["bash", "-c", line], { allowFailure: true }));
  }

  async end(): Promise<Probed> {
    fs.writeFileSync(this.stopFile, "");
    await this.ended;
    const answers = fs
      .readFileSync(this.logFile, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([at = "", answer]) => ({ at: Number(at), ok: answer === "yes" }));
    let [last] = answers;
    let longestSilence = 0;
    for (const answer of answers) {
      longestSilence = Math.max(longestSilence, answer.at - (last?.at ?? answer.at));
      if (answer.ok) last = answer;
    }
    const failed = answers.filter(({ ok }) => !ok).length;
    return { asked: answers.length, failed, longestSilence: Math.round(longestSilence * 10) / 10 };
  }
}
