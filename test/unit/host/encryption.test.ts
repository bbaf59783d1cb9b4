import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NodeRecord } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { refuseEncryption, settleEncryption, type EncryptionContext } from "../../../host/steps/encryption";
import { HostProblem } from "../../../host/problem";
import { paths } from "../../../model/kubeadm";
import { readEncryption, writeEncryption, type EncryptionKey } from "../../../model/kubeadm/encryption";
import { REWRITE_MARK } from "../../../model/node/shell";
import { RECORD_FILE } from "../../../model/node/shell";
import { machine as worker, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { Machine, SshHost } from "./sshHost";
import { nodeIdentity, knownCluster } from "../../support/fromSettings";

const cluster = "ab".repeat(32);
const names = ["cp1", "cp2"];
const settings = settingsOf({
  machines: [controlPlaneNode("cp1", 11), controlPlaneNode("cp2", 12), worker("w1")],
});
const key = (
  name: string,
  provider: EncryptionKey["provider"] = "secretbox",
  secret = name,
): EncryptionKey => ({
  provider,
  name,
  secret: Buffer.from(`key ${secret}`.padEnd(32, "-")).toString("base64"),
});
const old = key("old", "aescbc");
const fresh = key("fresh");

/**
 * An API server as its metrics show it: the digest of the file that it has loaded (`loads` says when), Secrets of two
 * namespaces, and a replace that does as it is told.
 */
const kubectl = `echo "kubectl $*" >>"$ROOT/calls"
case "$*" in
  *"get --raw /metrics"*)
    echo 'apiserver_request_total{code="200"} 1'
    [ -e "$ROOT/deaf" ] || sha256sum <"$ROOT${paths.encryption}" | sed 's/^\\([0-9a-f]*\\).*/apiserver_encryption_config_controller_last_config_info{apiserver_id_hash="x",hash="sha256:\\1"} 1/' ;;
  *"component=kube-apiserver"*) cat "$ROOT/servers" ;;
  "get namespaces"*) printf 'one\\ntwo\\n' ;;
  *"get secrets"*) [ -e "$ROOT/unreadable" ] && { echo 'Error from server (InternalError): unable to transform key' >&2; exit 1; }; echo '{"items":[]}' ;;
  "replace "*) cat "$ROOT${paths.encryption}" >>"$ROOT/replaced"; [ ! -s "$ROOT/refusal" ] || { cat "$ROOT/refusal" >&2; exit 1; } ;;
esac
`;

let machines: Map<string, { host: Machine; server: SshHost }>;
let open: Hosts[];
let said: string[];

beforeEach(async () => {
  machines = new Map();
  open = [];
  said = [];
  for (const name of names) {
    const host = new Machine(["/etc/", "/var/lib/"]);
    host.program("ss", "exit 0");
    host.program("kubectl", kubectl);
    host.program("sleep", "exec /bin/sleep 0.02");
    const own = settings.machines.find((one) => one.name === name) ?? expect.fail();
    const node: NodeRecord = { ...nodeIdentity(settings, own, cluster), state: "joined" };
    host.write(RECORD_FILE, JSON.stringify(node));
    host.write("etc/kubernetes/kubelet.conf", "");
    host.write("servers", `${names.join("\n")}\n`);
    host.write(paths.encryption, writeEncryption([old]));
    machines.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
  }
});

afterEach(async () => {
  for (const one of open) one.close();
  for (const { host, server } of machines.values()) {
    await server.stop();
    host.remove();
  }
});

const host = (name: string): Machine => machines.get(name)?.host ?? expect.fail(name);
const keysOf = (name: string) => readEncryption(host(name).read(paths.encryption))?.map((one) => one.name);
const jobs = (name: string) =>
  host(name)
    .read("units")
    .split("\n")
    .filter((line) => line !== "").length;

function context(wanted: readonly EncryptionKey[]): EncryptionContext {
  const connections = Object.fromEntries(
    [...machines].map(([name, { server }]) => [name, server.connection()]),
  );
  const input = { connections, files: [{ path: paths.wantedEncryption, content: writeEncryption(wanted) }] };
  const hosts = new Hosts(input, 3_000, (line) => said.push(line));
  open.push(hosts);
  return { spec: knownCluster(settings), hosts, input, cluster };
}

const settle = (wanted: readonly EncryptionKey[], node = true) =>
  settleEncryption(context(wanted), settings.machines[0], node);

describe("keys of a living cluster", () => {
  it("are left alone where they are those of the settings, and nobody else is asked", async () => {
    await settle([old]);
    expect(names.map(jobs)).toEqual([0, 0]);
    expect(machines.get("cp2")?.server.dials).toBe(0);
  });

  it("become those of the settings on every control-plane node, with the Secrets rewritten in between", async () => {
    await settle([fresh]);
    for (const name of names) {
      expect(keysOf(name)).toEqual(["fresh"]);
      expect(host(name).read(REWRITE_MARK)).toBe("");
    }
    // While Secrets were rewritten, the old key was still read.
    const during = host("cp1")
      .read("replaced")
      .split("apiVersion")
      .slice(1)
      .map((text) => readEncryption(`apiVersion${text}`));
    expect(during.map((keys) => keys?.map((one) => one.name))).toEqual([
      ["fresh", "old"],
      ["fresh", "old"],
    ]);
    expect(said.join("\n")).toContain("the Secrets of 2 namespaces are encrypted with the new key");
    for (const { secret } of [old, fresh]) expect(said.join("\n")).not.toContain(secret);
  });

  it("change before another node joins, which starts with those of the settings", async () => {
    await settle([fresh], false);
    expect(names.map(keysOf)).toEqual([["fresh"], ["fresh"]]);
  });

  it("are not rewritten for a key that is only to be read", async () => {
    await settle([old, fresh]);
    expect(names.map(keysOf)).toEqual([
      ["old", "fresh"],
      ["old", "fresh"],
    ]);
    expect(host("cp1").read("replaced")).toBe("");
  });

  it("keep the old one where Secrets cannot be rewritten, and go on with the next run", async () => {
    host("cp1").write("refusal", 'Error from server (Forbidden): error when replacing "STDIN": no\n');
    await expect(settle([fresh])).rejects.toThrow(
      /namespace one cannot be encrypted with the new key.*Forbidden/,
    );
    for (const name of names) expect(keysOf(name)).toEqual(["fresh", "old"]);
    host("cp1").write(
      "refusal",
      'Error from server (NotFound): error when replacing "STDIN": secrets "x" not found\n',
    );
    await settle([fresh]);
    expect(names.map(keysOf)).toEqual([["fresh"], ["fresh"]]);
  });

  it("keep the old one where a Secret cannot be read", async () => {
    host("cp1").write("unreadable", "");
    await expect(settle([fresh])).rejects.toThrow(
      /cannot be encrypted with the new key, so the old keys stay: .*unable to transform/,
    );
    expect(keysOf("cp2")).toEqual(["fresh", "old"]);
  });

  it("are rewritten by a later run where one was cut off after the first node encrypted with another key", async () => {
    host("cp2").write(REWRITE_MARK, "secretbox:fresh:0\n");
    for (const name of names) host(name).write(paths.encryption, writeEncryption([fresh, old]));
    // cp1 has nothing to do by its own file; cp2 finds its mark.
    await settleEncryption(context([fresh, old]), settings.machines[1], true);
    expect(host("cp1").read("replaced")).not.toBe("");
    expect(host("cp2").read(REWRITE_MARK)).toBe("");
  });
});

describe("keys that cannot be changed now are refused, and no host is changed", () => {
  const refusal = async (wanted: readonly EncryptionKey[], gone = new Map<string, HostProblem>()) => {
    const problem = await refuseEncryption(context(wanted), gone).then(
      () => "",
      (error: unknown) => (error instanceof HostProblem ? error.report() : String(error)),
    );
    expect(names.map(jobs)).toEqual([0, 0]);
    return problem;
  };

  it("not where they can", async () => {
    expect(await refusal([fresh])).toBe("");
    expect(await refusal([old])).toBe("");
  });

  it("while a control-plane node cannot be reached, but only where the keys change", async () => {
    const gone = new Map([["cp2", new HostProblem("cp2", "cannot be reached")]]);
    expect(await refusal([fresh], gone)).toMatch(
      /^encryption: the keys change.*Start the machine.*cp2: cannot be reached/,
    );
    expect(await refusal([old], gone)).toBe("");
  });

  it("while an API server runs that the settings do not have any more", async () => {
    host("cp1").write("servers", "cp1\ncp2\ncp9\n");
    expect(await refusal([fresh])).toContain("cp9 still serves the API but is no longer in the settings");
  });

  it("where a key of AES-CBC has another value under the name of one in use", async () => {
    expect(await refusal([key("old", "aescbc", "another")])).toContain(
      "the key old differs from the key in use under the same name",
    );
  });

  it("where the file of a node was changed by hand", async () => {
    host("cp2").write(paths.encryption, "kind: EncryptionConfiguration\n");
    expect(await refusal([fresh])).toMatch(/^cp2: .*was changed by hand/);
  });
});
