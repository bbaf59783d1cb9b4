import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { z } from "zod";
import { sha256 } from "../../model/core/hash";
import { paths } from "../../model/kubeadm";
import type { SecretFile } from "../../host/protocol";
import { parseArguments } from "../../model/settings/alone";
import { rotationName } from "../../model/settings/schema/common";
import { made } from "../outputs";
import { partOf } from "../part";
import { Authority } from "./authority";
import { clientCertificate } from "./clientCertificate";

/** Hours in a year. */
const ADMIN_HOURS = 8_760;
/** Hours in thirty days: an `up` in the last month renews it. */
const ADMIN_EARLY_HOURS = 720;
/** kubeadm binds this group to cluster-admin, without the power of system:masters that nothing can take back. */
const ADMIN_GROUP = "kubeadm:cluster-admins";

/** Arguments of `Pki`. */
export interface PkiArgs {
  /**
   * Protects the CAs and the service-account key from `pulumi destroy` and replacement.
   *
   * @defaultValue the component's option `protect`, or `true`
   */
  readonly protect?: boolean;
  /**
   * Name of the latest rotation: another name makes new CAs and a new service-account key, besides the first ones.
   *
   * @defaultValue none: the first ones are in use
   */
  readonly rotation?: string;
}

const schema = z.strictObject({ protect: z.boolean().optional(), rotation: rotationName.optional() });

/**
 * The cluster's CAs and keys. They exist before any machine does; nothing is read back from a host. On each
 * control-plane node kubeadm issues leaf certificates from these CAs, and a timer renews them.
 *
 * The first CAs and keys stay in the state when they are rotated: the certificate of the first cluster CA is the
 * cluster's identity, and their protection refuses a destroy. Those of a later rotation are not protected, so that Pulumi
 * deletes them at the end of the next one.
 *
 * ```ts
 * new Pki("shop-pki", { protect: true });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Pki extends pulumi.ComponentResource {
  /** The cluster CA. It signs certificates of the API server, kubelets and people. */
  readonly cluster: Authority;
  /** The etcd CA. It signs certificates of etcd members and clients. */
  readonly etcd: Authority;
  /** The front-proxy CA. It signs the certificate that the API server shows to extension API servers. */
  readonly frontProxy: Authority;
  /** SHA-256 of the first cluster CA's certificate, in hex. It identifies the cluster that a host belongs to, whatever is rotated. */
  readonly clusterId: pulumi.Output<string>;
  /**
   * Client certificate of the group `kubeadm:cluster-admins`, in PEM. It is valid for a year and renewed in its last
   * thirty days.
   */
  readonly adminCertificate: pulumi.Output<string>;
  /** Private key of `adminCertificate`, in PEM; secret. */
  readonly adminKey: pulumi.Output<string>;
  /** Files under `/etc/kubernetes/pki` that a control-plane node needs before kubeadm runs; secret. */
  readonly controlPlaneFiles: pulumi.Output<SecretFile[]>;
  /** Public key that verifies service-account tokens, in PEM. */
  readonly serviceAccountKey: pulumi.Output<string>;
  /** 32 random bytes in base64 for encryption at rest, used unless the settings name keys; secret. */
  readonly encryptionKey: pulumi.Output<string>;

  private readonly derived: (use: string) => pulumi.Output<string>;

  /** 32 bytes in base64 that snapshots of etcd are encrypted with; from the same protected key. Secret. */
  readonly backupKey: pulumi.Output<string>;

  constructor(name: string, args: PkiArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    partOf("Pki", name, args, {}, (given, title) => parseArguments(title, given, schema));
    super("kubeadm:index:Pki", name, {}, opts);
    const { protect = opts?.protect ?? true, rotation } = args;
    const first = signersOf(name, "", { parent: this, protect });
    const { cluster, etcd, frontProxy, serviceAccount } =
      rotation === undefined
        ? first
        : signersOf(name, `-${rotation}`, { parent: this, protect: false }, ` ${rotation}`);
    this.cluster = cluster;
    this.etcd = etcd;
    this.frontProxy = frontProxy;
    const encryption = new tls.PrivateKey(
      `${name}-encryption`,
      { algorithm: "ED25519" },
      { parent: this, protect },
    );
    const admin = clientCertificate(
      `${name}-admin${rotation === undefined ? "" : `-${rotation}`}`,
      {
        authority: this.cluster,
        subject: { commonName: "kubernetes-admin", organization: ADMIN_GROUP },
        validityHours: ADMIN_HOURS,
        renewBeforeHours: ADMIN_EARLY_HOURS,
      },
      { parent: this },
    );
    this.serviceAccountKey = made(serviceAccount.publicKeyPem);

    this.clusterId = first.cluster.certificate.apply((pem) => sha256(pem.trim()));
    this.adminCertificate = admin.certificate;
    this.adminKey = admin.key;
    this.derived = (use: string): pulumi.Output<string> =>
      pulumi.secret(
        made(encryption.privateKeyPem).apply((pem) => sha256(`pulumi-kubeadm ${use}\n${pem}`, "base64")),
      );
    this.encryptionKey = this.derived("encryption at rest");
    this.backupKey = this.derived("snapshots of etcd");
    this.controlPlaneFiles = pulumi.secret(
      pulumi
        .all([
          pair("ca", this.cluster),
          pair("etcd/ca", this.etcd),
          pair("front-proxy-ca", this.frontProxy),
          pulumi
            .all([this.serviceAccountKey, made(serviceAccount.privateKeyPem)])
            .apply(([pub, key]) => [file("sa.pub", pub), file("sa.key", key)]),
        ])
        .apply((pairs) => pairs.flat()),
    );
    this.registerOutputs({
      clusterId: this.clusterId,
      adminCertificate: this.adminCertificate,
      adminKey: this.adminKey,
      controlPlaneFiles: this.controlPlaneFiles,
      encryptionKey: this.encryptionKey,
      backupKey: this.backupKey,
    });
  }

  /**
   * The key for encryption at rest that has this name, in base64; secret. None leads to another one, and each can be had again.
   * @param rotation undefined: `encryptionKey`
   */
  encryptionKeyOf(rotation: string | undefined): pulumi.Output<string> {
    return rotation === undefined ? this.encryptionKey : this.derived(`encryption at rest ${rotation}`);
  }
}

