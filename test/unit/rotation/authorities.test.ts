import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  finalFiles,
  isRotated,
  readHostKeys,
  rotationTarget,
  signingFiles,
  trustedAnywhere,
  trustingFiles,
  trustsAlone,
  workerFile,
  type HostKeys,
  type RotationTarget,
} from "../../../model/rotation/authorities";
import { phasesDone } from "../../../model/rotation/phases";
import { readKeysScript } from "../../../model/rotation/scripts";
import { makeAuthorities, PKI } from "./made";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "rotation-"));
const sets: Record<
  string,
  { readonly target: RotationTarget; readonly keys: HostKeys; readonly folder: string }
> = {};

/** CAs and a service-account key as the stack makes them, and a host that has them. */
function make(name: string): (typeof sets)[string] {
  const folder = path.join(root, name, "pki");
  const files = makeAuthorities(folder, name);
  const said = execFileSync("bash", ["-c", readKeysScript().replaceAll(PKI, folder)], { encoding: "utf8" });
  return { target: rotationTarget(files), keys: readHostKeys(said), folder };
}

beforeAll(() => {
  for (const name of ["old", "new", "third"]) sets[name] = make(name);
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const of = (name: string) => sets[name] ?? expect.fail(name);
const subjects = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g)?.map((pem) =>
    execFileSync("openssl", ["x509", "-noout", "-subject", "-nameopt", "RFC2253"], {
      input: pem,
      encoding: "utf8",
    })
      .trim()
      .replace("subject=CN=", ""),
  ) ?? [];
const contentOf = (files: readonly { path: string; content: string }[], file: string): string =>
  files.find((one) => one.path === `${PKI}/${file}`)?.content ?? expect.fail(file);

describe("what a host says of itself", () => {
  it("names what it signs with, and shows no private key", () => {
    const { keys, folder } = of("old");
    expect(Object.keys(keys.signers).sort()).toEqual(["ca", "etcd/ca", "front-proxy-ca"]);
    const said = execFileSync("bash", ["-c", readKeysScript().replaceAll(PKI, folder)], { encoding: "utf8" });
    const decoded = said.split(/\s+/).map((word) => Buffer.from(word, "base64").toString("latin1"));
    expect([said, ...decoded].join("\n")).not.toContain("PRIVATE KEY");
  });

  it("a record that a power cut emptied is none", () => {
    expect(readHostKeys("##record \0\0\0\n").record).toBeUndefined();
    expect(
      readHostKeys('##record {"rotation":"a","authority":"b","phase":"signed","cluster":"c"}\n').record
        ?.phase,
    ).toBe("signed");
  });
});

describe("files of a control-plane node", () => {
  it("while both are trusted: what signs comes first, where kubeadm looks for it", () => {
    const { keys } = of("old");
    const { target } = of("new");
    const files = trustingFiles(keys, trustedAnywhere([keys]), target) ?? expect.fail();
    expect(subjects(contentOf(files.others, "ca.crt"))).toEqual(["ca old", "ca new"]);
    expect(subjects(contentOf(files.others, "etcd/ca.crt"))).toEqual(["etcd-ca old", "etcd-ca new"]);
    expect(contentOf(files.others, "sa.pub").match(/BEGIN PUBLIC KEY/g)).toHaveLength(2);
    expect(files.signing.path).toBe(`${PKI}/ca-signing.crt`);
    expect(subjects(files.signing.content)).toEqual(["ca old"]);
    expect(files.others.map((one) => one.content).join("")).not.toContain("PRIVATE KEY");
  });

  it("when the new ones sign, the old ones are trusted still", () => {
    const { target } = of("new");
    const files = signingFiles(trustedAnywhere([of("old").keys]), target);
    expect(subjects(contentOf(files, "ca.crt"))).toEqual(["ca new", "ca old"]);
    expect(subjects(contentOf(files, "ca-signing.crt"))).toEqual(["ca new"]);
    expect(contentOf(files, "ca.key")).toBe(target.pairs.ca.key);
    // A key before its certificate would be a pair that fits nothing, to a controller manager that starts in between.
    expect(files.findIndex((one) => one.path.endsWith("ca.key"))).toBeGreaterThan(
      files.findIndex((one) => one.path === `${PKI}/ca-signing.crt`),
    );
  });

  it("at the end they are byte for byte what the stack gives every control-plane node", () => {
    const { target } = of("new");
    const files = finalFiles(target);
    expect(files).toHaveLength(8);
    expect(files.every(({ path: one, mode }) => isRotated(one) && mode === "0600")).toBe(true);
    expect(contentOf(files, "ca.crt")).toBe(target.pairs.ca.trusted);
  });

  it("in the middle of one rotation, another one: all three are trusted, and what signed last still does", () => {
    const [old, middle] = [of("old"), of("new")];
    const first = trustingFiles(old.keys, trustedAnywhere([old.keys]), middle.target) ?? expect.fail();
    const trusted = { ...old.keys.trusted, ca: pems(contentOf(first.others, "ca.crt")) };
    // One control-plane node signs with the new CA already, and one does not.
    const hosts: HostKeys[] = [
      { trusted, signers: middle.keys.signers },
      { trusted, signers: old.keys.signers },
    ];
    const bundles = hosts.map((keys) => {
      const files = trustingFiles(keys, trustedAnywhere(hosts), of("third").target) ?? expect.fail();
      return subjects(contentOf(files.others, "ca.crt"));
    });
    expect(bundles).toEqual([
      ["ca new", "ca old", "ca third"],
      ["ca old", "ca new", "ca third"],
    ]);
  });

  it("a private key that fits no certificate is noticed", () => {
    const keys = { ...of("old").keys, signers: of("new").keys.signers };
    expect(trustingFiles(keys, trustedAnywhere([keys]), of("third").target)).toBeUndefined();
  });
});

function pems(text: string): string[] {
  return text.match(/-----BEGIN [^]*?-----END [A-Z ]+-----/g) ?? [];
}

describe("a host is done", () => {
  it("when it trusts nothing but the new ones, as one that joined with them", () => {
    const { keys, target } = of("new");
    expect(trustsAlone(keys, target)).toBe(true);
    expect(trustsAlone(of("old").keys, target)).toBe(false);
    const worker: HostKeys = { trusted: { ca: keys.trusted.ca ?? [] }, signers: {} };
    expect(trustsAlone(worker, target)).toBe(true);
    expect(trustsAlone({ trusted: {}, signers: {} }, target)).toBe(false);
  });

  it("with the phases of this rotation, and not of another", () => {
    const record = { rotation: "2026-12", authority: "aa", phase: "issued", cluster: "cc" } as const;
    expect(phasesDone(record, "aa")).toBe(3);
    expect(phasesDone(record, "bb")).toBe(0);
    expect(phasesDone({ ...record, phase: "begun" }, "aa")).toBe(0);
    expect(phasesDone(undefined, "aa")).toBe(0);
  });
});

it("a worker trusts both, then the new CA as the stack gives it", () => {
  const { keys } = of("old");
  const { target } = of("new");
  const anywhere = trustedAnywhere([keys]);
  expect(subjects(workerFile(keys, anywhere, target, false).content)).toEqual(["ca old", "ca new"]);
  expect(workerFile(keys, anywhere, target, true).content).toBe(target.pairs.ca.trusted);
});

it("tokens name the new service-account key as Kubernetes does", () => {
  const { target, folder } = of("new");
  const der = execFileSync("openssl", ["pkey", "-pubin", "-in", `${folder}/sa.pub`, "-outform", "DER"]);
  const hash = execFileSync("openssl", ["dgst", "-sha256", "-binary"], { input: der });
  expect(target.tokenKey).toBe(
    hash.toString("base64").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
  );
});
