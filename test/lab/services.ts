import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureTool } from "../support/toolchain";
import { daemonRuns, startDaemon, stopDaemon, tailOf, type Daemon } from "./daemon";
import { ensureMirror, mirrorPort } from "./mirror";
import { inNamespace, labAddress, labNamespace, runInLab } from "./network";
import { ensureRegistryStorage, registryPort, registryConfig } from "./registry";
import { labFolder, readState, updateState, type ServiceName } from "./state";

/** The zone that the lab's name server answers for, as a company's own server would; every other name is NXDOMAIN. */
export const stubZone = { name: "corp.example", host: "www.corp.example", address: "10.40.0.1" } as const;

/** Port and command line of each server; all listen on the node network's bridge. */
const services: Readonly<Record<ServiceName, { port: number; command(id: string): Promise<string[]> }>> = {
  mirror: {
    port: mirrorPort,
    command: async (id) => {
      const script = path.join(__dirname, "mirrorServer.ts");
      const tsx = require.resolve("tsx");
      return [
        process.execPath,
        "--import",
        `file://${tsx}`,
        script,
        await ensureMirror(readState(id)),
        labAddress,
        String(mirrorPort),
      ];
    },
  },
  registry: {
    port: registryPort,
    command: async (id) => {
      const file = labFolder(id, "registry.yml");
      const listen = `${labAddress}:${registryPort}`;
      fs.writeFileSync(
        file,
        registryConfig({
          storage: await ensureRegistryStorage(readState(id)),
          listen,
          readOnly: true,
        }),
      );
      return [await ensureTool("registry"), "serve", file];
    },
  },
  dns: {
    port: 53,
    command: async (id) => {
      const file = labFolder(id, "Corefile");
      const records = `hosts {\n    ${stubZone.address} ${stubZone.host}\n  }`;
      const zones = [
        `${stubZone.name} {\n  bind ${labAddress}\n  log\n  ${records}\n}`,
        `. {\n  bind ${labAddress}\n  log\n  template ANY ANY {\n    rcode NXDOMAIN\n  }\n}`,
      ];
      fs.writeFileSync(file, `${zones.join("\n")}\n`);
      return [await ensureTool("coredns"), "-conf", file];
    },
  },
};

/** Every server of a lab. */
export const serviceNames = Object.keys(services) as ServiceName[];

/** Starts a lab's server inside its network and waits until it listens; nothing to do when it already does. */
export async function startService(id: string, name: ServiceName): Promise<void> {
  const running = readState(id).services[name];
  if (running !== undefined && daemonRuns(running)) return;
  const command = inNamespace(labNamespace(id), await services[name].command(id));
  const daemon = startDaemon(command, labFolder(id, `${name}.log`), {
    ...process.env,
    OTEL_TRACES_EXPORTER: "none",
  });
  updateState(id, (state) => (state.services[name] = daemon));
  await untilListening(id, name, daemon);
}

/** Ends a lab's server. */
export async function stopService(id: string, name: ServiceName): Promise<void> {
  const daemon = readState(id).services[name];
  if (daemon === undefined) return;
  await stopDaemon(daemon);
  updateState(id, (state) => delete state.services[name]);
}

async function untilListening(id: string, name: ServiceName, daemon: Daemon): Promise<void> {
  const deadline = Date.now() + 30_000;
  const connect = ["bash", "-c", `exec 3<>/dev/tcp/${labAddress}/${services[name].port}`];
  while (Date.now() < deadline) {
    if (!daemonRuns(daemon)) throw new Error(`the lab's ${name} ended\n${tailOf(daemon.log)}`);
    if ((await runInLab(id, connect, { allowFailure: true })).status === 0) return;
    await delay(50);
  }
  throw new Error(`the lab's ${name} does not answer after 30 s\n${tailOf(daemon.log)}`);
}
