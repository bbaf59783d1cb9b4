import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CLUSTER_VARIABLE, SPEC_VARIABLE, VALUES_VARIABLE, type StepSpec } from "../../host/protocol";
import { bastionStatements, controlPlaneStatements, poolStatements } from "../../model/aws/iam";
import {
  bastionHostKeySecret,
  bootBucketParameter,
  bootBucketPrefix,
  BUCKET_DIGITS,
  hostKeySecret,
} from "../../model/aws/names";
import type { BootBundle } from "../../model/aws/boot/bundle";
import { poolBundle } from "../../model/settings/pools";
import { encryptionConfiguration, paths } from "../../model/kubeadm";
import { readCluster } from "../../model/settings/parse";
import type { ClusterSettings } from "../../model/settings/resolved";
import { run, type RunResult } from "../support/run";
import { CONTROL_PORT, METADATA_ADDRESS, type AwsConfig, type AwsState, type Instance } from "./awsServer";
import { startDaemon, stopDaemon, tailOf, type Daemon } from "./daemon";
import { labFile } from "./environment";
import type { Lab } from "./lab";
import { mirrorChecksums } from "./mirror";
import { inNamespace, labAddress, labNamespace, networks } from "./network";
import { updateState } from "./state";

const REGION = "eu-central-1";
/** Its name as @pulumi/aws would make it. */
const BUCKET = `${bootBucketPrefix("lab")}${"0".repeat(BUCKET_DIGITS)}`;
const SERVICES = ["ssm", "secretsmanager", "autoscaling", "ec2", `${BUCKET}.s3`];
/** What stands for the SHA-256 of the cluster's CA. */
const CLUSTER = "c1".repeat(32);
export const ISSUER = "https://issuer.example/lab";
/** The lab's number of a host whose address is the first of the settings' control-plane nodes. */
const FIRST_HOST = 218;

/** An API that nobody reaches but through the bastion. */
export const PRIVATE = {
  access: {
    api: ["203.0.113.0/24"],
    ssh: ["203.0.113.0/24"],
    endpointAccess: "private",
    connectVia: "bastion",
  },
  bastion: { os: "debian-12" },
} as const;

/** Settings of an AWS environment whose VPC is the lab's own network; two pools, of which one cannot download. */
export async function awsLabSettings(more: object = {}): Promise<ClusterSettings> {
  const { platform: _platform, machines: _machines, domain: _domain, network, ...file } = labFile();
  const checksums = await mirrorChecksums();
  const pool = {
    count: 1,
    instanceType: "t3.large",
    os: "debian-12",
    subnetType: "public",
    joinTimeoutSeconds: 600,
  };
  return readCluster(
    {
      ...file,
      platform: "aws",
      network: {
        ...network,
        vpcCidr: networks.node.cidr,
        existing: {
          vpcId: "vpc-0123456789abcdef0",
          subnets: [
            {
              id: "subnet-0123456789abcdef0",
              cidr: networks.node.cidr,
              zone: `${REGION}a`,
              subnetType: "public",
            },
          ],
        },
      },
      access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
      controlPlane: { count: 1, instanceType: "t3.medium", os: "debian-12", subnetType: "public" },
      workers: {
        general: { ...pool, labels: { "example.com/disk": "fast" } },
        other: pool,
      },
      downloads: { ...file.downloads, checksums },
      ...more,
    },
    { environment: "lab", region: REGION },
  );
}

export interface StepOptions {
  /** As the step's input has it; default: the control-plane node's own. */
  readonly hostKey?: string;
  /** Files of the control-plane node that are not what they were, path to content. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A lab that takes itself for a region of AWS. */
export class AwsLab {
  private instances: Record<string, Instance> = {};

  private constructor(
    readonly lab: Lab,
    readonly settings: ClusterSettings,
    private readonly daemon: Daemon,
    private base: Omit<AwsConfig, "instances">,
    private readonly controlPlaneFiles: Readonly<Record<string, string>>,
  ) {}

