import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { made } from "../outputs";

export interface ClientCertificateArgs {
  /** Who signs it. */
  readonly authority: {
    readonly signingKey: pulumi.Input<string>;
    readonly certificate: pulumi.Input<string>;
  };
  /** User and group to the API server. */
  readonly subject: { readonly commonName: string; readonly organization: string };
  readonly validityHours: number;
  /** Hours before its end in which an `up` makes a new one. */
  readonly renewBeforeHours: number;
}

/** Key, request and certificate of somebody who calls the API: `<prefix>-key`, `-request`, `-certificate`. PEM; the key is secret. */
export function clientCertificate(
  prefix: string,
  { authority, subject, validityHours, renewBeforeHours }: ClientCertificateArgs,
  opts: pulumi.CustomResourceOptions,
): { readonly certificate: pulumi.Output<string>; readonly key: pulumi.Output<string> } {
  const key = new tls.PrivateKey(`${prefix}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, opts);
  const request = new tls.CertRequest(
    `${prefix}-request`,
    { privateKeyPem: key.privateKeyPem, subject },
    opts,
  );
  const certificate = new tls.LocallySignedCert(
    `${prefix}-certificate`,
    {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: authority.signingKey,
      caCertPem: authority.certificate,
      validityPeriodHours: validityHours,
      earlyRenewalHours: renewBeforeHours,
      allowedUses: ["digital_signature", "key_encipherment", "client_auth"],
    },
    opts,
  );
  return { certificate: made(certificate.certPem), key: pulumi.secret(made(key.privateKeyPem)) };
}
