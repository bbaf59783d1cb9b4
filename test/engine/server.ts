import * as pulumi from "@pulumi/pulumi";

export interface ServerArgs {
  /** Another one replaces the server. */
  readonly image: string;
  /** What the cloud gives it; the program learns it when the server is made. */
  readonly givenAddress: string;
  readonly givenHostKey: string;
}

/** A server of the stand-in `providers/cloud`. */
export class Server extends pulumi.CustomResource {
  declare readonly ipv4Address: pulumi.Output<string>;
  declare readonly sshHostKey: pulumi.Output<string>;

  constructor(name: string, args: ServerArgs, opts?: pulumi.CustomResourceOptions) {
    super("cloud:index:Server", name, { ...args, ipv4Address: undefined, sshHostKey: undefined }, opts);
  }
}
