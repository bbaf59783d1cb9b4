import type * as pulumi from "@pulumi/pulumi";

/** What a key's text begins with: found in plain text, it was not kept secret. */
export const KEY = "key of ";

/** What the providers of a cluster would answer; no key is real, and each tells whose it is. */
export function made({ type, name }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  switch (type) {
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: `${KEY}${name}`,
        privateKeyPemPkcs8: `${KEY}${name}, PKCS #8`,
        publicKeyPem: `public ${name}`,
      };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `certificate of ${name}\n` };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: `request of ${name}` };
    case "command:local:Command":
      return { stdout: "{}" };
    default:
      return {};
  }
}