  static async start(lab: Lab, settings: ClusterSettings): Promise<AwsLab> {
    updateState(lab.id, (state) => (state.nextIndex = FIRST_HOST));
    const host = await lab.addHost("cp");
    const folder = lab.folder("aws");
    fs.mkdirSync(folder, { recursive: true });
    await makeCertificates(folder);
    const { aws } = settings;
    if (aws === undefined) throw new Error("settings of AWS are wanted");
    const base: Omit<AwsConfig, "instances"> = {
      region: REGION,
      listen: labAddress,
      key: fs.readFileSync(path.join(folder, "server.key"), "utf8"),
      certificate: fs.readFileSync(path.join(folder, "server.crt"), "utf8"),
      roles: {
        controlPlaneNodes: controlPlaneStatements(settings),
        bastion: bastionStatements(settings),
        ...Object.fromEntries(aws.pools.map((pool) => [pool.name, poolStatements(settings, pool)])),
      },
      objects: {},
      secrets: {
        [hostKeySecret(settings.name)]: {
          "version-1": fs.readFileSync(
            lab.folder("hosts", host.name, "identity", "ssh_host_ed25519_key"),
            "utf8",
          ),
        },
      },
    };
    fs.writeFileSync(configFile(lab), JSON.stringify({ ...base, instances: {} }), { mode: 0o600 });
    await lab.run(["ip", "address", "add", `${METADATA_ADDRESS}/32`, "dev", networks.node.bridge]);
    const server = path.join(__dirname, "awsServer.ts");
    const tsx = `file://${require.resolve("tsx")}`;
    const command = [process.execPath, "--import", tsx, server, configFile(lab)];
    const daemon = startDaemon(inNamespace(labNamespace(lab.id), command), lab.folder("aws.log"));
    const cloud = new AwsLab(lab, settings, daemon, base, await controlPlaneFiles(settings, folder));
    for (let tries = 0; ; tries += 1) {
      try {
        await cloud.state();
        await cloud.putParameter(bootBucketParameter(settings.name), BUCKET);
        for (const pool of aws.pools) {
          const bundle = poolBundle(settings, pool);
          if (bundle) cloud.putBundle(bundle);
        }
        return cloud;
      } catch (error) {
        if (tries > 100) throw new Error(`${String(error)}\n${tailOf(daemon.log)}`);
        await delay(100);
      }
    }
  }

  async stop(): Promise<void> {
    await stopDaemon(this.daemon);
  }

  /** What the server has been told and asked. */
  async state(): Promise<AwsState> {
    const { stdout } = await this.lab.run(["curl", "-sSf", `http://${labAddress}:${CONTROL_PORT}/`]);
    return JSON.parse(stdout) as AwsState;
  }

  async putParameter(name: string, value: string): Promise<void> {
    const url = `http://${labAddress}:${CONTROL_PORT}${name}`;
    await this.lab.run(["curl", "-sSf", "-X", "PUT", "--data-binary", "@-", url], { input: value });
  }

  /** Changes what EC2 says of an instance; from now on. */
  instance(host: string, change: Partial<Instance>): void {
    const { address, index } = this.lab.host(host);
    const known = this.instances[address];
    const made: Instance = {
      id: `i-${index.toString(16).padStart(17, "0")}`,
      zone: `${REGION}a`,
      hostname: `ip-${address.replaceAll(".", "-")}.${REGION}.compute.internal`,
      launched: Date.now(),
    };
    this.instances[address] = { ...made, ...known, ...change };
    this.bringHostKey(host);
    this.writeConfig();
  }

  /** The bastion's secret is its host's own key, which the lab makes with the host. */
  private bringHostKey(host: string): void {
    if (this.instances[this.lab.host(host).address]?.role !== "bastion") return;
    const file = this.lab.folder("hosts", host, "identity", "ssh_host_ed25519_key");
    const secret = { "version-1": fs.readFileSync(file, "utf8") };
    const secrets = { ...this.base.secrets, [bastionHostKeySecret(this.settings.name)]: secret };
    this.base = { ...this.base, secrets };
  }

  /** Puts a pool's boot files into the cluster's bucket. */
  putBundle({ key, bytes }: BootBundle): void {
    const objects = { ...this.base.objects, [`${BUCKET}/${key}`]: bytes.toString("base64") };
    this.base = { ...this.base, objects };
    this.writeConfig();
  }

  private writeConfig(): void {
    fs.writeFileSync(configFile(this.lab), JSON.stringify({ ...this.base, instances: this.instances }));
  }

  /** The Node's name of a host. */
  nodeName(host: string): string {
    return this.instances[this.lab.host(host).address]?.hostname ?? "";
  }

  instanceId(host: string): string {
    return this.instances[this.lab.host(host).address]?.id ?? "";
  }

  /**
   * Boots a host as EC2 does: cloud-init finds user data at its first boot. The first start only puts there what an image
   * has, the names of AWS' services and the lab's CA, and switches cloud-init on.
   */
  async launch(host: string, userData: Buffer, prepare = ""): Promise<void> {
    const { lab } = this;
    await lab.startHost(host);
    const seed = "/var/lib/cloud/seed/nocloud";
    const metadata = `instance-id: ${this.instanceId(host)}\nlocal-hostname: ${this.nodeName(host)}\n`;
    const put = async (file: string, content: Buffer | string): Promise<void> => {
      const command = `mkdir -p "$(dirname ${file})" && base64 -d >${file}`;
      await lab.exec(host, ["bash", "-c", command], { input: Buffer.from(content).toString("base64") });
    };
    await put(`${seed}/user-data`, userData);
    await put(`${seed}/meta-data`, metadata);
    // Images of EC2 have their locale; networks are the lab's.
    await put(
      "/etc/cloud/cloud.cfg.d/99-lab.cfg",
      "datasource_list: [NoCloud]\nlocale: false\nnetwork: {config: disabled}\n",
    );
    await put("/usr/local/share/ca-certificates/lab-aws.crt", fs.readFileSync(lab.folder("aws", "ca.crt")));
    const names = SERVICES.map((service) => `${service}.${REGION}.amazonaws.com`).join(" ");
    const lines = [
      "set -e",
      "update-ca-certificates >/dev/null",
      `echo '${labAddress} ${names}' >>/etc/hosts`,
      "rm -f /etc/cloud/cloud-init.disabled",
      prepare,
    ];
    await lab.exec(host, ["bash", "-c", lines.join("\n")]);
    await lab.stopHost(host);
    await lab.startHost(host);
  }

