import { generateKeyPairSync } from "node:crypto";

const PRIVATE_KEY = "tls:index/privateKey:PrivateKey";

const pem = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;

/** What stands for certificates and requests: text of the right form that nobody can verify. */
const PLACEHOLDERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "tls:index/selfSignedCert:SelfSignedCert": { certPem: pem("CERTIFICATE") },
  "tls:index/locallySignedCert:LocallySignedCert": { certPem: pem("CERTIFICATE") },
  "tls:index/certRequest:CertRequest": { certRequestPem: pem("CERTIFICATE REQUEST") },
};

type Pair = Readonly<
  Record<"publicKeyPem" | "privateKeyPem" | "privateKeyPemPkcs8" | "publicKeyOpenssh", string>
>;

/** Runners load modules anew for each file of tests, and an RSA key takes up to half a second. */
const PAIRS = Symbol.for("pulumi-kubeadm.testing.keys");
const ofProcess = globalThis as { [PAIRS]?: Map<string, Pair> };
const pairs = (ofProcess[PAIRS] ??= new Map<string, Pair>());

/**
 * What the provider `tls` adds to its resources. A key is a pair made once in a process for each algorithm, since programs
 * compute with public keys (service-account issuers do). The line for OpenSSH has the right form and no meaning.
 */
export function keyOutputs(type: string, inputs: Readonly<Record<string, unknown>>): Record<string, string> {
  if (type !== PRIVATE_KEY) return { ...PLACEHOLDERS[type] };
  const algorithm = typeof inputs.algorithm === "string" ? inputs.algorithm : "RSA";
  const pair = pairs.get(algorithm) ?? newPair(algorithm);
  pairs.set(algorithm, pair);
  return { ...pair };
}

function newPair(algorithm: string): Pair {
  const { publicKey, privateKey } =
    algorithm === "RSA"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : algorithm === "ED25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return {
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKeyPem: pkcs8,
    privateKeyPemPkcs8: pkcs8,
    publicKeyOpenssh: `ssh-${algorithm.toLowerCase()} AAAA\n`,
  };
}
