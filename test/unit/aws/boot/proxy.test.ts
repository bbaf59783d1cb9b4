import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { awsControlPlaneFiles } from "../../../../model/aws/node/controlPlane";
import { awsProgram } from "../../../../model/aws/node/paths";
import {
  bastionUserData,
  controlPlaneUserData,
  workerCloudConfig,
} from "../../../../model/aws/boot/userData";
import { have } from "../../../support/have";
import { awsSettings, poolOf, privateAccess } from "./support";
import { workerSpec } from "../../../../model/settings/pools";

const proxied = {
  proxy: {
    http: "http://proxy.example.com:3128",
    https: "http://proxy.example.com:3129",
    noProxy: [".internal"],
  },
};
const settings = awsSettings(proxied);

interface CloudConfig {
  readonly bootcmd?: readonly string[][];
  readonly write_files?: readonly { path: string; content: string }[];
}

function programOf(cloudConfig: string): string {
  const config = parse(cloudConfig) as CloudConfig;
  const file = config.write_files?.find((one) => one.path === awsProgram);
  return file?.content ?? config.bootcmd?.[0]?.[3] ?? "";
}

/** Every program on a host that calls AWS; units, jobs and cloud-init start it with whatever environment they have. */
const programs: Record<string, string> = {
  "a control-plane node's host key": programOf(controlPlaneUserData(settings)),
  "the bastion's host key": programOf(bastionUserData(awsSettings({ ...proxied, ...privateAccess }))),
  "a control-plane node":
    awsControlPlaneFiles(settings).find((file) => file.path === awsProgram)?.content ?? "",
  "a worker": programOf(workerCloudConfig(workerSpec(settings, poolOf(settings)), poolOf(settings))),
};

describe.skipIf(!have("python3"))("calls of AWS behind a proxy", () => {
  it.each(Object.entries(programs))("go through it from %s, in an empty environment", (_, program) => {
    const lines = `import sys, types
aws = types.ModuleType("aws")
exec(compile(sys.stdin.read(), "aws.py", "exec"), aws.__dict__)
request = aws.urllib.request
print(request.getproxies()["https"], request.proxy_bypass("ssm.eu-central-1.amazonaws.com"))
print(bool(request.proxy_bypass("one.internal")), bool(request.proxy_bypass("169.254.169.254")))
print([type(handler).__name__ for handler in aws.direct.handlers if "Proxy" in type(handler).__name__])`;
    const ran = spawnSync(
      "/usr/bin/env",
      ["-i", "PATH=/usr/bin:/bin:/usr/local/bin", "python3", "-I", "-c", lines],
      {
        input: program,
        encoding: "utf8",
      },
    );
    expect(ran.stdout + ran.stderr).toMatch(
      /^http:\/\/proxy\.example\.com:3129 (False|0)\nTrue True\n\[\]\n$/,
    );
  });

  it("have no proxy in them where the settings have none", () => {
    expect(programOf(controlPlaneUserData(awsSettings()))).toContain("PROXIES = {}\n");
  });
});
