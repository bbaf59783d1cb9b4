import * as fs from "node:fs";
import { kubeconfigFile } from "./engine";
import type { LabCluster } from "./cluster";

/** What a cluster ran at a moment, and from when on, in seconds since it was first asked. */
export interface Stage {
  readonly at: number;
  /** Of each control-plane node whose API server answered. */
  readonly apiServers: Readonly<Record<string, string>>;
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

  /** @param servers control-plane nodes, each of which is asked by itself */
  static start({ lab, kubectlBinary }: LabCluster, name: string, servers: readonly string[]): Stages {
    const [stopFile, logFile] = [lab.folder(`${name}.stop`), lab.folder(`${name}.log`)];
    for (const file of [stopFile, logFile]) fs.rmSync(file, { force: true });
    const named = servers.map((server) => `[${server}]=${lab.host(server).address}`).join(" ");
    // API servers are asked last: they never get older, so no kubelet looks newer than one that is not.
    const line = `export KUBECONFIG=${kubeconfigFile(lab)}
declare -A servers=(${named})
at() { ${kubectlBinary} --request-timeout 3s --server "https://\${servers[$1]}:6443" --insecure-skip-tls-verify "\${@:2}" 2>/dev/null; }
while [ -e ${lab.folder("state.json")} ] && [ ! -e ${stopFile} ]; do
  kubelets=
  for server in "\${!servers[@]}"; do
    kubelets=$(at "$server" get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.status.nodeInfo.kubeletVersion} {end}') && break
  done
  told=
  for server in "\${!servers[@]}"; do
    version=$(at "$server" get --raw /version | sed -n 's/.*"gitVersion": "\\(v.*\\)".*/\\1/p')
    [ -z "$version" ] || told="$told $server=$version"
  done
  [ -z "$kubelets" ] || [ -z "$told" ] || echo "$(date +%s)$told , $kubelets" >>${logFile}
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
      const [at = "", ...rest] = line.trim().split(/ +/);
      const comma = rest.indexOf(",");
      const [apiServers, kubelets] = [rest.slice(0, comma), rest.slice(comma + 1)].map(versionsIn);
      return { at: Number(at), apiServers: apiServers ?? {}, kubelets: kubelets ?? {} };
    });
    const what = ({ apiServers, kubelets }: Stage): string => JSON.stringify([apiServers, kubelets]);
    const begun = asked[0]?.at ?? 0;
    return asked
      .filter((one, index) => {
        const before = asked[index - 1];
        return before === undefined || what(before) !== what(one);
      })
      .map((one) => ({ ...one, at: one.at - begun }));
  }
}

/** Of words such as `cp1=v1.36.4`. */
function versionsIn(words: readonly string[]): Record<string, string> {
  return Object.fromEntries([...words].sort().map((one) => one.split("=v") as [string, string]));
}
