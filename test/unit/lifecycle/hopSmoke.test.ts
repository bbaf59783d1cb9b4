/** What a pod reaches before a control plane goes on to another version: a real script asks a real name server. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { prelude } from "../../../model/node/shell";
import { smokeScript } from "../../../model/lifecycle/hops";
import type { ClusterMachine } from "../../../model/machine";
import { impatient, NodeHost } from "./support";

const cp1: ClusterMachine = {
  name: "cp1",
  nodeName: "cp1",
  role: "controlPlane",
  pool: "",
  nodeAddress: "10.40.0.11",
  revision: 1,
  removal: "safe",
};

/** Knows one name, as CoreDNS answers; others do not exist. The script's host waits for its end, so it runs beside. */
const NAME_SERVER = `
const server = require("node:dgram").createSocket("udp4");
const known = Buffer.from("\\x0akubernetes\\x07default\\x03svc\\x07cluster\\x05local\\0\\0\\x01\\0\\x01", "latin1");
server.on("message", (question, from) => {
  const asked = question.subarray(12);
  const answer = asked.equals(known) ? Buffer.from("c00c00010001000000050004" + "0a600001", "hex") : Buffer.alloc(0);
  const head = Buffer.from([0x85, answer.length > 0 ? 0x80 : 0x83, 0, 1, 0, answer.length > 0 ? 1 : 0, 0, 0, 0, 0]);
  server.send(Buffer.concat([question.subarray(0, 2), head, asked, answer]), from.port, from.address);
});
server.bind(0, "127.0.0.1", () => console.log(server.address().port));
`;

let dns: ChildProcess;
let port = 0;
let host: NodeHost;

beforeAll(async () => {
  dns = spawn(process.execPath, ["-e", NAME_SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  const [chunk] = (await once(dns.stdout ?? expect.fail(), "data")) as [Buffer];
  port = Number(chunk.toString());
});
afterAll(() => void dns.kill());
beforeEach(() => {
  host = new NodeHost();
  host.files.write("/etc/containerd/config.toml", '  sandbox = "registry.k8s.io/pause:3.10"\n');
  host.files.write(
    "/var/lib/kubelet/config.yaml",
    "clusterDNS:\n- 127.0.0.1\nclusterDomain: cluster.local\nkind: KubeletConfiguration\n",
  );
  host.files.write("/service", "10.96.0.1");
  host.files.write("/deployment", "deployment.apps/coredns");
  host.files.command(
    "kubectl",
    `case "$*" in
  *"create -f -"*) cat >"$ROOT/pod" ;;
  *" wait pod "*) [ ! -e "$ROOT/waiting" ] ;;
  *" delete pod "*) rm -f "$ROOT/pod" ;;
  *podIP*) cat "$ROOT/address" 2>/dev/null || echo 10.244.0.9 ;;
  *" get pod "*) cat "$ROOT/waiting" ;;
  *"get service kubernetes "*) cat "$ROOT/service" ;;
  *"get deployment coredns "*) cat "$ROOT/deployment" ;;
esac`,
  );
  host.files.command(
    "crictl",
    `case "$1" in pods) echo 0123abcd ;; inspectp) printf '{\\n  "info": {\\n    "pid": 4711,\\n' ;; esac`,
  );
  host.files.command("nsenter", `echo "$1" >"$ROOT/entered"; shift 2; exec "$@"`);
});
afterEach(() => host.files.remove());

function smoke(asked = port): { status: number | null; output: string } {
  const text = `${prelude()}${smokeScript(cp1, asked)}`.replace("smoke_within=60", "smoke_within=0");
  const result = host.run(impatient(text));
  expect(host.files.read("/pod"), "the pod is deleted").toBe("");
  return result;
}

it("asks the cluster's DNS and a Service from the network of a pod on the node", () => {
  const { status, output } = smoke();
  expect(status, output).toBe(0);
  expect(host.files.read("/entered")).toMatch(/^--net=.*\/proc\/4711\/ns\/net\n$/);
  const asked = host.files.calls().filter((line) => line.startsWith("curl "));
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain(
    "--resolve kubernetes.default.svc:443:10.96.0.1 https://kubernetes.default.svc/readyz",
  );
});

it("asks no DNS in a cluster that has no CoreDNS", () => {
  host.files.write("/deployment", "");
  const { status, output } = smoke(9);
  expect(status, output).toBe(0);
});

it.each([
  [
    "DNS has another address",
    () => host.files.write("/service", "10.96.0.7"),
    /the cluster's DNS at 127\.0\.0\.1 has 10\.96\.0\.1 for kubernetes\.default\.svc\.cluster\.local, which is 10\.96\.0\.7/,
  ],
  [
    "DNS does not know the name",
    () =>
      host.files.write(
        "/var/lib/kubelet/config.yaml",
        "clusterDNS:\n- 127.0.0.1\nclusterDomain: other.local\n",
      ),
    /a pod on cp1 \(10\.244\.0\.9\) gets no answer of the cluster's DNS at 127\.0\.0\.1 for kubernetes\.default\.svc\.other\.local/,
  ],
  [
    "the Service does not answer",
    () => host.files.command("curl", "exit 7"),
    /a pod on cp1 \(10\.244\.0\.9\) does not reach Service kubernetes at 10\.96\.0\.1/,
  ],
  [
    "no pod starts",
    () => host.files.write("/waiting", "Pending failed to set up pod network "),
    /no pod starts on node cp1 within 180 s: Pending failed to set up pod network/,
  ],
  ["the pod has no address", () => host.files.write("/address", ""), /the pod \S+ on cp1 has no address/],
])("stops where %s", (_, breaks, why) => {
  breaks();
  const { status, output } = smoke();
  expect(status).not.toBe(0);
  expect(output).toMatch(/##error the control plane does not go on to another version: /);
  expect(output).toMatch(why);
});
