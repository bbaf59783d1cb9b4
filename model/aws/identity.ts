import { createPublicKey, type KeyObject } from "node:crypto";
import { sha256 } from "../core/hash";
import { JWKS_PATH } from "../kubeadm/issuer";

/** Where the API server publishes the same, below the issuer (Kubernetes, pkg/serviceaccount/openidmetadata.go). */
export const DISCOVERY_PATH = ".well-known/openid-configuration";

/** A JSON web key, as RFC 7517 and RFC 7518 name its members. */
export interface JsonWebKey {
  readonly use: "sig";
  readonly kty: "RSA";
  readonly kid: string;
  readonly alg: "RS256";
  readonly n: string;
  readonly e: string;
}

/**
 * The id that the API server writes into the header of its tokens: SHA-256 over the key's DER, base64url (Kubernetes,
 * pkg/serviceaccount/jwt.go, keyIDFromPublicKey).
 */
function keyId(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  return sha256(der, "base64url");
}

/**
 * The set of keys that service-account tokens are signed with.
 * @param publicKeys RSA public keys in PEM; the first signs
 * @throws TypeError when a key is not RSA
 */
export function jwks(publicKeys: readonly string[]): { readonly keys: readonly JsonWebKey[] } {
  return {
    keys: publicKeys.map((pem) => {
      const key = createPublicKey(pem);
      const { kty, n, e } = key.export({ format: "jwk" });
      if (kty !== "RSA" || n === undefined || e === undefined)
        throw new TypeError("service-account keys for pod identity are RSA keys");
      return { use: "sig", kty, kid: keyId(key), alg: "RS256", n, e };
    }),
  };
}

/** What OIDC Discovery asks for, in the words that the API server uses itself. */
export function discovery(issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    jwks_uri: `${issuer}/${JWKS_PATH}`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}
