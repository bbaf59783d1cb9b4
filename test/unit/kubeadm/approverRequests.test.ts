import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { have } from "../../support/have";
import { settingsOf } from "../../support/kubeadmSettings";
import { approverHost } from "./approverHost";
import {
  authority,
  challenge,
  dns,
  extensionRequest,
  inApi,
  ip,
  namesExtension,
  pem,
  relativeName,
  Requests,
  UTF8,
  type Parts,
} from "./requestBytes";

const honest: Parts = { node: "w1", names: [dns("w1"), ip(10, 40, 0, 21)] };
const evilNames = [dns("kubernetes.default.svc"), ip(10, 96, 0, 1)];
/** Names of the requests that the script approves, out of all of them in one run. */
function approved(requests: Readonly<Record<string, string>>): Set<string> {
  const host = approverHost(settingsOf({}));
  try {
    host.write("/nodes", 'w1\tHostname\t"w1"\tworker\nw1\tInternalIP\t"10.40.0.21"\tworker\n');
    const lines = Object.entries(requests).map(
      ([name, request]) =>
        `"${name}"\t"system:node:w1"\t"system:nodes" "system:authenticated" \t"digital signature" "server auth" \t${request}\n`,
    );
    host.write("/requests", lines.join(""));
    const { status, output } = host.run();
    expect(status, output).toBe(0);
    const prefix = "kubectl certificate approve ";
    return new Set(
      host
        .calls()
        .filter((call) => call.startsWith(prefix))
        .map((call) => call.slice(prefix.length)),
    );
  } finally {
    host.remove();
  }
}

const keys = new Requests();

