import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { approverHost } from "../../kubeadm/approverHost";
import { OpensslKey } from "../../kubeadm/opensslKey";
import { have } from "../../../support/have";
import type { ScriptHost } from "../../kubeadm/scriptHost";
import { awsSettings } from "./support";

const node = "ip-10-0-1-20.eu-central-1.compute.internal";
/** As the cloud controller manager fills them in. */
const addresses = [
  [node, "InternalIP", "10.0.1.20"],
  [node, "ExternalIP", "198.51.100.20"],
  [node, "InternalDNS", node],
  [node, "Hostname", node],
  [node, "ExternalDNS", "ec2-198-51-100-20.eu-central-1.compute.amazonaws.com"],
  // What another node's kubelet wrote into its own status.
  ["evil", "ExternalDNS", "ec2-198-51-100-99.eu-central-1.compute.amazonaws.com"],
  ["evil", "ExternalDNS", "ec2-198-51-100-20.eu-central-1.compute.amazonaws.com"],
] as const;

describe.skipIf(!have("openssl"))("approver of serving certificates on AWS", () => {
  let key: OpensslKey;
  const hosts: ScriptHost[] = [];
  beforeAll(() => {
    key = new OpensslKey();
  });
  afterAll(() => key.remove());
  afterEach(() => hosts.splice(0).forEach((host) => host.remove()));

  function approved(who: string, names: string, region = "eu-central-1"): boolean {
    const host = approverHost(awsSettings({}, region));
    hosts.push(host);
    host.write(
      "/nodes",
      addresses.map(([name, type, address]) => `${name}\t${type}\t"${address}"\tworker\n`).join(""),
    );
    const request = key.request(`/O=system:nodes/CN=system:node:${who}`, names);
    const groups = '"system:nodes" "system:authenticated" ';
    host.write(
      "/requests",
      `"csr-1"\t"system:node:${who}"\t${groups}\t"digital signature" "server auth" \t${request}\n`,
    );
    const { status, output } = host.run();
    expect(status, output).toBe(0);
    return host.calls().includes("kubectl certificate approve csr-1");
  }

  it.each([
    ["its private name and address", `DNS:${node},IP:10.0.1.20`, true],
    [
      "all that the cloud controller manager gave it",
      `DNS:ec2-198-51-100-20.eu-central-1.compute.amazonaws.com,DNS:${node},IP:10.0.1.20,IP:198.51.100.20`,
      true,
    ],
    [
      "a public name of no address of its own",
      `DNS:ec2-198-51-100-99.eu-central-1.compute.amazonaws.com,DNS:${node}`,
      false,
    ],
    [
      "a public name of another region",
      `DNS:ec2-198-51-100-20.eu-west-1.compute.amazonaws.com,DNS:${node}`,
      false,
    ],
    [
      "a public name below another's domain",
      `DNS:ec2-198-51-100-20.eu-central-1.compute.amazonaws.com.example.com,DNS:${node}`,
      false,
    ],
    [
      "a public name with more in it",
      `DNS:ec2-198-51-100-20.x.eu-central-1.compute.amazonaws.com,DNS:${node}`,
      false,
    ],
    ["another node's private name", "DNS:ip-10-0-1-21.eu-central-1.compute.internal", false],
  ])("%s: %s is signed: %s", (_, names, signed) => expect(approved(node, names)).toBe(signed));

  it("does not believe another node that claims the name", () => {
    expect(approved("evil", "DNS:evil,DNS:ec2-198-51-100-20.eu-central-1.compute.amazonaws.com")).toBe(false);
    expect(approved("evil", "DNS:evil,DNS:ec2-198-51-100-99.eu-central-1.compute.amazonaws.com")).toBe(false);
  });

  it("knows the public names of us-east-1", () => {
    expect(approved(node, `DNS:ec2-198-51-100-20.compute-1.amazonaws.com,DNS:${node}`, "us-east-1")).toBe(
      true,
    );
  });
});
