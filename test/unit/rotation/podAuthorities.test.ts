/** Before new CAs sign, the script of a node waits for what running pods have in their volumes. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { podAuthoritiesScript } from "../../../model/rotation/scripts";
import { impatient, NodeHost } from "../lifecycle/support";

const pem = (body: string): string =>
  `-----BEGIN CERTIFICATE-----\n${body}\nMIIB\n-----END CERTIFICATE-----\n`;
const [former, next, foreign] = [pem("b2xk"), pem("bmV3"), pem("YXBw")];
const volume = (uid: string): string =>
  `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~projected/kube-api-access-x/ca.crt`;

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.files.write("/etc/kubernetes/pki/ca.crt", next + former);
  host.files.command("kubectl", 'printf "web shop/web\\nown shop/own\\n"');
  host.files.write(volume("web"), former);
  // A CA of an application's own, and a pod that ended.
  host.files.write(volume("own"), foreign);
  host.files.write(volume("gone"), former);
});
afterEach(() => host.files.remove());

const run = () =>
  host.run(impatient(podAuthoritiesScript({ nodeName: "w1" }, next)).replace("wait_for 300 2", "retry 3 2"));

it("goes on when the kubelet has written both", () => {
  host.files.write("/both", former + next);
  host.files.command("sleep", `cp "$ROOT/both" "$ROOT${volume("web")}"`);
  const { status, output } = run();
  expect(status, output).toBe(0);
  expect(host.files.calls().filter((line) => line.startsWith("sleep"))).toHaveLength(1);
});

it("names the pods that still have the old one alone", () => {
  const { status, output } = run();
  expect(status).toBe(1);
  expect(output).toContain(
    "##error pods still have only the old CA: shop/web. Delete these pods and run up again",
  );
});

it("does not go on without an answer of the API", () => {
  host.files.command("kubectl", "exit 1");
  expect(run().status).toBe(1);
});
