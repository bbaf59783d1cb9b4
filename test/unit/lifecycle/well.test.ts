/** What has to hold on a living node after a change, beside what the runtime and the kubelet say. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { wellScript } from "../../../model/lifecycle/well";
import { readyBefore } from "../../../model/node/undo";
import { machine } from "../../support/kubeadmSettings";
import { impatient, NodeHost } from "./support";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.files.command(
    "crictl",
    `case $1 in
info) echo '{"status":{"conditions":[{"type":"RuntimeReady","status":true},{"type":"NetworkReady","status":true}]}}' ;;
runp) echo pod ;;
esac`,
  );
  // The pod is missing for five looks.
  host.files.command(
    "kubectl",
    `case $* in
*"get node "*) echo True ;;
*"get pods"*) echo look >>"$ROOT/looks"; [ "$(wc -l <"$ROOT/looks")" -gt 5 ] && s=True || s=False; echo "u default/web $s" ;;
esac`,
  );
});
afterEach(() => host.files.remove());

const looks = (): number =>
  host.files
    .read("/looks")
    .split("\n")
    .filter((line) => line !== "").length;

it("pods that were ready when the change began are ready again", () => {
  host.files.write(readyBefore, "u default/web\n");
  const { status, output } = host.run(wellScript(machine("w1")));
  expect(status, output).toBe(0);
  expect(looks()).toBe(8);
});

it("no pod is looked at where nobody has remembered any", () => {
  const { status, output } = host.run(wellScript(machine("w1")));
  expect(status, output).toBe(0);
  expect(looks()).toBe(0);
});

it("a kubelet that is not healthy is told with the last error of its log", () => {
  host.files.command("curl", "exit 7");
  host.files.command(
    "journalctl",
    `echo 'E1129 20:00:00.000000 1 run.go:72] "command failed" err="unknown flag: --gone"'`,
  );
  const { status, output } = host.run(impatient(wellScript(machine("w1"))));
  expect(status).toBe(1);
  expect(output).toMatch(/##error the kubelet is not healthy 120 s after the change of w1: E1129 .*--gone/);
});
