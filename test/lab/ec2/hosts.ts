/**
 * An instance as a host of the lab: it boots from its image (Debian 12 with cloud-init, whatever image was asked for) and from
 * exactly the user data that was sent, which cloud-init finds in a NoCloud seed with what EC2's metadata would add. Not
 * simulated: the type's processors and memory, volumes, the console's own protocol (its text is in `console.log`), and the time that an
 * instance takes to start.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { run } from "../../support/run";
import { ensureBaseTree } from "../baseTree";
import { bootHost, dropHost, haltHost, hostRuns } from "../host";
import { readState, updateState, type HostState } from "../state";
import type { Ec2Instance } from "./account";
import { ensureAuthority } from "./authority";
import { plugIn, unplug } from "./wires";

/** Milliseconds from the button to the end of the power (EC2 gives the operating system some minutes). */
const GRACE = 15_000;

export interface Booting {
  readonly instance: Ec2Instance;
  readonly region: string;
  /** Range of its subnet. */
  readonly subnet: string;
  readonly resolver: string;
  /** In OpenSSH's form; undefined: it was started without. */
  readonly publicKey: string | undefined;
}

export function hostOf(id: string, instanceId: string): HostState | undefined {
  return readState(id).hosts[instanceId];
}

/**
 * Starts an instance's host, for the first time or after a stop; it is on its way when this returns. `pass` is called when its
 * interface is there and before anything is sent by it.
 */
export async function bootInstance(id: string, booting: Booting, pass: () => Promise<void>): Promise<void> {
  const { instance, subnet } = booting;
  updateState(id, (state) => {
    state.hosts[instance.id] ??= {
      name: instance.id,
      index: state.nextIndex++,
      networks: [],
      address: instance.address,
      hostKey: "",
    };
  });
  const host = hostOf(id, instance.id);
  if (host === undefined || hostRuns(host)) return;
  await plugIn(id, host.name, host.index, instance.address, subnet);
  await pass();
  await bootHost(
    id,
    host,
    await ensureBaseTree(),
    (daemon) => updateState(id, (state) => (state.hosts[host.name].process = daemon)),
    { image: (root, varLib) => imageOf(booting, root, varLib), wait: false },
  );
}

/** The host shuts down; its disk stays. */
export async function stopInstance(id: string, instanceId: string): Promise<void> {
  const host = hostOf(id, instanceId);
  if (host === undefined) return;
  await haltHost(id, host, GRACE);
  await unplug(id, host.name, host.index);
  updateState(id, (state) => delete state.hosts[host.name]?.process);
}

/** The host ends, and its disk with it; what its console said is kept for `evidence`. */
export async function endInstance(id: string, instanceId: string, evidence: string): Promise<void> {
  const host = hostOf(id, instanceId);
  if (host === undefined) return;
  await stopInstance(id, instanceId);
  fs.mkdirSync(evidence, { recursive: true });
  const console = host.process?.log;
  if (console !== undefined && fs.existsSync(console))
    fs.copyFileSync(console, path.join(evidence, `${instanceId}.log`));
  dropHost(id, host.name);
  updateState(id, (state) => delete state.hosts[host.name]);
}

/** What Debian's image for EC2 has beyond a Debian, and what EC2 tells cloud-init. */
async function imageOf(booting: Booting, root: string, varLib: string): Promise<void> {
  const { instance, region, resolver, publicKey } = booting;
  const put = (file: string, content: string | Buffer, below = root): void => {
    fs.mkdirSync(path.dirname(path.join(below, file)), { recursive: true });
    fs.writeFileSync(path.join(below, file), content);
  };
  put("etc/hostname", "localhost\n");
  put("etc/hosts", "127.0.0.1 localhost\n");
  fs.rmSync(path.join(root, "etc/resolv.conf"), { force: true });
  put("etc/resolv.conf", `search ${region}.compute.internal\nnameserver ${resolver}\n`);
  fs.rmSync(path.join(root, "etc/machine-id"), { force: true });
  put("etc/machine-id", `${crypto.randomUUID().replaceAll("-", "")}\n`);
  fs.rmSync(path.join(root, "etc/cloud/cloud-init.disabled"), { force: true });
  // Debian's image: its user, and a hosts file that cloud-init renews at each boot. The network is there already.
  const user = "{name: admin, lock_passwd: true, shell: /bin/bash, sudo: ['ALL=(ALL) NOPASSWD:ALL']}";
  put(
    "etc/cloud/cloud.cfg.d/99-lab.cfg",
    [
      "datasource_list: [NoCloud]",
      "locale: false",
      "network: {config: disabled}",
      "manage_etc_hosts: true",
      `system_info: {default_user: ${user}}`,
      "",
    ].join("\n"),
  );
  put(
    "usr/local/share/ca-certificates/lab-aws.crt",
    fs.readFileSync(path.join(await ensureAuthority(), "ca.crt")),
  );
  await run(["chroot", root, "update-ca-certificates"]);
  const metadata = {
    "instance-id": instance.id,
    "local-hostname": instance.privateName,
    ...(publicKey === undefined ? {} : { "public-keys": [publicKey] }),
  };
  put("cloud/seed/nocloud/user-data", Buffer.from(instance.userData, "base64"), varLib);
  put("cloud/seed/nocloud/meta-data", `${JSON.stringify(metadata)}\n`, varLib);
}
