import { describe, expect, it } from "vitest";
import {
  authoritiesOnly,
  authorityKeys,
  authorityValidity,
  clientCertificateValidity,
  protectedKeys,
} from "../../policy";
import { LOCALLY_SIGNED, PRIVATE_KEY, SELF_SIGNED } from "../../policy/resources";
import { ending, fake, messages, metalStack, run, unknown, type Fake } from "./support";

const inMetal = async (end: string): Promise<Fake> => ending(await metalStack(), end);
const caCertificate = () => inMetal("pki-ca-certificate");
const caKey = () => inMetal("pki-ca-key");
const admin = () => inMetal("-admin-certificate");

async function having(resource: Promise<Fake>, props: Record<string, unknown>): Promise<Fake> {
  const one = await resource;
  return { ...one, props: { ...one.props, ...props } };
}

describe("authority-validity", () => {
  const lasting = (hours: unknown) => having(caCertificate(), { validityPeriodHours: hours });

  it("takes the cluster's ten years, and five to the hour", async () => {
    expect(await messages(authorityValidity, await caCertificate())).toEqual([]);
    expect(await messages(authorityValidity, await lasting(5 * 8_760))).toEqual([]);
  });

  it("reports a CA that ends before", async () => {
    const found = await messages(authorityValidity, await lasting(5 * 8_760 - 1));
    expect(found).toEqual([expect.stringContaining("43799 hours, which is less than 5 years")]);
  });

  it("takes no number for no validity", async () => {
    expect(await messages(authorityValidity, await lasting(undefined))).toHaveLength(1);
  });

  it("goes by the configuration", async () => {
    expect(await messages(authorityValidity, await lasting(8_760), { minimumYears: 1 })).toEqual([]);
    expect(await messages(authorityValidity, await caCertificate(), { minimumYears: 11 })).toHaveLength(1);
  });

  it("has the engine say that it waits while the validity is not known", async () => {
    await expect(run(authorityValidity, await lasting(unknown))).rejects.toThrow(
      ".validityPeriodHours can't be known during preview",
    );
  });

  it("does not look at other certificates", async () => {
    expect((await run(authorityValidity, await admin())).notApplicable).toBe("no CA");
  });
});

describe("authorities-only", () => {
  it("reports a CA besides the cluster's, self-signed or signed by one", async () => {
    const stray = fake(SELF_SIGNED, { isCaCertificate: true });
    expect(await messages(authoritiesOnly, stray)).toEqual(["one is a CA, but not one of the cluster's"]);
    expect(await messages(authoritiesOnly, stray, { allow: ["one"] })).toEqual([]);
    const signed = await having(admin(), { isCaCertificate: true });
    expect(await messages(authoritiesOnly, signed)).toEqual([expect.stringContaining("is a CA")]);
  });

  it("takes other certificates", async () => {
    expect(await messages(authoritiesOnly, fake(SELF_SIGNED, { isCaCertificate: false }))).toEqual([]);
    expect(await messages(authoritiesOnly, await admin())).toEqual([]);
  });

  it.each([false, undefined])(
    "reports an Authority whose certificate is not a CA (%s)",
    async (isCaCertificate) => {
      const found = await messages(authoritiesOnly, await having(caCertificate(), { isCaCertificate }));
      expect(found).toEqual([expect.stringContaining("an Authority's certificate but not a CA")]);
    },
  );
});

describe("authority-keys", () => {
  const ofKind = async (props: Record<string, unknown>) => {
    const key = await caKey();
    return messages(authorityKeys, { ...key, props });
  };

  it.each([
    { algorithm: "ECDSA", ecdsaCurve: "P256" },
    { algorithm: "ECDSA", ecdsaCurve: "P384" },
    { algorithm: "RSA", rsaBits: 2048 },
    { algorithm: "RSA", rsaBits: 4096 },
    { algorithm: "RSA" },
  ])("takes %o", async (props) => {
    expect(await ofKind(props)).toEqual([]);
  });

  it.each([
    [{ algorithm: "RSA", rsaBits: 1024 }, "RSA of 1024 bits"],
    [{ algorithm: "ECDSA", ecdsaCurve: "P224" }, "ECDSA on P-224"],
    [{ algorithm: "ECDSA" }, "ECDSA on P-224"],
    [{ algorithm: "ED25519" }, "ED25519, which kubeadm cannot read"],
    [{}, "undefined, which kubeadm cannot read"],
  ])("reports %o", async (props, why) => {
    expect(await ofKind(props)).toEqual([expect.stringContaining(why)]);
  });

  it("does not look at keys of something else", async () => {
    const other = fake(PRIVATE_KEY, { algorithm: "ED25519" });
    expect((await run(authorityKeys, other)).notApplicable).toBeDefined();
  });
});

describe("client-certificate-validity", () => {
  it("takes the administrator's year", async () => {
    expect(await run(clientCertificateValidity, await admin())).toEqual({ violations: [] });
  });

  it("reports an hour more", async () => {
    const longer = await having(admin(), { validityPeriodHours: 8_761 });
    expect(await messages(clientCertificateValidity, longer)).toEqual([
      expect.stringContaining("8761 hours; the maximum is 8760"),
    ]);
  });

  it.each(["client_auth", "any_extended"])("looks at certificates for %s", async (use) => {
    const one = fake(LOCALLY_SIGNED, { allowedUses: [use], validityPeriodHours: 90_000 });
    expect(await messages(clientCertificateValidity, one)).toHaveLength(1);
  });

  it("does not look at those of servers", async () => {
    const server = await having(admin(), { allowedUses: ["server_auth"], validityPeriodHours: 87_600 });
    expect((await run(clientCertificateValidity, server)).notApplicable).toBeDefined();
  });

  it("goes by the configuration", async () => {
    expect(await messages(clientCertificateValidity, await admin(), { maximumHours: 720 })).toHaveLength(1);
  });
});

describe("protected-keys", () => {
  it.each([
    "pki-ca-key",
    "pki-ca-certificate",
    "etcd-ca-key",
    "front-proxy-ca-key",
    "-service-account",
    "-encryption",
  ])("reports %s without protection", async (end) => {
    const one = await inMetal(end);
    expect(await messages(protectedKeys, one)).toEqual([]);
    expect(await messages(protectedKeys, { ...one, protect: false })).toEqual([
      `${one.name} is not protected: a destroy or a replacement deletes it`,
    ]);
  });

  it("lets the administrator's key be, which a new one takes the place of", async () => {
    const key = await inMetal("-admin-key");
    expect(key.protect).toBe(false);
    expect((await run(protectedKeys, key)).notApplicable).toBe("can be made again");
  });

  it("reports all that the setting `protect: false` lays open", async () => {
    const stack = await metalStack({ settings: { protect: false } });
    const outcomes = await Promise.all(stack.map((one) => messages(protectedKeys, one)));
    // Key and certificate of three CAs, the service-account key, the key of encryption at rest.
    expect(outcomes.flat()).toHaveLength(8);
  });
});
