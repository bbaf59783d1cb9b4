import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { z } from "zod";
import { parseArguments } from "../../model/settings/alone";
import { matching } from "../../model/settings/schema/primitives";
import { made } from "../outputs";
import { partOf } from "../part";

/** Hours in ten years: a CA is never renewed by an ordinary `up`. */
const CA_HOURS = 87_600;

/** Arguments of `Authority`. */
export interface AuthorityArgs {
  /** Common name of the CA's certificate. kubeadm uses `kubernetes`, `etcd-ca` and `front-proxy-ca`. */
  readonly commonName: string;
  /**
   * Protects the key and the certificate from `pulumi destroy` and replacement.
   *
   * @defaultValue the component's option `protect`, or `true`
   */
  readonly protect?: boolean;
}

const schema = z.strictObject({
  commonName: matching(/^\S.{0,63}$/, "text of 64 characters at most"),
  protect: z.boolean().optional(),
});

/**
 * A certificate authority: an ECDSA P-256 key and a self-signed certificate, valid for ten years.
 *
 * ```ts
 * new Authority("etcd-ca", { commonName: "etcd-ca" });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Authority extends pulumi.ComponentResource {
  /** The CA's certificate, in PEM. */
  readonly certificate: pulumi.Output<string>;
  /** The private key, in PEM (PKCS #8); secret. */
  readonly key: pulumi.Output<string>;
  /** The private key in the PEM format that the tls provider signs with; secret. */
  readonly signingKey: pulumi.Output<string>;

  constructor(name: string, args: AuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    partOf("Authority", name, args, {}, (given, title) => parseArguments(title, given, schema));
    super("kubeadm:index:Authority", name, {}, opts);
    const child = { parent: this, protect: args.protect ?? opts?.protect ?? true };
    const key = new tls.PrivateKey(`${name}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, child);
    const certificate = new tls.SelfSignedCert(
      `${name}-certificate`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName },
        isCaCertificate: true,
        validityPeriodHours: CA_HOURS,
        allowedUses: ["digital_signature", "key_encipherment", "cert_signing"],
        setSubjectKeyId: true,
      },
      child,
    );
    this.certificate = made(certificate.certPem);
    this.key = pulumi.secret(made(key.privateKeyPemPkcs8));
    this.signingKey = pulumi.secret(made(key.privateKeyPem));
    this.registerOutputs({ certificate: this.certificate, key: this.key, signingKey: this.signingKey });
  }
}