/** One request of each kind that is not what a kubelet writes, though its signature is good. */
function crooked(): Record<string, string> {
  const parts: Record<string, Partial<Parts>> = {
    "two-requests-first-long": {
      longAt: "attribute",
      after: [extensionRequest(namesExtension(evilNames))],
    },
    "two-requests": { after: [extensionRequest(namesExtension(evilNames))] },
    "two-equal-requests": { after: [extensionRequest(namesExtension(honest.names))] },
    "evil-request-first": { before: [extensionRequest(namesExtension(evilNames))] },
    "two-lists-of-names": { afterNames: [namesExtension(evilNames)] },
    "other-attribute": { after: [challenge] },
    "other-attribute-first": { before: [challenge] },
    "an-authority": { afterNames: [authority] },
    "an-authority-first": { beforeNames: [authority] },
    "critical-names": { critical: true },
    "critical-false-written": { critical: false },
    "utf8-subject": { stringTag: UTF8 },
    "teletex-subject": { stringTag: 0x14 },
    "more-subject": { moreSubject: [relativeName("organization", "system:masters")] },
    "more-subject-unit": { moreSubject: [relativeName("unit", "x")] },
    "subject-turned-round": { commonNameFirst: true },
    "version-1": { version: 1 },
    "unused-bits": { unused: 1 },
    "trailing-request": { trailing: "request" },
    "trailing-info": { trailing: "info" },
    "trailing-names": { trailing: "names" },
    "trailing-extension": { trailing: "extension" },
    "newline-in-name": { names: [dns("w1\nx"), dns("kubernetes.default.svc"), ip(10, 40, 0, 21)] },
    "newline-after-name": { names: [dns("w1\n"), ip(10, 40, 0, 21)] },
    "newline-before-name": { names: [dns("\nw1"), ip(10, 40, 0, 21)] },
    "nul-in-name": { names: [dns("w1\0.example.com"), ip(10, 40, 0, 21)] },
    "nul-after-name": { names: [dns("w1\0"), ip(10, 40, 0, 21)] },
    "comma-in-name": { names: [dns("w1, IP Address:10.40.0.21"), ip(10, 40, 0, 21)] },
    "space-after-name": { names: [dns("w1 "), ip(10, 40, 0, 21)] },
    "dot-after-name": { names: [dns("w1."), ip(10, 40, 0, 21)] },
    "upper-case": { names: [dns("W1"), ip(10, 40, 0, 21)] },
    wildcard: { names: [dns("*"), ip(10, 40, 0, 21)] },
    "wildcard-below": { names: [dns("*.w1"), ip(10, 40, 0, 21)] },
    "empty-name": { names: [dns(""), dns("w1"), ip(10, 40, 0, 21)] },
    "name-twice": { names: [dns("w1"), dns("w1"), ip(10, 40, 0, 21)] },
    "address-twice": { names: [dns("w1"), ip(10, 40, 0, 21), ip(10, 40, 0, 21)] },
    "address-first": { names: [ip(10, 40, 0, 21), dns("w1")] },
    "address-as-ipv6": { names: [dns("w1"), ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 40, 0, 21)] },
    "address-with-mask": { names: [dns("w1"), ip(10, 40, 0, 21, 255, 255, 255, 255)] },
    "short-address": { names: [dns("w1"), ip(10, 40, 0)] },
    "empty-address": { names: [dns("w1"), ip()] },
    "address-as-name": { names: [dns("10.40.0.21"), dns("w1")] },
    mail: { names: [dns("w1"), [0x81, Buffer.from("w1@w1")], ip(10, 40, 0, 21)] },
    uri: { names: [dns("w1"), ip(10, 40, 0, 21), [0x86, Buffer.from("spiffe://w1")]] },
    "registered-id": { names: [dns("w1"), ip(10, 40, 0, 21), [0x88, Buffer.from([42])]] },
    "other-name": { names: [[0xa0, Buffer.from("06012aa0020500", "hex")], dns("w1"), ip(10, 40, 0, 21)] },
    "constructed-name": { names: [[0xa2, Buffer.from("0c027731", "hex")], ip(10, 40, 0, 21)] },
    "foreign-name": { names: [dns("kubernetes.default.svc"), dns("w1"), ip(10, 40, 0, 21)] },
    "foreign-address": { names: [dns("w1"), ip(10, 40, 0, 21), ip(10, 96, 0, 1)] },
    "no-names": { names: [] },
  };
  for (const longAt of [
    "request",
    "info",
    "attributes",
    "attribute",
    "extension",
    "octets",
    "names",
    "name",
  ] as const)
    parts[`long-${longAt}`] = { longAt };
  const requests = Object.entries(parts).map(
    ([name, part]) => [name, keys.request({ ...honest, ...part })] as const,
  );
  const der = keys.der(honest);
  const good = pem(der);
  return {
    ...Object.fromEntries(requests),
    "other-curve": new Requests("P-384").request(honest),
    "other-pem-type": inApi(pem(der, "NEW CERTIFICATE REQUEST")),
    "text-before": inApi(`hello\n${good}`),
    "text-after": inApi(`${good}hello\n`),
    "another-after": inApi(good + pem(keys.der({ ...honest, names: evilNames }))),
    "another-before": inApi(pem(keys.der({ ...honest, names: evilNames })) + good),
    "a-header": inApi(good.replace("-----\n", "-----\nProc-Type: 4,CLEAR\n\n")),
    "windows-lines": inApi(good.replaceAll("\n", "\r\n")),
    "no-last-newline": inApi(good.trimEnd()),
    "one-line": inApi(
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`,
    ),
    "plain-der": der.toString("base64"),
    huge: keys.request({ ...honest, names: Array.from({ length: 2000 }, (_, at) => dns(`n${at}`)) }),
    "two-extension-requests.pem": inApi(shown("csr-two-extension-requests.pem")),
    "newline-in-name.pem": inApi(shown("csr-newline-in-name.pem")),
  };
}

/** Requests of a review, each approved by an approver that read what OpenSSL prints. */
function shown(name: string): string {
  return fs.readFileSync(path.join(__dirname, "requests", name), "latin1");
}

/** Some bytes of what is signed changed, taken out, put in or doubled; the signature is made after it. */
function change(info: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = info;
  for (let left = 1 + below(3); left > 0; left--) {
    const at = below(bytes.length);
    const to = Math.min(bytes.length, at + 1 + below(12));
    const kind = below(4);
    const put =
      kind === 0
        ? [below(256)]
        : kind === 1
          ? []
          : kind === 2
            ? [...bytes.subarray(at, to), ...bytes.subarray(at, to)]
            : [below(256), bytes[at]];
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(put),
      bytes.subarray(kind === 2 ? to : at + 1),
    ]);
  }
  return bytes;
}

describe.skipIf(!have("openssl"))("what the approver takes for a request of a kubelet", () => {
  it("approves what Go writes for a kubelet's template", () => {
    expect([...approved({ good: keys.request(honest) })]).toEqual(["good"]);
  });

  it("approves nothing that is written in any other way", { timeout: 120_000 }, () => {
    expect([...approved(crooked())]).toEqual([]);
  });

  it(
    "approves a changed request only where the change left its bytes as they were",
    { timeout: 240_000 },
    () => {
      const random = Math.random;
      const same = new Set<string>();
      const requests: Record<string, string> = {};
      for (let number = 0; number < 150; number++) {
        let unchanged = false;
        requests[`r${number}`] = keys.request({
          ...honest,
          change: (info) => {
            const other = number % 25 === 0 ? info : change(info, random);
            unchanged = other.equals(info);
            return other;
          },
        });
        if (unchanged) same.add(`r${number}`);
      }
      expect(same.size).toBeGreaterThan(0);
      expect(approved(requests)).toEqual(same);
    },
  );
});

const GO = `package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net"
	"os"
)

type asked struct {
	Node string
	DNS  []string
	IPs  []string
}

// For each template on standard input, the request that a kubelet makes of it.
func main() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var one asked
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		template := x509.CertificateRequest{Subject: pkix.Name{CommonName: "system:node:" + one.Node, Organization: []string{"system:nodes"}}, DNSNames: one.DNS}
		for _, address := range one.IPs {
			template.IPAddresses = append(template.IPAddresses, net.ParseIP(address))
		}
		der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
		if err != nil {
			panic(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
		os.Stdout.WriteString(base64.StdEncoding.EncodeToString(text) + "\\n")
	}
}
`;

// The bytes above are the test's own reading of Go's source; here Go itself writes them.
describe.skipIf(!have("openssl") || !have("go", "the bytes are compared without Go too"))(
  "requests that Go writes",
  () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "requests-"));
    beforeAll(() => fs.writeFileSync(path.join(folder, "main.go"), GO));
    afterAll(() => fs.rmSync(folder, { recursive: true }));

    it("are approved, with as many names as a node may have", { timeout: 240_000 }, () => {
      const asked = [
        { Node: "w1", DNS: ["w1"], IPs: ["10.40.0.21"] },
        { Node: "w1", DNS: ["w1"], IPs: [] },
        { Node: "w1", DNS: [], IPs: ["10.40.0.21"] },
      ];
      const { stdout, stderr, status } = spawnSync("go", ["run", "main.go"], {
        cwd: folder,
        input: asked.map((one) => `${JSON.stringify(one)}\n`).join(""),
        encoding: "utf8",
        env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod", GO111MODULE: "off" },
      });
      expect(status, stderr).toBe(0);
      const requests = Object.fromEntries(
        stdout
          .trim()
          .split("\n")
          .map((line, at) => [`go${at}`, line]),
      );
      expect([...approved(requests)]).toEqual(["go0", "go1", "go2"]);
    });
  },
);
