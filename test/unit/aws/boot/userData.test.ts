import { spawnSync } from "node:child_process";
import { renderNode } from "../../../support/fromSettings";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  bastionUserData,
  controlPlaneUserData,
  surelyFits,
  workerBoot,
  USER_DATA_LIMIT,
  workerCloudConfig,
  workerUserData,
} from "../../../../model/aws/boot/userData";
import { compact } from "../../../../model/aws/boot/compact";
import { bundleFiles } from "../../../../model/aws/boot/bundle";
import {
  BOOT_LABEL,
  joinTemplate,
  lifecycleProgram,
  lifecycleUnit,
  nodeSetup,
} from "../../../../model/aws/node/paths";
import { poolBoot, poolBundle, workerSpec } from "../../../../model/settings/pools";
import { poolMachine } from "../../../../model/aws/node/pools";
import { have } from "../../../support/have";
import { bash } from "../../node/support";
import { awsSettings, cloudConfigs, much, poolOf, privateAccess, python } from "./support";

interface CloudConfig {
  readonly write_files?: readonly { path: string; permissions: string; content: string }[];
  readonly runcmd?: readonly string[][];
  readonly bootcmd?: readonly string[][];
  readonly ssh_deletekeys?: boolean;
  readonly ssh_authorized_keys?: readonly string[];
}

const fetched = (settings: typeof dev): string =>
  JSON.stringify(
    bundleFiles(workerBoot(workerSpec(settings, poolOf(settings)), poolOf(settings)).bundle.bytes),
  );
const read = (text: string): CloudConfig => parse(text) as CloudConfig;
const dev = awsSettings();
const threeZones = { network: { vpcCidr: "10.0.0.0/16", serviceCidr: "10.96.0.0/16", zones: 3 } };
describe("a worker's user data", () => {
  it("is the same bytes for the same settings, with nothing of the machine that made them", () => {
    const bytes = workerUserData(workerSpec(dev, poolOf(dev)), poolOf(dev));
    expect(bytes.equals(workerUserData(workerSpec(awsSettings(), poolOf(dev)), poolOf(dev)))).toBe(true);
    // Magic, deflate, no flags, no time, best compression, unknown system (RFC 1952).
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    expect(gunzipSync(bytes).toString()).toBe(workerCloudConfig(workerSpec(dev, poolOf(dev)), poolOf(dev)));
  });

  it.each([
    ["plain settings", dev, 9_000],
    ["what people add", much, 8_500],
  ])("leaves room below EC2's limit with %s", (_, settings, room) => {
    expect(
      workerUserData(workerSpec(settings, poolOf(settings)), poolOf(settings)).length,
    ).toBeLessThanOrEqual(USER_DATA_LIMIT - room);
  });

  it("is never taken to fit where it does not, though it is asked without what it fetches", () => {
    const spec = workerSpec(dev, poolOf(dev));
    const sizes = Array.from({ length: 40 }, (_, step) => {
      const noProxy = Array.from({ length: step * 10 }, (_, index) =>
        createHash("sha256").update(`${step} ${index}`).digest("hex"),
      );
      const long = { ...spec, proxy: { http: "http://proxy:3128", noProxy } };
      return [surelyFits(long, poolOf(dev)), workerUserData(long, poolOf(dev)).length] as const;
    });
    const room = sizes.filter(([fits]) => fits).map(([, bytes]) => bytes);
    const doubtful = sizes.filter(([fits]) => !fits).map(([, bytes]) => bytes);
    expect(Math.max(...room)).toBeLessThanOrEqual(USER_DATA_LIMIT);
    expect(Math.max(...room)).toBeGreaterThan(USER_DATA_LIMIT - 2_000);
    expect(Math.max(...doubtful)).toBeGreaterThan(USER_DATA_LIMIT);
  });

  it("names its rendering, and another one by another name", () => {
    const other = awsSettings({ kubernetesVersion: "1.35.8" });
    expect(poolBoot(dev, poolOf(dev))).toMatch(/^[0-9a-f]{12}$/);
    expect(poolBoot(other, poolOf(other))).not.toBe(poolBoot(dev, poolOf(dev)));
    expect(fetched(dev)).toContain(`${BOOT_LABEL}=${poolBoot(dev, poolOf(dev))}`);
    expect(workerCloudConfig(workerSpec(dev, poolOf(dev)), poolOf(dev)) + fetched(dev)).not.toContain(
      "@BOOT@",
    );
  });

  it("does not change when control-plane nodes come, where the endpoint stays", () => {
    const balanced = (count: number) =>
      awsSettings({ ...threeZones, controlPlane: { count, instanceType: "t3.medium", loadBalancer: true } });
    const [one, three] = [balanced(1), balanced(3)];
    expect(poolBoot(three, poolOf(three))).toBe(poolBoot(one, poolOf(one)));
  });

  it("does not change with its pool's size", () => {
    const larger = awsSettings({ workers: { general: { min: 2, max: 20, instanceType: "t3.large" } } });
    expect(poolBoot(larger, poolOf(larger))).toBe(poolBoot(dev, poolOf(dev)));
  });

  it("holds no key and no credential", () => {
    for (const text of [
      workerCloudConfig(workerSpec(dev, poolOf(dev)), poolOf(dev)),
      fetched(dev),
      controlPlaneUserData(dev),
    ])
      expect(text).not.toMatch(
        /BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]|client-key-data: \S{20}|token: \S/,
      );
  });

  it("starts the boot without waiting for it: units of multi-user.target come after cloud-init", () => {
    expect(read(workerCloudConfig(workerSpec(dev, poolOf(dev)), poolOf(dev))).runcmd?.at(-1)).toEqual([
      "systemctl",
      "start",
      "--no-block",
      "pulumi-kubeadm-boot.service",
    ]);
  });

  it("switches the source check off only where the pool says so", () => {
    expect(workerCloudConfig(workerSpec(dev, poolOf(dev)), poolOf(dev))).toMatch(/^ *source_check_off=$/m);
    const text = workerCloudConfig(workerSpec(much, poolOf(much)), poolOf(much));
    expect(text).toMatch(/^ *source_check_off=yes$/m);
    expect(text).toContain(
      'aws ec2 ModifyInstanceAttribute "InstanceId=$instance" SourceDestCheck.Value=false',
    );
  });

  it("names the files to fetch by their digest, and stays as it is but for that when they change", () => {
    const { bundle, cloudConfig } = workerBoot(workerSpec(dev, poolOf(dev)), poolOf(dev));
    const digest = createHash("sha256").update(bundle.bytes).digest("hex");
    expect(bundle.key).toBe(`general/${digest}`);
    expect(cloudConfig).toContain(`bundle=general/${digest}\n`);
    const setup = awsSettings({ downloads: { mirror: "https://mirror.example.com" } });
    const other = workerBoot(workerSpec(setup, poolOf(setup)), poolOf(setup));
    expect(other.bundle.key).not.toBe(bundle.key);
    expect(
      other.cloudConfig
        .replaceAll(other.bundle.key, bundle.key)
        .replaceAll(other.boot, poolBoot(dev, poolOf(dev))),
    ).toBe(cloudConfig);
  });

  it("grows by nothing when what hosts are configured by grows", () => {
    const mirrors = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [
        `registry-${index}.example.com`,
        [`https://${createHash("sha256").update(String(index)).digest("hex")}.example.com`],
      ]),
    );
    const settings = awsSettings({ images: { mirrors } });
    const difference =
      workerUserData(workerSpec(settings, poolOf(settings)), poolOf(settings)).length -
      workerUserData(workerSpec(dev, poolOf(dev)), poolOf(dev)).length;
    expect(Math.abs(difference)).toBeLessThan(100);
  });
});

