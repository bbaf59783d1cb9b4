/** A kubelet restarts in a rotation, and the next node begins only when Services have this node's pods again. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { paths } from "../../../model/kubeadm/paths";
import { workerScript } from "../../../model/rotation/scripts";
import { machine } from "../../support/kubeadmSettings";
import { NodeHost } from "../lifecycle/support";

const record = { rotation: "2026-12", authority: "aa", phase: "finished", cluster: "bb" } as const;
const script = workerScript(
  machine("w1"),
  { path: `${paths.pki}/ca.crt`, content: "x", mode: "0644" },
  record,
);
/** Gives up after a second wherever it waits. */
const impatient = (text: string): string => text.replaceAll("SECONDS + $1", "SECONDS + 1");

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.files.command(
    "date",
    '[ "$1" != -d ] || { echo "$2"; exit; }; [ "$1" != +%s ] || { echo 100; exit; }; exec /bin/date "$@"',
  );
  host.files.command("systemctl", '[ "$*" != "restart kubelet" ] || echo yes >"$ROOT/restarted"');
});
afterEach(() => host.files.remove());

/** @param node what the Node says and since when, and @param pods the pods' conditions, for each look after the restart */
function kubelet(node: readonly string[], pods: readonly (readonly string[])[]): void {
  const list = (said: readonly string[]): string =>
    said.map((pod) => pod.replace(/^\S+/, "u-$& default/$&")).join("\n");
  host.files.write("/node", node.join("\n"));
  pods.forEach((said, index) => host.files.write(`/pods.${String(index + 1)}`, `${list(said)}\n`));
  host.files.command(
    "kubectl",
    `next() { n=$(($(cat "$ROOT/$1.asked" 2>/dev/null || echo 0) + 1)); [ "$n" -le "$2" ] || n=$2; echo "$n" >"$ROOT/$1.asked"; }
case $* in
*"get node "*) next node ${String(node.length)}; sed -n "\${n}p" "$ROOT/node" ;;
*"get pods"*) [ -e "$ROOT/restarted" ] || { printf 'u-web default/web True\\nu-ill default/ill False\\n'; exit; }
  next pods ${String(pods.length)}; cat "$ROOT/pods.$n" ;;
esac`,
  );
}
const looks = (what: "node" | "pods"): number => Number(host.files.read(`/${what}.asked`));

describe("after the restart of a kubelet", () => {
  it("what its Node said before does not count", () => {
    kubelet(["True 99", "False 100", "True 101"], [["web True"]]);
    const { status, output } = host.run(script);
    expect(status, output).toBe(0);
    expect(looks("node")).toBe(3);
  });

  it("the pods that were ready are waited for, until they stay so", () => {
    const out = ["web False", "ill False"];
    const back = ["web True", "ill False"];
    kubelet(["True 101"], [out, back, out, out, back, back, back, ["nobody looks again True"]]);
    const { status, output } = host.run(script);
    expect(status, output).toBe(0);
    expect(looks("pods")).toBe(7);
    expect(output).not.toContain("##note");
  });

  it("a pod that does not come back is told, and stops nothing", () => {
    kubelet(["True 101"], [["web False"]]);
    const { status, output } = host.run(impatient(script));
    expect(status, output).toBe(0);
    expect(output).toContain("##note these pods were ready before the kubelet of w1 restarted");
    expect(output).toContain("default/web; continuing");
  });

  it("a pod that is gone by then is not waited for", () => {
    kubelet(["True 101"], [["other False"]]);
    const { status, output } = host.run(script);
    expect(status, output).toBe(0);
    expect(output).not.toContain("##note");
  });

  it("a kubelet that does not start is told with the last error of its log", () => {
    host.files.command("curl", "exit 7");
    host.files.command(
      "journalctl",
      `printf '%s\\n' 'I1129 20:00:00.000000 1 server.go:1] Starting' 'E1129 20:00:00.000000 1 run.go:72] "command failed" err="unknown flag: --gone"' 'Main process exited'`,
    );
    const { status, output } = host.run(impatient(script));
    expect(status).toBe(1);
    expect(output).toMatch(/##error the kubelet did not become healthy .*: E1129 .*unknown flag: --gone/);
  });
});
