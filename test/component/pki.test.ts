import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { Pki } from "../../components/pki/pki";
import type { SecretFile } from "../../host/protocol";
import { byName, record, type Recorded } from "../../testing/recorder";
import { KEY, made } from "./providers";

interface Built {
  readonly resources: readonly Recorded[];
  readonly pki: Pki;
}

async function build(protect = true): Promise<Built> {
  let pki: Pki | undefined;
  const resources = await record(() => (pki = new Pki("pki", { protect })), { outputs: made });
  if (pki === undefined) throw new Error("no PKI was made");
  return { resources, pki };
}

interface Known {
  isSecret: Promise<boolean>;
  promise(): Promise<unknown>;
}
const secret = (output: pulumi.Output<unknown>) => (output as unknown as Known).isSecret;
const value = <T>(output: pulumi.Output<T>) => (output as unknown as Known).promise() as Promise<T>;

let built: Built;
beforeAll(async () => {
  built = await build();
});

const authorities = ["pki-ca", "pki-etcd-ca", "pki-front-proxy-ca"];
const inputs = (name: string) => byName(built.resources, name).inputs;

describe("the authorities", () => {
  it.each([
    ["pki-ca", "kubernetes"],
    ["pki-etcd-ca", "etcd-ca"],
    ["pki-front-proxy-ca", "front-proxy-ca"],
  ])(
    "%s: a certificate of ten years for %s, signed by its own ECDSA key, for signing alone",
    (name, commonName) => {
      expect(inputs(`${name}-key`)).toMatchObject({ algorithm: "ECDSA", ecdsaCurve: "P256" });
      expect(inputs(`${name}-certificate`)).toMatchObject({
        subject: { commonName },
        isCaCertificate: true,
        validityPeriodHours: 87_600,
      });
      expect(inputs(`${name}-certificate`).allowedUses).toContain("cert_signing");
    },
  );

  it("are never renewed by an ordinary up", () => {
    for (const name of authorities) expect(inputs(`${name}-certificate`).earlyRenewalHours).toBeUndefined();
  });
});

describe("the administrator's certificate", () => {
  it("is of the group that kubeadm binds to cluster-admin, a year long, and renewed in its last month", () => {
    expect(inputs("pki-admin-request").subject).toEqual({
      commonName: "kubernetes-admin",
      organization: "kubeadm:cluster-admins",
    });
    expect(inputs("pki-admin-certificate")).toMatchObject({
      validityPeriodHours: 8_760,
      earlyRenewalHours: 720,
    });
    expect(inputs("pki-admin-certificate").allowedUses).toContain("client_auth");
  });

  it("is signed by the cluster's authority", () => {
    const request = byName(built.resources, "pki-admin-certificate");
    const urns = ["pki-ca-key", "pki-ca-certificate"].map((name) => byName(built.resources, name).urn);
    expect(request.dependsOn).toEqual(expect.arrayContaining(urns));
    expect(request.inputs.caCertPem).toBe("certificate of pki-ca-certificate\n");
  });
});

describe("secrets", () => {
  it("are marked in every input that takes a key", () => {
    for (const name of authorities)
      expect(pulumi.runtime.isRpcSecret(inputs(`${name}-certificate`).privateKeyPem), name).toBe(true);
    expect(pulumi.runtime.isRpcSecret(inputs("pki-admin-request").privateKeyPem)).toBe(true);
    expect(pulumi.runtime.isRpcSecret(inputs("pki-admin-certificate").caPrivateKeyPem)).toBe(true);
  });

  it("are marked in every output that holds a key, and only there", async () => {
    const { pki } = built;
    for (const output of [
      pki.adminKey,
      pki.controlPlaneFiles,
      pki.encryptionKey,
      pki.cluster.key,
      pki.cluster.signingKey,
      pki.etcd.key,
      pki.frontProxy.key,
    ])
      expect(await secret(output)).toBe(true);
    for (const output of [pki.clusterId, pki.adminCertificate, pki.cluster.certificate])
      expect(await secret(output)).toBe(false);
  });

  it("stay marked when nothing is known yet, as in the first preview", async () => {
    const resources = await record(() => new Pki("pki", { protect: true }), { preview: true });
    expect(pulumi.runtime.isRpcSecret(byName(resources, "pki-admin-request").inputs.privateKeyPem)).toBe(
      true,
    );
  });
});

