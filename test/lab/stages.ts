import * as fs from "node:fs";
import { kubeconfigFile } from "./engine";
import type { LabCluster } from "./cluster";

/** What a cluster ran at a moment, and from when on, in seconds since it was first asked. */
export interface Stage {
  readonly at: number;
  readonly apiServer: string;
  /** Of each node. */
  readonly kubelets: Readonly<Record<string, string>>;
}

/** Asks a cluster again and again which versions it runs, until it is ended. */
export class Stages {
  private constructor(
    private readonly stopFile: string,
    private readonly logFile: string,
    private readonly ended: Promise<unknown>,
  ) {}

  static start({ lab, kubectlBinary }: LabCluster, name: string): Stages {
    const [stopFile, logFile] = [lab.folder(`${name}.stop`), lab.folder(`${name}.log`)];
    for (const file of [stopFile, logFile]) fs.rmSync(file, { force: true });
    // The API server is asked last: it never gets older, so no kubelet looks newer that is not.
    const line = `export KUBECONFIG=${kubeconfigFile(lab)}
while [ -e ${lab.folder("state.json")} ] && [ ! -e ${stopFile} ]; do
  kubelets=$(${kubectlBinary} --request-timeout 3s get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.status.nodeInfo.kubeletVersion} {end}' 2>/dev/null) &&
    server=$(${kubectlBinary} --request-timeout 3s get --raw /version 2>/dev/null | sed -n 's/.*"gitVersion": "v\\(.*\\)".*/\\1/p') &&
    [ -n "$server" ] && echo "$(date +%s) $server $kubelets" >>${logFile}
  sleep 1
done`;
    return new Stages(stopFile, logFile, lab.run(["bash", "-c", line], { allowFailure: true }));
  }

  /** Ends it. @returns what ran, each time that it became something else */
  async end(): Promise<readonly Stage[]> {
    fs.writeFileSync(this.stopFile, "");
    await this.ended;
    const lines = fs.existsSync(this.logFile) ? fs.readFileSync(this.logFile, "utf8").trim().split("\n") : [];
    const asked = lines.map((line) => {
      const [at = "", apiServer = "", ...kubelets] = line.trim().split(" ");
      return {
        at: Number(at),
        apiServer,
        kubelets: Object.fromEntries(
          kubelets.map((one) => one.split("=v") as [string, string]).sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
      };
    });
    const what = ({ apiServer, kubelets }: Stage): string => JSON.stringify([apiServer, kubelets]);
    const begun = asked[0]?.at ?? 0;
    return asked
      .filter((one, index) => {
        const before = asked[index - 1];
        return before === undefined || what(before) !== what(one);
      })
      .map((one) => ({ ...one, at: one.at - begun }));
  }
}
