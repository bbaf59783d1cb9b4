import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { awsOf } from "../../model/aws/spec";
import { bastionHostKeySecret, hostKeySecret } from "../../model/aws/names";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";
import { publicKeyOf } from "../../model/aws/sshKey";
import { made } from "../outputs";

export interface SecretsArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** The private key to log in with, if the settings name one; secret. */
  readonly sshKey?: pulumi.Input<string>;
}

/** An SSH host key that exists before its host, so a client can verify the first connection. */
interface HostKey {
  /** `ssh-ed25519 AAAA...` */
  readonly publicKey: pulumi.Output<string>;
  /** The secret's version. Instances that start before it cannot read the secret. */
  readonly version: aws.secretsmanager.SecretVersion;
}

/**
 * The SSH host keys that control-plane nodes and the bastion read from Secrets Manager with their role, and the key
 * to log in with. The cluster's key pairs are not there: they reach control-plane nodes over SSH. A secret costs 40
 * cents a month. Secrets are deleted immediately with the cluster, because a recovery window would block their names.
 */
export class Secrets extends pulumi.ComponentResource {
  /** One SSH host key for all control-plane nodes. */
  readonly hostKey: HostKey;
  /** Host key of the bastion, if there is one. */
  readonly bastionHostKey?: HostKey;
  /** Private key in OpenSSH format; secret. */
  readonly sshKey: pulumi.Output<string>;
  /** Name of the EC2 key pair. */
  readonly keyName: pulumi.Output<string>;

  private readonly prefix: string;
  private readonly settings: ClusterSettings;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Secrets", name, {}, opts);
    const { settings } = args;
    this.prefix = name;
    this.settings = settings;
    this.hostKey = this.createHostKey(
      "host-key",
      hostKeySecret(settings.name),
      "SSH host key of the control-plane nodes",
    );
    if (awsOf(settings).bastion !== undefined)
      this.bastionHostKey = this.createHostKey(
        "bastion-host-key",
        bastionHostKeySecret(settings.name),
        "SSH host key of the bastion",
      );
    const { privateKey, publicKey } = this.createSshKey(args.sshKey);
    this.sshKey = privateKey;
    this.keyName = new aws.ec2.KeyPair(
      `${name}-key-pair`,
      { publicKey, tags: resourceTags(settings, `${settings.name}-ssh`) },
      { parent: this },
    ).keyName;
    this.registerOutputs({ keyName: this.keyName, hostKey: this.hostKey.publicKey });
  }

  private createSecret(
    part: string,
    called: string,
    description: string,
    value: pulumi.Input<string>,
  ): aws.secretsmanager.SecretVersion {
    const secret = new aws.secretsmanager.Secret(
      `${this.prefix}-${part}`,
      {
        name: called,
        description: `Kubernetes cluster ${this.settings.name}: ${description}`,
        recoveryWindowInDays: 0,
        tags: resourceTags(this.settings, called),
      },
      { parent: this },
    );
    return new aws.secretsmanager.SecretVersion(
      `${this.prefix}-${part}-value`,
      { secretId: secret.id, secretString: pulumi.secret(value) },
      { parent: this },
    );
  }

  private createHostKey(part: string, called: string, description: string): HostKey {
    const key = new tls.PrivateKey(
      `${this.prefix}-${part}-pair`,
      { algorithm: "ED25519" },
      // A new one would be a stranger to whoever dials, and the hosts would still have the old one.
      { parent: this, protect: this.settings.protect },
    );
    const version = this.createSecret(part, called, description, key.privateKeyOpenssh);
    return { publicKey: made(key.publicKeyOpenssh).apply((line) => line.trim()), version };
  }

  private createSshKey(given: pulumi.Input<string> | undefined): {
    privateKey: pulumi.Output<string>;
    publicKey: pulumi.Output<string>;
  } {
    if (awsOf(this.settings).ssh.key !== "generated") {
      const privateKey = pulumi.secret(given ?? "");
      return { privateKey, publicKey: pulumi.unsecret(privateKey.apply(publicKeyOf)) };
    }
    const key = new tls.PrivateKey(`${this.prefix}-ssh`, { algorithm: "ED25519" }, { parent: this });
    return { privateKey: pulumi.secret(made(key.privateKeyOpenssh)), publicKey: key.publicKeyOpenssh };
  }
}