describe("a worker's boot files", () => {
  const bundle = poolBundle(dev, poolOf(dev)) ?? expect.fail("no bundle");
  const files = bundleFiles(bundle.bytes);

  it("have the whole setup script, kubeadm's documents and what watches for the end of the instance", () => {
    const setup = files.find((file) => file.path === nodeSetup);
    expect(setup?.content).toBe(renderNode(dev, poolMachine(poolOf(dev))).setupScript);
    expect(files.map((file) => file.path)).toEqual(
      expect.arrayContaining([joinTemplate, lifecycleProgram, `/etc/systemd/system/${lifecycleUnit}`]),
    );
  });

  it.skipIf(!have("python3"))("are put in place by the program of the user data, with their modes", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "boot-files-"));
    const said = python(
      `
import base64
clock = [0.0]
aws.time.monotonic = lambda: clock[0]
aws.time.sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
aws.credentials = lambda: {"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C"}
content = base64.b64decode(${JSON.stringify(bundle.bytes.toString("base64"))})
answers = [b"<html>a portal</html>", content[:100], content]
asked = []
class Answer:
    def __init__(self, content):
        self.content = content
    def read(self):
        return self.content
def urlopen(request, timeout):
    asked.append((request.get_method(), request.full_url, request.data, sorted(request.headers)))
    return Answer(answers.pop(0))
aws.urllib.request.urlopen = urlopen
write = aws.write
aws.write = lambda path, content, mode: write(${JSON.stringify(folder)} + path, content, mode)
aws.bundle("a-bucket", ${JSON.stringify(bundle.key)})
print(len(asked), asked[0])`,
      ["bundle"],
    );
    expect(said).toBe(
      `3 ('GET', 'https://a-bucket.s3.us-east-1.amazonaws.com/${bundle.key}', None, ` +
        "['Authorization', 'Host', 'X-amz-content-sha256', 'X-amz-date', 'X-amz-security-token'])\n",
    );
    for (const file of files) {
      expect(fs.readFileSync(folder + file.path, "utf8"), file.path).toBe(file.content);
      expect(fs.statSync(folder + file.path).mode & 0o777, file.path).toBe(Number.parseInt(file.mode, 8));
    }
    fs.rmSync(folder, { recursive: true });
  });

  it.skipIf(!have("python3"))("are refused where they are others than the user data means", () => {
    const said = python(
      `
clock = [0.0]
aws.time.monotonic = lambda: clock[0]
aws.time.sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
aws.credentials = lambda: {"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C"}
class Answer:
    def read(self):
        return b"[]"
aws.urllib.request.urlopen = lambda request, timeout: Answer()
try:
    aws.bundle("a-bucket", "general/" + "0" * 64)
except aws.Refused as error:
    print(error)`,
      ["bundle"],
    );
    expect(said).toContain(
      "s3 GetObject: Unavailable: a-bucket.s3.us-east-1.amazonaws.com answered with '[]'",
    );
  });
});

