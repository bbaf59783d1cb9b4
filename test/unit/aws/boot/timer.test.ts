import * as fs from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { credentialFiles } from "../../../../model/aws/node/credentials";
import { awsProgram } from "../../../../model/aws/node/paths";
import { OpensslKey } from "../../kubeadm/opensslKey";
import { have } from "../../../support/have";
import { ScriptHost } from "../../kubeadm/scriptHost";
import { awsOf, awsSettings } from "./support";

const workers = {
  general: { count: 2, instanceType: "t3.large" },
  other: { count: 1, instanceType: "t3.large" },
};
const settings = awsSettings({ workers });
const written = "/var/lib/pulumi-kubeadm/pools/general.written";

describe.skipIf(!have("openssl") || !have("python3"))("the control-plane nodes' timer", () => {
  let key: OpensslKey;
  let host: ScriptHost;
  beforeAll(() => {
    key = new OpensslKey();
  });
  afterAll(() => key.remove());

  beforeEach(() => {
    const [script] = credentialFiles(settings, awsOf(settings));
    if (script === undefined) throw new Error("no script");
    host = new ScriptHost(script, [
      "/etc/kubernetes",
      "/var/lib/pulumi-kubeadm",
      "/run/pulumi-kubeadm-pool-credentials",
      "/usr/local/lib/pulumi-kubeadm",
    ]);
    host.write("/etc/kubernetes/admin.conf", "");
    host.write("/configmap", "kind: ClusterConfiguration");
    host.write("/labelling", "0");
    host.command(
      "kubectl",
      `case "$*" in
*configmap*) cat "$ROOT/configmap" ;;
"get nodes --selector pulumi-kubeadm.github.io/pool=general"*) cat "$ROOT/nodes" 2>/dev/null || true ;;
"get nodes -o"*) echo here ;;
*certificatesigningrequests*) cat "$ROOT/requests" 2>/dev/null || true ;;
label*) exit "$(cat "$ROOT/labelling")" ;;
esac`,
    );
    // The stack has made a parameter for each pool.
    for (const pool of Object.keys(workers)) version(pool, 1);
    host.command("kubeadm", 'echo "a credential by $*"');
    // Notes what it is asked, and what comes in; refuses parameters of the pool that the file names. As the parameter store does it,
    // versions count from 1 since the parameter was made; what has no file is not there.
    host.command(
      "python3",
      `[ "$2" = "$ROOT${awsProgram}" ] || PATH=\${PATH//"$ROOT/bin:"/} exec python3 "$@"
shift 2
text=
[ "$1" != putParameter ] || IFS= read -rd "" text
echo "$* $text" >>"$ROOT/aws"
if [ -e "$ROOT/refused" ]; then
  [[ "$*" != *"$(<"$ROOT/refused")"* ]] || { echo "AccessDeniedException: not yet" >&2; exit 1; }
fi
version=0 pool=\${2%/join}
file=$ROOT/versions/\${pool##*/}
[ ! -e "$file" ] || version=$(<"$file")
case $1 in
putParameter) mkdir -p "$ROOT/versions"; echo $((version + 1)) | tee "$file" ;;
version) echo "$version" ;;
statuses) [ ! -e "$ROOT/statuses" ] || cat "$ROOT/statuses" ;;
esac`,
    );
  });
  afterEach(() => host.remove());

  const asked = (): string[] =>
    host
      .read("/aws")
      .split("\n")
      .filter((line) => line.trim() !== "");
  const request = (node: string, pool: string): string =>
    `system:bootstrap:${pool} ${key.request(`/O=system:nodes/CN=system:node:${node}`)}\n`;
  const labelled = (): string[] => host.calls().filter((line) => line.startsWith("kubectl label"));

  it("writes each pool a credential of its own, of six hours, and not again within the hour", () => {
    expect(host.run().status).toBe(0);
    const puts = asked().filter((line) => line.startsWith("putParameter"));
    expect(puts).toHaveLength(2);
    expect(puts[0]).toContain(
      "putParameter /kubeadm/dev/general/join SecureString a credential by kubeconfig user",
    );
    expect(puts[0]).toContain(
      "--client-name system:bootstrap:general --org system:bootstrappers:pulumi-kubeadm --validity-period 6h",
    );
    expect(puts[1]).toContain("--client-name system:bootstrap:other");
    host.run();
    expect(asked().filter((line) => line.startsWith("putParameter"))).toHaveLength(2);
    fs.utimesSync(host.root + written, new Date(0), new Date(0));
    host.run();
    expect(asked().filter((line) => line.startsWith("putParameter"))).toHaveLength(3);
  });

  const puts = (pool: string): number =>
    asked().filter((line) => line.startsWith(`putParameter /kubeadm/dev/${pool}/join`)).length;
  function version(pool: string, value?: number): void {
    const file = `/versions/${pool}`;
    if (value === undefined) fs.rmSync(host.root + file);
    else host.write(file, `${value}\n`);
  }

  it("writes a credential at once where the parameter was made anew: a pool that was removed and added again", () => {
    host.run();
    host.run();
    expect(puts("general")).toBe(1);
    version("general", 1);
    expect(host.run().output).toContain("<5>wrote a credential of 6 hours for pool general");
    expect([puts("general"), puts("other")]).toEqual([2, 1]);
    host.run();
    expect(puts("general")).toBe(2);
  });

  it("writes a credential at once where somebody deleted the parameter, and stays with it", () => {
    host.run();
    version("general");
    host.run();
    // Twice: version 1 is what the stack makes.
    expect(puts("general")).toBe(3);
    host.run();
    expect(puts("general")).toBe(3);
    version("general", 1);
    host.run();
    expect(puts("general")).toBe(4);
  });

  it("does not write again when another control-plane node has", () => {
    host.run();
    version("general", 9);
    host.run();
    expect(puts("general")).toBe(1);
  });

  it("takes a mark of an earlier version of this program for what it says", () => {
    host.write(written, "");
    host.run();
    expect([puts("general"), puts("other")]).toEqual([0, 1]);
  });

  it("forgets pools that are gone", () => {
    host.write("/var/lib/pulumi-kubeadm/pools/gone.written", "7\n");
    host.write("/var/lib/pulumi-kubeadm/pools/gone.swept", "");
    host.run();
    const left = fs.readdirSync(`${host.root}/var/lib/pulumi-kubeadm/pools`).sort();
    expect(left).toEqual(["general.swept", "general.written", "other.swept", "other.written"]);
  });

  it("goes on with other pools where one is refused, says why, and tries again at the next look", () => {
    host.write("/refused", "general/join");
    const { status, output } = host.run();
    expect(status).toBe(1);
    expect(output).toContain("<5>credential of pool general failed: AccessDeniedException: not yet");
    expect(asked().some((line) => line.startsWith("putParameter /kubeadm/dev/other/join"))).toBe(true);
    fs.rmSync(`${host.root}/refused`);
    expect(host.run().output).toContain("<5>wrote a credential of 6 hours for pool general");
  });

  it("puts no credential where the cluster's configuration cannot be read", () => {
    fs.rmSync(`${host.root}/configmap`);
    expect(host.run().status).toBe(1);
    expect(asked().filter((line) => line.startsWith("putParameter"))).toEqual([]);
  });

  it("gives its role to a node that came by the pool's credential", () => {
    host.write("/nodes", "ip-1 no none\n");
    host.write("/requests", request("ip-1", "general"));
    expect(host.run().status).toBe(0);
    expect(labelled()).toEqual(["kubectl label --overwrite node ip-1 node-role.kubernetes.io/general="]);
    expect(
      host
        .calls()
        .some((line) =>
          /annotate --overwrite node ip-1 pulumi-kubeadm.github.io\/adopted=[0-9a-f]{12}$/.test(line),
        ),
    ).toBe(true);
  });

  it.each([
    ["came by another pool's", "ip-1", "other"],
    ["is another", "ip-2", "general"],
  ])("does not believe a node that %s", (_, node, pool) => {
    host.write("/nodes", "ip-1 no none\n");
    host.write("/requests", request(node, pool));
    expect(host.run().output).toContain(
      "ip-1 says that it is of pool general, but did not come by that pool's credential",
    );
    expect(labelled()).toEqual([]);
    // Said once.
    expect(host.run().output).not.toContain("ip-1");
  });

  it("gives changed labels to a node that a control-plane node has let in, when nobody knows any more how it came", () => {
    host.write("/nodes", "ip-1 yes 0123456789ab\n");
    expect(host.run().status).toBe(0);
    expect(labelled()).toHaveLength(1);
  });

  it("does not take a node for adopted when its labels could not be set", () => {
    host.write("/nodes", "ip-1 no none\n");
    host.write("/requests", request("ip-1", "general"));
    host.write("/labelling", "1");
    expect(host.run().status).toBe(1);
    expect(host.calls().filter((line) => line.includes("annotate"))).toEqual([]);
  });

  it("deletes statuses of instances that are no nodes and are long silent, and no others", () => {
    const now = Math.round(Date.now() / 1000);
    const status = (name: string, node: string, time: number): string =>
      `${JSON.stringify({ parameter: `/kubeadm/dev/general/status/${name}`, value: JSON.stringify({ node, time }) })}\n`;
    host.write(
      "/statuses",
      status("gone", "away", now - 20_000) +
        status("new", "away", now - 60) +
        status("node", "here", now - 20_000),
    );
    expect(host.run().status).toBe(0);
    expect(
      asked()
        .filter((line) => line.startsWith("forget"))[0]
        ?.trim(),
    ).toBe("forget /kubeadm/dev/general/status/gone");
  });
});