  /** Boots a host again. Its pods' last processes may hold the old network for a moment, and with it the port's name. */
  async reboot(host: string): Promise<void> {
    await this.lab.stopHost(host);
    const port = `h${this.lab.host(host).index}n0`;
    await this.lab.run(["ip", "link", "delete", port], { allowFailure: true });
    await this.lab.startHost(host);
  }

  /** Runs the host program with a step, as `local.Command` does. */
  step(spec: StepSpec, operation = "create", over: StepOptions = {}): Promise<RunResult> {
    const controlPlaneNode = this.lab.host("cp");
    const [machine] = this.settings.machines;
    const wanted = spec.step === "init" || spec.step === "node";
    const files = Object.entries(wanted ? { ...this.controlPlaneFiles, ...over.files } : {}).map(
      ([file, content]) => ({
        path: file,
        content,
      }),
    );
    const connection = {
      host: controlPlaneNode.address,
      port: 22,
      user: "ubuntu",
      hostKey: over.hostKey ?? controlPlaneNode.hostKey,
      privateKey: fs.readFileSync(this.lab.privateKeyFile, "utf8"),
    };
    return this.lab.run(["node", "-e", `require("pulumi-kubeadm/host").main("${operation}")`], {
      cwd: path.resolve(__dirname, "..", ".."),
      env: {
        ...process.env,
        [SPEC_VARIABLE]: JSON.stringify(spec),
        [CLUSTER_VARIABLE]: CLUSTER,
        [VALUES_VARIABLE]: JSON.stringify({ "${issuer}": ISSUER }),
      },
      input: JSON.stringify({ connections: { [machine?.name ?? ""]: connection }, files }),
      allowFailure: true,
    });
  }

  /** kubectl as the administrator, on the control-plane node. */
  async kubectl(line: string, input?: string): Promise<string> {
    const command = `KUBECONFIG=/etc/kubernetes/admin.conf kubectl ${line}`;
    return (await this.lab.exec("cp", ["bash", "-c", command], { input })).stdout;
  }
}

function configFile(lab: Lab): string {
  return lab.folder("aws", "config.json");
}

async function openssl(folder: string, ...words: string[]): Promise<void> {
  await run(["openssl", ...words], { cwd: folder });
}

async function makeCertificates(folder: string): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    folder,
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=lab aws",
  );
  await openssl(folder, "req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=aws");
  const names = SERVICES.map((service) => `DNS:${service}.${REGION}.amazonaws.com`).join(",");
  fs.writeFileSync(path.join(folder, "names"), `subjectAltName=${names}\n`);
  const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"];
  await openssl(folder, "x509", "-req", "-in", "server.csr", ...signing, "-out", "server.crt");
}

/** What Pulumi gives a control-plane node on standard input: path to content. */
async function controlPlaneFiles(settings: ClusterSettings, folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"];
  for (const [name, subject] of [
    ["ca", "kubernetes"],
    ["etcd/ca", "etcd-ca"],
    ["front-proxy-ca", "front-proxy-ca"],
  ] as const) {
    const file = name.replace("/", "-");
    const usage = ["-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign"];
    await openssl(
      folder,
      "req",
      "-x509",
      ...key,
      ...usage,
      "-keyout",
      `k-${file}.key`,
      "-out",
      `k-${file}.crt`,
      "-subj",
      `/CN=${subject}`,
    );
    for (const end of ["key", "crt"])
      files[`${paths.pki}/${name}.${end}`] = fs.readFileSync(path.join(folder, `k-${file}.${end}`), "utf8");
  }
  await openssl(folder, "genrsa", "-out", "sa.key", "2048");
  await openssl(folder, "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub");
  for (const end of ["key", "pub"])
    files[`${paths.pki}/sa.${end}`] = fs.readFileSync(path.join(folder, `sa.${end}`), "utf8");
  files[paths.wantedEncryption] = encryptionConfiguration(settings, {
    generated: Buffer.alloc(32, 7).toString("base64"),
  });
  return files;
}
