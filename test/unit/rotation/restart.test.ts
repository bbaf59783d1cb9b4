/** A control-plane node restarts its API server so that clients of several notice nothing, also where the job is killed. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { paths } from "../../../model/kubeadm/paths";
import { signScript } from "../../../model/rotation/scripts";
import { machine } from "../../support/kubeadmSettings";
import { impatient, NodeHost } from "../lifecycle/support";

const record = { rotation: "2026-12", authority: "aa", phase: "signed", cluster: "bb" } as const;

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.files.write("/etc/kubernetes/manifests/kube-controller-manager.yaml", "");
  host.files.write("/etc/kubernetes/pulumi-kubeadm/patches/some.yaml", "");
  host.files.write("/etc/kubernetes/pki/ca.crt", "");
  for (const name of ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"])
    host.files.write(`/containers/${name}`, "1");
  host.files.command(
    "crictl",
    `shift 2
if [ "$1" = ps ]; then
  name=\${*: -1}; name=\${name#^}; name=\${name%\\$}
  echo "$name.$(cat "$ROOT/containers/$name")"
else
  id=\${*: -1}
  echo "stop \${id%.*}, \${UNIT:-the job}" >>"$ROOT/order"
  echo $((\${id##*.} + 1)) >"$ROOT/containers/\${id%.*}"
fi`,
  );
  host.files.command(
    "nft",
    `what=$1; if [ "$1" = -f ]; then what=$(grep -oE 'drop|reject' | sort -u); fi
echo "nft $what, \${UNIT:-the job}" >>"$ROOT/order"`,
  );
  host.files.command("systemctl", '[ "$1" != is-active ]');
  host.files.command("systemd-run", 'while [ "$1" != /bin/bash ]; do shift; done; UNIT="the unit" exec "$@"');
});
afterEach(() => host.files.remove());

const run = () =>
  host.run(
    impatient(signScript(machine("cp1"), [{ path: paths.signing, content: "x", mode: "0600" }], record)),
  );
const order = (): string[] =>
  host.files
    .read("/order")
    .trim()
    .split("\n")
    .filter((line, index, all) => line !== all[index - 1]);

it("closes it, restarts etcd meanwhile, and opens it again, in a unit that a killed job does not end", () => {
  const { status, output } = run();
  expect(status, output).toBe(0);
  expect(order()).toEqual([
    "stop kube-apiserver, the unit",
    "nft reject, the unit",
    "stop etcd, the unit",
    "nft reject, the unit",
    // The new one may be in the Service before the port is open: who comes then waits a second, and is not refused.
    "nft drop, the unit",
    "nft delete, the unit",
    "stop kube-controller-manager, the job",
    "stop kube-scheduler, the job",
  ]);
});

it("waits for the unit of a job that was killed, and restarts nothing beside it", () => {
  host.files.command("systemctl", '[ "$1" = is-active ]');
  const { status, output } = run();
  expect(status).toBe(1);
  expect(output).toContain("journalctl -u pulumi-kubeadm-restart");
  expect(host.files.read("/order")).toBe("");
});
