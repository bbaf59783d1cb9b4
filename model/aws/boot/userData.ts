import { apiServerPort } from "../../kubeadm/cluster";
import { systemdUnit } from "../../core/systemd";
import { proxyVariables } from "../../node/downloads";
import type { RenderedFile } from "../../renderedFile";
import type { AwsPool, AwsSettings } from "../settings";
import { toYaml } from "../../yaml";
import { bastionHostKeySecret, hostKeySecret } from "../names";
import { zoneLetter } from "../../data/regions";
import type { AwsCallerSpec } from "../spec";
import { awsProgramText } from "../node/calls";
import { bootBundle, type BootBundle } from "./bundle";
import { compact } from "./compact";
import { compressed } from "./compressed";
import { bootUnit, programFolder } from "../node/paths";
import { UNKNOWN_BOOT, bootDigest, bootSettings } from "./rendering";
import { bundledFiles, startFiles, type WorkerSpec } from "./worker";

/** EC2 API, RunInstances: user data, before base64. */
export const USER_DATA_LIMIT = 16_384;

function cloudConfig(content: object): string {
  return `#cloud-config\n${toYaml(content)}`;
}

function writeFiles(files: readonly RenderedFile[]): object[] {
  return files.map(({ path, mode, content }) => ({
    path,
    permissions: mode ?? "0644",
    content: path.startsWith(`${programFolder}/`) ? compact(content) : content,
  }));
}

/**
 * The host's SSH key comes from Secrets Manager by the instance's own role before sshd starts, so that who dials knows it
 * beforehand. `bootcmd` runs at each boot, and the program does nothing when the key is there. Until it is, the program
 * tries for as long as it takes: cloud-init's stage of `bootcmd` goes before sshd.service (systemd/cloud-init.service.tmpl,
 * `Before=sshd.service`) and has no time limit, so that no sshd ever shows another key. A unit that systemd restarts would need
 * a drop-in for each of ssh.service, sshd.service and ssh.socket to keep that order. The reason for the wait is on the console.
 */
function hostKeyConfig(settings: AwsCallerSpec, secret: string): object {
  const aws = bootSettings(settings);
  const program = awsProgramText(aws, ["hostKey"], proxyVariables(settings));
  return {
    // Else cloud-init would delete the key a moment later, and make others beside it.
    ssh_deletekeys: false,
    ssh_genkeytypes: ["ed25519"],
    ...(aws.ssh.authorizedKeys.length === 0 ? {} : { ssh_authorized_keys: aws.ssh.authorizedKeys }),
    bootcmd: [["python3", "-I", "-c", program, "hostKey", secret]],
  };
}

/**
 * User data of every control-plane node: the same for all, and nothing of Kubernetes, so that no setting replaces one.
 * Plain text.
 */
export function controlPlaneUserData(settings: AwsCallerSpec): string {
  return cloudConfig(hostKeyConfig(settings, hostKeySecret(settings.name)));
}

/**
 * User data of the bastion: its own host key, and where the API is private, a socket on its port that leads to the
 * endpoint's address, in the bastion's own zone where there is one. Plain text.
 */
export function bastionUserData(settings: AwsCallerSpec): string {
  const aws = bootSettings(settings);
  const forwards = aws.access.endpointAccess === "private" && aws.access.connectVia === "bastion";
  return cloudConfig({
    ...hostKeyConfig(settings, bastionHostKeySecret(settings.name)),
    ...(forwards
      ? {
          write_files: writeFiles(forwardUnits(forwardTarget(aws))),
          runcmd: [
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", `${FORWARD}.socket`],
          ],
        }
      : {}),
  });
}

const FORWARD = "pulumi-kubeadm-api";

function forwardTarget(aws: AwsSettings): string {
  const letter = (name: string | undefined): string => {
    const subnet = aws.vpc.subnets.find((one) => one.name === name);
    return subnet === undefined ? "" : zoneLetter(subnet.zone);
  };
  const own = letter(aws.bastion?.subnet);
  const { addresses } = aws.endpoint;
  const target = addresses.find((one) => letter(one.subnet) === own) ?? addresses[0];
  if (target === undefined) throw new RangeError("the endpoint has no address");
  return target.address;
}

function forwardUnits(address: string): RenderedFile[] {
  return [
    systemdUnit(`${FORWARD}.socket`, {
      Unit: { Description: "The API of the cluster, for people outside" },
      Socket: { ListenStream: `0.0.0.0:${apiServerPort}` },
      Install: { WantedBy: "sockets.target" },
    }),
    systemdUnit(`${FORWARD}.service`, {
      Unit: { Description: "Forwards to the API of the cluster" },
      Service: {
        ExecStart: `/usr/lib/systemd/systemd-socket-proxyd ${address}:${apiServerPort}`,
        DynamicUser: "yes",
        PrivateTmp: "yes",
      },
    }),
  ];
}

/** Everything that a Linux instance of a pool starts with. */
export interface WorkerBoot {
  /** Names the rendering: nodes carry it as a label, and statuses say which one they are about. */
  readonly boot: string;
  /** What the instance fetches. */
  readonly bundle: BootBundle;
  /** What it finds: how to fetch the bundle, and which. */
  readonly cloudConfig: string;
}

export function workerBoot(settings: WorkerSpec, pool: AwsPool): WorkerBoot {
  const files = bundledFiles(settings, pool, UNKNOWN_BOOT);
  const boot = bootDigest(workerStart(settings, pool, UNKNOWN_BOOT, "") + JSON.stringify(files), pool);
  const bundle = bootBundle(pool.name, bundledFiles(settings, pool, boot));
  return { boot, bundle, cloudConfig: workerStart(settings, pool, boot, bundle.key) };
}

function workerStart(settings: AwsCallerSpec, pool: AwsPool, boot: string, key: string): string {
  return cloudConfig({
    write_files: writeFiles(startFiles(settings, bootSettings(settings), pool, boot, key)),
    runcmd: [
      ["systemctl", "daemon-reload"],
      // Not waited for: units of multi-user.target start after cloud-init.
      ["systemctl", "enable", bootUnit],
      ["systemctl", "start", "--no-block", bootUnit],
    ],
  });
}

/** More than the digests of a rendering and its bundle can add to compressed user data: 12 and 64 digits, and a pool's name. */
const DIGESTS = 512;

/** Whether user data of a pool's Linux instances surely fits, told without the files that they fetch, whose rendering takes long. */
export function surelyFits(settings: AwsCallerSpec, pool: AwsPool): boolean {
  const text = workerStart(settings, pool, UNKNOWN_BOOT, "");
  const room = USER_DATA_LIMIT - DIGESTS;
  // What gzip cannot make smaller it makes larger by some bytes in each 64 KiB.
  return Buffer.byteLength(text) <= room || compressed(text).length <= room;
}

/** The cloud-config of a pool's Linux instances, before compression. */
export function workerCloudConfig(settings: WorkerSpec, pool: AwsPool): string {
  return workerBoot(settings, pool).cloudConfig;
}

/** User data of a pool's Linux instances: gzip, which cloud-init unpacks; base64 is the API's business. */
export function workerUserData(settings: WorkerSpec, pool: AwsPool): Buffer {
  return compressed(workerCloudConfig(settings, pool));
}
