import * as fs from "node:fs";
import { parse } from "yaml";
import { eventually, type LabCluster } from "./cluster";

interface Kubeconfig {
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** Writes ConfigMaps through the API servers in turn, from outside the cluster, and remembers what was acknowledged. */
export class Writes {
  private constructor(
    private readonly cluster: LabCluster,
    private readonly stopFile: string,
    private readonly logFile: string,
    private readonly ended: Promise<unknown>,
  ) {}

  static async start(cluster: LabCluster, name: string, nodes: readonly string[]): Promise<Writes> {
    const { lab } = cluster;
    const kubeconfig = parse(cluster.kubeconfig()) as Kubeconfig;
    const user = kubeconfig.users[0]?.user ?? {};
    const [certificate, key] = [lab.folder("writes.crt"), lab.folder("writes.key")];
    fs.writeFileSync(certificate, Buffer.from(user["client-certificate-data"] ?? "", "base64"));
    fs.writeFileSync(key, Buffer.from(user["client-key-data"] ?? "", "base64"), { mode: 0o600 });
    const [stopFile, logFile] = [lab.folder(`${name}.stop`), lab.folder(`${name}.log`)];
    for (const file of [stopFile, logFile]) fs.rmSync(file, { force: true });
    const servers = nodes.map((node) => lab.host(node).address).join(" ");
    const line = `n=0; servers=(${servers})
while [ -e ${lab.folder("state.json")} ] && [ ! -e ${stopFile} ]; do
  n=$((n+1)) server=\${servers[n % \${#servers[@]}]}
  status=$(curl --silent --insecure --max-time 5 --output /dev/null --write-out '%{http_code}' --cert ${certificate} --key ${key} --header 'Content-Type: application/json' \\
    --data '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}-'$n'"}}' https://$server:6443/api/v1/namespaces/default/configmaps)
  echo "${name}-$n $status" >>${logFile}
  sleep 0.3
done`;
    await Promise.resolve();
    return new Writes(cluster, stopFile, logFile, lab.run(["bash", "-c", line], { allowFailure: true }));
  }

  private tries(): string[] {
    if (!fs.existsSync(this.logFile)) return [];
    return fs.readFileSync(this.logFile, "utf8").trim().split("\n").filter(Boolean);
  }

  /** Names of those that an API server acknowledged so far. */
  acknowledged(): string[] {
    return this.tries().flatMap((line) => /^(\S+) 201$/.exec(line)?.[1] ?? []);
  }

  /** Names of all ConfigMaps of the namespace that is written to. */
  static async there(cluster: LabCluster): Promise<ReadonlySet<string>> {
    const names = await eventually(
      "the ConfigMaps that were written",
      () => cluster.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}"),
      () => true,
      240,
    );
    return new Set(names.split(" "));
  }

  /** Ends the writes. */
  async stop(): Promise<void> {
    fs.writeFileSync(this.stopFile, "");
    await this.ended;
  }

  /** Ends the writes. @returns the names of those that were acknowledged, and of those among them that are not there */
  async end(): Promise<{ tried: number; acknowledged: string[]; lost: string[] }> {
    await this.stop();
    const acknowledged = this.acknowledged();
    return {
      tried: this.tries().length,
      acknowledged,
      lost: await missingOf(this.cluster, acknowledged),
    };
  }
}

/** Those of the ConfigMaps that the cluster does not have. */
export async function missingOf(cluster: LabCluster, names: readonly string[]): Promise<string[]> {
  const there = await Writes.there(cluster);
  return names.filter((one) => !there.has(one));
}
