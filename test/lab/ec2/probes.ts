/** What each rule of dev's security groups is there for, tried: by the rule's name, as `Rule` has it. */
import { run } from "../../support/run";
import { inNamespace, labNamespace } from "../network";
import type { Ec2Instance } from "./account";
import type { SimulatedRegion } from "./simulation";
import { operator } from "./wires";

/** Node ports of the echo pods: a page over TCP, an echo over UDP. */
export const PAGE_PORT = 30080;
export const ECHO_PORT = 30081;

/** Where the probes go. */
export interface Ground {
  readonly region: SimulatedRegion;
  readonly controlPlane: Ec2Instance;
  readonly workers: readonly [Ec2Instance, Ec2Instance];
  /** Address of the echo pod on each node, by the instance's id. */
  readonly pods: Readonly<Record<string, string>>;
  /** Name of the echo pod on the first worker. */
  readonly podOnWorker: string;
}

export interface Probe {
  /** As the flow's reason has it. */
  readonly what: string;
  readonly works: () => Promise<boolean>;
}

/** Bytes that a path carries, less than what people's own network does. */
const NARROW = 1300;

export function probesOf(ground: Ground): Readonly<Record<string, Probe>> {
  const { region, controlPlane, workers, pods, podOnWorker } = ground;
  const [first, second] = workers;
  const { lab } = region;
  const on = async (instance: Ec2Instance, line: string): Promise<boolean> =>
    (await lab.exec(instance.id, ["timeout", "8", "bash", "-c", line], { allowFailure: true })).status === 0;
  const people = async (line: string): Promise<boolean> =>
    (await region.asOperator(["timeout", "8", "bash", "-c", line], { allowFailure: true })).status === 0;
  const kubectl = (line: string): Promise<boolean> =>
    region.kubectl(...line.split(" "), "--request-timeout=4s").then(
      () => true,
      () => false,
    );
  const pod = (from: Ec2Instance, to: Ec2Instance) => (): Promise<boolean> =>
    on(from, `curl -sf -m 3 -o /dev/null http://${pods[to.id]}:8081/`);
  const page = (to: Ec2Instance) => (): Promise<boolean> =>
    people(`curl -sf -m 4 -o /dev/null http://${to.publicAddress}:${PAGE_PORT}/`);
  const echo = (to: Ec2Instance) => (): Promise<boolean> =>
    people(
      `exec 3<>/dev/udp/${to.publicAddress}/${ECHO_PORT}; echo hello >&3; [ "$(timeout 3 head -n 1 <&3)" = hello ]`,
    );
  const ingress = (scheme: string) => (): Promise<boolean> =>
    people(`[ "$(curl -sk -m 3 -o /dev/null -w '%{http_code}' ${scheme}://${first.publicAddress}/)" = 404 ]`);
  const narrow = (to: Ec2Instance, works: () => Promise<boolean>) => (): Promise<boolean> =>
    overNarrowPath(region, to, works);
  const api = `${PATHS}; kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=4s get --raw /readyz`;
  const service = `${IN_POD} curl -sk -m 4 -o /dev/null https://10.96.0.1/readyz`;
  const outside = (from: Ec2Instance) => (): Promise<boolean> =>
    on(from, "curl -s -m 3 -o /dev/null https://ssm.eu-central-1.amazonaws.com/");
  return {
    "control-plane from 203.0.113.0/24 tcp 22": {
      what: "SSH",
      works: () =>
        people(
          `exec 3<>/dev/tcp/${controlPlane.publicAddress}/22; read -r -t 4 said <&3; [[ $said == SSH-* ]]`,
        ),
    },
    "control-plane from 203.0.113.0/24 tcp 6443": {
      what: "people's API calls",
      works: () => kubectl("get --raw /readyz"),
    },
    "control-plane from worker tcp 6443": {
      what: "the kubelet's API calls, and a pod's by the Service kubernetes",
      works: async () => (await on(first, api)) && (await on(first, service)),
    },
    "worker from control-plane tcp 10250": {
      what: "kubectl logs",
      works: () => kubectl(`logs ${podOnWorker} --tail=1`),
    },
    "control-plane from worker udp 8472": {
      what: "pods of a worker and a control-plane node",
      works: pod(first, controlPlane),
    },
    "worker from control-plane udp 8472": {
      what: "pods of a control-plane node and a worker",
      works: pod(controlPlane, first),
    },
    "worker from worker udp 8472": { what: "pods of two workers", works: pod(first, second) },
    "control-plane from 203.0.113.0/24 tcp 30000-32767": {
      what: "a node port of a control-plane node",
      works: page(controlPlane),
    },
    "worker from 203.0.113.0/24 tcp 30000-32767": { what: "a node port of a worker", works: page(first) },
    "control-plane from 203.0.113.0/24 udp 30000-32767": {
      what: "a node port by UDP",
      works: echo(controlPlane),
    },
    "worker from 203.0.113.0/24 udp 30000-32767": { what: "a node port by UDP", works: echo(first) },
    "worker from 203.0.113.0/24 tcp 80": { what: "the ingress controller by HTTP", works: ingress("http") },
    "worker from 203.0.113.0/24 tcp 443": {
      what: "the ingress controller by HTTPS",
      works: ingress("https"),
    },
    "control-plane from 0.0.0.0/0 icmp 3-4": {
      what: "a large answer over a narrow path",
      works: narrow(controlPlane, page(controlPlane)),
    },
    "worker from 0.0.0.0/0 icmp 3-4": {
      what: "a large answer over a narrow path",
      works: narrow(first, page(first)),
    },
    "control-plane to 0.0.0.0/0 all": { what: "calls of AWS", works: outside(controlPlane) },
    "worker to 0.0.0.0/0 all": { what: "calls of AWS", works: outside(first) },
  };
}

const PATHS = "export PATH=$PATH:/usr/local/bin";
/** In the network of some pod that has one of its own. */
const IN_POD = "nsenter --net --target $(lsns -t net -n -o PID,COMMAND | awk '/pause/ { print $1; exit }')";

/** People behind a link with less room than their network says: the router is told so, and nobody else but by ICMP. */
async function overNarrowPath(
  region: SimulatedRegion,
  to: Ec2Instance,
  works: () => Promise<boolean>,
): Promise<boolean> {
  const route = async (...more: string[]): Promise<unknown> =>
    run(
      inNamespace(labNamespace(region.lab.id), [
        ...["ip", "route", "replace", "203.0.113.0/24", "dev", "ops0", "src", operator.router],
        ...more,
      ]),
    );
  // What it learned of the path before, pods too.
  const forget = "for one in $(lsns -t net -n -o PID); do nsenter -t $one -n ip route flush cache; done";
  await region.lab.exec(to.id, ["bash", "-c", forget]);
  await route("mtu", "lock", String(NARROW));
  try {
    return await works();
  } finally {
    await route();
  }
}
