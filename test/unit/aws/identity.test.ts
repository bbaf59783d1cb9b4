import { createHash, createPublicKey, createVerify, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { discovery, jwks } from "../../../model/aws/identity";
import { publicKeyOf } from "../../../model/aws/sshKey";
import { newKey } from "../../support/sshKey";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();

describe("the key set", () => {
  it("has a key that verifies what the private one signs", () => {
    const [key] = jwks([pem]).keys;
    const read = createPublicKey({ key: { ...key }, format: "jwk" });
    const token = Buffer.from("header.payload");
    const signature = sign("RSA-SHA256", token, privateKey);
    expect(createVerify("RSA-SHA256").update(token).verify(read, signature)).toBe(true);
  });

  it("names the key as the API server names it in its tokens: SHA-256 of the DER, base64url without padding", () => {
    const der = publicKey.export({ type: "spki", format: "der" });
    const [key] = jwks([pem]).keys;
    const expected = createHash("sha256").update(der).digest("base64");
    expect(key?.kid).toBe(expected.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
    expect(key).toMatchObject({ alg: "RS256", use: "sig", kty: "RSA", e: "AQAB" });
  });

  it("has several while a key is rotated", () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    const { keys } = jwks([pem, other.export({ type: "spki", format: "pem" }).toString()]);
    expect(new Set(keys.map((key) => key.kid)).size).toBe(2);
  });

  it("refuses a key that is not RSA, and text that is none", () => {
    const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    expect(() => jwks([elliptic.export({ type: "spki", format: "pem" }).toString()])).toThrow("RSA");
    expect(() => jwks(["no key"])).toThrow();
  });
});

describe("discovery", () => {
  it("says what OIDC Discovery asks for, and where the keys are", () => {
    const issuer = "https://documents.s3.eu-central-1.amazonaws.com";
    expect(discovery(issuer)).toEqual({
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
  });
});

describe("the SSH key of the settings", () => {
  it("has its public half taken from it", () => {
    const pair = newKey();
    expect(publicKeyOf(pair.private)).toBe(pair.public.trim().split(" ").slice(0, 2).join(" "));
  });

  it("is refused when it cannot be read, without being quoted", () => {
    expect(() => publicKeyOf("a secret that is not a key")).toThrow(/not a private key/);
    expect(() => publicKeyOf("a secret that is not a key")).not.toThrow(/a secret that/);
  });
});
