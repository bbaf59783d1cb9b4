/** Machines that ask one another for their ports: hosts of this machine's loopback, with the real listener and the real questions. */
import { once } from "node:events";
import * as net from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Hosts } from "../../../host/runner";
import { betweenProblems } from "../../../host/steps/between";
import type { Flow } from "../../../model/network/flow";
import type { ProbedMachine } from "../../../model/probes/pairs";
import { Machine, SshHost } from "./sshHost";

const NAMES = ["cp1", "w1", "w2"];

let hosts: Map<string, { host: Machine; server: SshHost }>;
let open: Hosts;
let told: string[];
let port = 0;
let flows: Flow[];

beforeEach(async () => {
  hosts = new Map();
  for (const name of NAMES) {
    const host = new Machine();
    hosts.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
  }
  told = [];
  const free = net.createServer();
  await once(free.listen(0, "127.0.0.1"), "listening");
  port = (free.address() as net.AddressInfo).port;
  await new Promise((closed) => free.close(closed));
  const flow = {
    protocol: "tcp",
    ports: [{ from: port, to: port }],
    reason: "kubelets call the API",
  } as const;
  flows = [{ from: "node", to: "controlPlane", ...flow }];
});

afterEach(async () => {
  open.close();
  for (const { host, server } of hosts.values()) {
    await server.stop().catch(() => undefined);
    host.remove();
  }
});

function machine(name: string, over: Partial<ProbedMachine> = {}): ProbedMachine {
  const role = name.startsWith("cp") ? "controlPlane" : "worker";
  const nodeAddress = `127.77.0.${NAMES.indexOf(name) + 11}`;
  return { name, role, pool: "", nodeAddress, living: false, ...over };
}

interface Given {
  readonly ignore?: readonly string[];
  readonly cloud?: true;
  readonly machines?: readonly ProbedMachine[];
  /** A machine that was there a moment ago. */
  readonly gone?: string;
}

async function ask(over: Given = {}): Promise<string[]> {
  const connections = Object.fromEntries([...hosts].map(([name, { server }]) => [name, server.connection()]));
  if (over.gone !== undefined) await hosts.get(over.gone)?.server.stop();
  open = new Hosts({ connections, files: [] }, over.gone === undefined ? 20_000 : 500, () => undefined);
  const { ignore = [], machines = NAMES.map((name) => machine(name)), cloud } = over;
  const spec = {
    node: { ignorePreflightErrors: ignore },
    packetFilters: { ownFirewall: true, byIptables: false, flows },
    ...(cloud === undefined ? {} : { cloud }),
  } as unknown as Parameters<typeof betweenProblems>[0]["spec"];
  return betweenProblems({ hosts: open, spec, say: (line) => void told.push(line) }, machines);
}

/** What a network does that drops the packets of a host: its attempts to connect end when their time is over. */
function cutOff(name: string): void {
  hosts.get(name)?.host.program("timeout", "exit 124");
}

/** A host that runs commands with other words. */
async function rewritten(name: string, from: string, to: string): Promise<void> {
  const { host, server } = hosts.get(name) ?? expect.fail(`no host ${name}`);
  await server.stop();
  const exec = host.exec();
  const changed = await SshHost.start({
    exec: (command, channel) => exec(command.replaceAll(from, to), channel),
  });
  hosts.set(name, { host, server: changed });
}

it("says nothing where all answer, and no listener is left", async () => {
  expect((await ask()).join("\n")).toBe("");
  expect(told).toEqual([]);
  const socket = net.connect(port, "127.77.0.11");
  const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
});

it("names the machine that does not get through, and why it has to", async () => {
  cutOff("w2");
  const [said, ...more] = await ask();
  expect(said).toContain(
    `tcp ${port} does not pass from w2 (127.77.0.13) to cp1 (127.77.0.11): nothing comes back`,
  );
  expect(said).toContain("It is needed: kubelets call the API.");
  expect(more).toEqual([]);
});

it("says nothing of a machine whose own listener it cannot ask either", async () => {
  cutOff("cp1");
  cutOff("w2");
  expect((await ask()).join("\n")).toBe("");
});

it("says nothing of a port that is taken, which another check tells", async () => {
  cutOff("w2");
  const squatter = net.createServer(() => undefined);
  await once(squatter.listen(port, "127.77.0.11"), "listening");
  expect((await ask()).join("\n")).toBe("");
  squatter.close();
});

it("says nothing of a host whose filters setup turns off", async () => {
  cutOff("w2");
  hosts.get("cp1")?.host.program("systemctl", 'case "$*" in *ufw.service) exit 0 ;; esac\nexit 3');
  expect((await ask()).join("\n")).toBe("");
});

it("says which machine cannot listen, and asks nobody for it", async () => {
  cutOff("w2");
  // Everything a shell needs, and no Python.
  hosts
    .get("cp1")
    ?.host.write(
      "bin/bash",
      '#!/bin/sh\ncase "$3" in *listen*) echo \'##nopython\' ;; *) exec /bin/bash "$@" ;; esac\n',
      0o755,
    );
  await rewritten("cp1", "/bin/bash --norc", "bash --norc");
  expect((await ask()).join("\n")).toBe("");
  expect(told).toEqual([
    "cp1: has no python3, so nothing can listen there yet: whether others reach its ports is not known",
  ]);
});

it("says why a machine cannot listen", async () => {
  cutOff("w2");
  hosts
    .get("cp1")
    ?.host.write("bin/broken-python", "#!/bin/sh\necho 'No module named socket' >&2\nexit 1\n", 0o755);
  await rewritten("cp1", "in python3 ", "in broken-python ");
  expect((await ask()).join("\n")).toBe("");
  expect(told).toEqual([
    "cp1: nothing can listen there yet (No module named socket): whether others reach its ports is not known",
  ]);
});

it("goes on without a machine that does not answer any more", async () => {
  expect((await ask({ gone: "w2" })).join("\n")).toBe("");
  expect(told).toEqual([expect.stringContaining("w2: its ports are not asked: cannot be reached")]);
});

it("asks nothing where people ignore it, in a cloud, and where no machine is new", async () => {
  cutOff("w2");
  expect((await ask({ ignore: ["peerports", "PathMTU"] })).join("\n")).toBe("");
  expect((await ask({ machines: NAMES.map((name) => machine(name, { living: true })) })).join("\n")).toBe("");
  expect(told).toEqual([]);
  expect((await ask({ cloud: true })).join("\n")).toBe("");
  expect(told).toEqual([expect.stringContaining("ports between instances are not asked")]);
  expect([...hosts.values()].flatMap(({ server }) => server.commands)).toEqual([]);
  told = [];
  expect((await ask({ ignore: ["PeerPorts"] })).join("\n")).toBe("");
  expect(told).toEqual([expect.stringMatching(/^ignored: tcp \d+ does not pass from w2/)]);
});