describe("a compacted script", () => {
  it("says the same", () => {
    const script = `#!/usr/bin/env bash
# a comment
value=1 # stays
  # indented

cat <<'END'
# of the file

  # indented, of the file
END
cat <<-A - <<B
# one
A
# two
B
echo $((1 << 4)) <<<"# no comment"
# BEGIN
echo end
`;
    const less = compact(script);
    expect(less.split("\n").filter((line) => /^\s*#/.test(line))).toEqual([
      "#!/usr/bin/env bash",
      "# of the file",
      "  # indented, of the file",
      "# one",
      "# two",
    ]);
    expect(bash(less)).toEqual(bash(script));
  });
});

describe("a control-plane node's user data", () => {
  it("takes the control plane's host key before sshd starts, and lets cloud-init make none in its place", () => {
    const config = read(controlPlaneUserData(dev));
    expect(config.bootcmd?.[0]?.slice(-2)).toEqual(["hostKey", "kubeadm/dev/ssh-host-key"]);
    expect(config.ssh_deletekeys).toBe(false);
    expect(Buffer.byteLength(controlPlaneUserData(dev))).toBeLessThan(USER_DATA_LIMIT);
  });

  it("is the same whatever becomes of Kubernetes' settings, so that none replaces a control-plane node", () => {
    const other = awsSettings({
      kubernetesVersion: "1.35.8",
      kubelet: { config: { containerLogMaxFiles: 3 } },
    });
    expect(controlPlaneUserData(other)).toBe(controlPlaneUserData(dev));
  });

  it("has people's keys", () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVrXuUKaEF8HyTD3WxVqz6nL1dFyWnRU5W2mBdXJc5t ann";
    const settings = awsSettings({ ssh: { authorizedKeys: [key] } });
    expect(read(controlPlaneUserData(settings)).ssh_authorized_keys).toEqual([key]);
  });
});

describe("the bastion's user data", () => {
  it("has its own host key, and forwards to the private endpoint", () => {
    const settings = awsSettings(privateAccess);
    const config = read(bastionUserData(settings));
    expect(config.bootcmd?.[0]?.slice(-2)).toEqual(["hostKey", "kubeadm/dev/bastion-ssh-host-key"]);
    const [address] = settings.aws?.endpoint.addresses ?? [];
    const service = config.write_files?.find((file) => file.path.endsWith(".service"))?.content;
    expect(service).toContain(`systemd-socket-proxyd ${address?.address}:6443\n`);
    expect(config.runcmd?.at(-1)).toEqual(["systemctl", "enable", "--now", "pulumi-kubeadm-api.socket"]);
  });

  it("forwards nothing where the API is public", () => {
    const settings = awsSettings({ bastion: {} });
    expect(read(bastionUserData(settings)).write_files).toBeUndefined();
  });
});

describe.skipIf(!have("cloud-init", "test/lab/aws.test.ts"))(
  "cloud-init schema, where cloud-init is installed (test/lab/aws.test.ts asks a host)",
  () => {
    it.each(Object.entries(cloudConfigs()))("takes that of %s", (_, text) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cloud-init-"));
      const file = path.join(folder, "user-data");
      fs.writeFileSync(file, text);
      const ran = spawnSync("cloud-init", ["schema", "--config-file", file], { encoding: "utf8" });
      fs.rmSync(folder, { recursive: true });
      expect(ran.stdout + ran.stderr).toMatch(/Valid (cloud-config|schema)/);
      expect(ran.status).toBe(0);
    });
  },
);