interface Signers {
  readonly cluster: Authority;
  readonly etcd: Authority;
  readonly frontProxy: Authority;
  readonly serviceAccount: tls.PrivateKey;
}

/**
 * What signs certificates and tokens.
 * @param suffix of the names of the resources
 * @param mark of the CAs' names: two of one name would be one to programs that look for an issuer by its name (RFC 5280, 4.1.2.4)
 */
function signersOf(
  name: string,
  suffix: string,
  opts: { readonly parent: Pki; readonly protect: boolean },
  mark = "",
): Signers {
  const { parent, protect } = opts;
  const authority = (part: string, commonName: string): Authority =>
    new Authority(`${name}-${part}${suffix}`, { commonName: `${commonName}${mark}`, protect }, { parent });
  return {
    cluster: authority("ca", "kubernetes"),
    etcd: authority("etcd-ca", "etcd-ca"),
    frontProxy: authority("front-proxy-ca", "front-proxy-ca"),
    // RSA: identity providers that check service-account tokens know no other key as widely.
    serviceAccount: new tls.PrivateKey(
      `${name}-service-account${suffix}`,
      { algorithm: "RSA", rsaBits: 2048 },
      opts,
    ),
  };
}

function file(path: string, content: string): SecretFile {
  return { path: `${paths.pki}/${path}`, content };
}

function pair(path: string, authority: Authority): pulumi.Output<SecretFile[]> {
  return pulumi
    .all([authority.certificate, authority.key])
    .apply(([certificate, key]) => [file(`${path}.crt`, certificate), file(`${path}.key`, key)]);
}