describe("what a control-plane node is given", () => {
  it("is what kubeadm looks for under its own paths: three pairs and the service-account key", async () => {
    const files = await value<SecretFile[]>(built.pki.controlPlaneFiles);
    const of = (path: string) => files.find((file) => file.path === `/etc/kubernetes/pki/${path}`)?.content;
    expect(files.map((file) => file.path.slice("/etc/kubernetes/pki/".length)).sort()).toEqual([
      "ca.crt",
      "ca.key",
      "etcd/ca.crt",
      "etcd/ca.key",
      "front-proxy-ca.crt",
      "front-proxy-ca.key",
      "sa.key",
      "sa.pub",
    ]);
    expect(of("ca.crt")).toBe("certificate of pki-ca-certificate\n");
    expect(of("etcd/ca.key")).toBe(`${KEY}pki-etcd-ca-key, PKCS #8`);
    expect(of("front-proxy-ca.crt")).toBe("certificate of pki-front-proxy-ca-certificate\n");
    expect(of("sa.pub")).toBe("public pki-service-account");
    expect(of("sa.key")).toBe(`${KEY}pki-service-account`);
  });
});

describe("what is derived", () => {
  it("names the cluster by its authority's certificate, whatever white space ends it", async () => {
    const digest = createHash("sha256").update("certificate of pki-ca-certificate").digest("hex");
    expect(await value(built.pki.clusterId)).toBe(digest);
  });

  it("makes 32 bytes for encryption at rest out of a key of their own", async () => {
    const key = await value(built.pki.encryptionKey);
    expect(Buffer.from(key, "base64")).toHaveLength(32);
    expect(key).not.toContain(KEY);
    const others = await Promise.all([value(built.pki.adminKey), value(built.pki.cluster.key)]);
    expect(others).not.toContain(key);
  });
});

describe("the key for encryption at rest", () => {
  it("is another one for each name of a rotation, and the same again for the same name", async () => {
    const { pki } = built;
    const keys = [undefined, "2026-12", "2027-12", "2026-12"].map((name) => value(pki.encryptionKeyOf(name)));
    const [first, second, third, again] = await Promise.all(keys);
    expect(first).toBe(await value(pki.encryptionKey));
    expect(new Set([first, second, third]).size).toBe(3);
    expect(again).toBe(second);
    expect(await secret(pki.encryptionKeyOf("2026-12"))).toBe(true);
  });
});

describe("protection", () => {
  it("holds what cannot be made again: authorities, service-account and encryption key", () => {
    expect(
      built.resources
        .filter((one) => one.protect)
        .map((one) => one.name)
        .sort(),
    ).toEqual(
      [
        ...authorities.flatMap((name) => [`${name}-key`, `${name}-certificate`]),
        "pki-service-account",
        "pki-encryption",
      ].sort(),
    );
  });

  it("can be switched off", async () => {
    const { resources } = await build(false);
    expect(resources.filter((one) => one.protect)).toEqual([]);
  });
});

describe("a rotation", () => {
  const rotate = async (): Promise<Built> => {
    let pki: Pki | undefined;
    const resources = await record(() => (pki = new Pki("pki", { rotation: "2026-12" })), { outputs: made });
    return { resources, pki: pki ?? expect.fail() };
  };

  it("adds new CAs, keys and an administrator's certificate, and leaves every first CA and key as it was", async () => {
    const { resources } = await rotate();
    const names = (all: readonly Recorded[]) => all.map(({ name }) => name);
    const first = names(built.resources).filter((name) => !name.startsWith("pki-admin"));
    expect(names(resources)).toEqual(expect.arrayContaining(first));
    const added = names(resources).filter((name) => !names(built.resources).includes(name));
    expect(added.every((name) => name.includes("2026-12"))).toBe(true);
    for (const name of first) expect(byName(resources, name).inputs, name).toEqual(inputs(name));
  });

  it("keeps the cluster's identity, and gives the new CAs to hosts and to the administrator", async () => {
    const { resources, pki } = await rotate();
    expect(await value(pki.clusterId)).toBe(await value(built.pki.clusterId));
    const files = await value<SecretFile[]>(pki.controlPlaneFiles);
    for (const { path, content } of files) expect(content, path).toContain("2026-12");
    expect(byName(resources, "pki-admin-2026-12-certificate").inputs.caCertPem).toBe(
      "certificate of pki-ca-2026-12-certificate\n",
    );
    expect(byName(resources, "pki-ca-2026-12-certificate").inputs).toMatchObject({
      subject: { commonName: "kubernetes 2026-12" },
    });
  });

  it("protects the first CAs, so that destroy is refused, and none of its own, which the next one deletes", async () => {
    const { resources } = await rotate();
    const isProtected = (name: string) => byName(resources, name).protect === true;
    for (const part of ["ca", "etcd-ca", "front-proxy-ca"]) {
      expect(isProtected(`pki-${part}-key`), part).toBe(true);
      expect(isProtected(`pki-${part}-2026-12-key`), part).toBe(false);
    }
    expect(isProtected("pki-service-account")).toBe(true);
    expect(isProtected("pki-service-account-2026-12")).toBe(false);
  });
});
