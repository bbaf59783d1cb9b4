/**
 * The instance metadata service, version 2 alone (EC2 User Guide, "Use the Instance Metadata Service"): who asks is told by
 * the address that a packet comes from, which the source/destination check keeps honest. The hop limit is set on packets by
 * the region's router. Not simulated: tags, user data (cloud-init has it from its seed), and version 1.
 */
import * as crypto from "node:crypto";
import type * as http from "node:http";
import { accountId, type AccountData } from "../../engine/providers/aws/account";
import { addressIn, objectsOf, roleOf, type Ec2Instance } from "./account";
import { text } from "../../engine/providers/aws/scope";
import { Refusal } from "./refusal";
import type { SeenInstance } from "./lifecycle";
import type { Sessions } from "./sessions";
import type { Session } from "./signature";

export const METADATA_ADDRESS = "169.254.169.254";

/** Real ones last six hours; these end soon enough for a test to see that everybody takes new ones. */
const CREDENTIAL_SECONDS = 900;
/** New ones are there before the old ones end (EC2 User Guide, "Retrieve security credentials from instance metadata"). */
const RENEWED_SECONDS = 300;

export class Metadata {
  private readonly tokens = new Map<string, { address: string; expires: number }>();
  private readonly current = new Map<string, Session>();

  constructor(
    private readonly region: string,
    private readonly sessions: Sessions,
    private readonly look: () => AccountData,
    private readonly instanceAt: (address: string) => SeenInstance | undefined,
  ) {}

  answer(request: http.IncomingMessage): string {
    const address = (request.socket.remoteAddress ?? "").replace("::ffff:", "");
    const path = (request.url ?? "").replace(/^\/latest\//, "").replace(/\/$/, "");
    if (request.headers["x-forwarded-for"] !== undefined) throw new Refusal(403, "", "forwarded");
    if (request.method === "PUT" && path === "api/token") return this.token(request, address);
    const token = this.tokens.get(String(request.headers["x-aws-ec2-metadata-token"]));
    if (token?.address !== address || token.expires < Date.now())
      throw new Refusal(401, "", "version 2 wants a token");
    const found = this.instanceAt(address);
    if (found === undefined) throw new Refusal(404, "", `no instance has ${address}`);
    const answer = this.answers(found.instance, found.lifecycle)[path];
    const value = typeof answer === "function" ? answer() : answer;
    if (value === undefined) throw new Refusal(404, "", path);
    return value;
  }

  private token(request: http.IncomingMessage, address: string): string {
    const seconds = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
    if (!(seconds >= 1 && seconds <= 21_600)) throw new Refusal(400, "", "no time to live");
    const token = crypto.randomBytes(16).toString("hex");
    this.tokens.set(token, { address, expires: Date.now() + seconds * 1000 });
    return token;
  }

  private answers(
    instance: Ec2Instance,
    lifecycle: string,
  ): Record<string, string | (() => string) | undefined> {
    const account = this.look();
    const role = roleOf(account, instance.profile);
    const subnet = objectsOf(account, "ec2.Subnet")[instance.subnetId];
    const vpc = objectsOf(account, "ec2.Vpc")[instance.vpcId];
    const mac = macOf(instance.address);
    const own = `meta-data/network/interfaces/macs/${mac}`;
    const folder = "meta-data/iam/security-credentials";
    return {
      "meta-data/ami-id": instance.imageId,
      "meta-data/hostname": instance.privateName,
      "meta-data/instance-id": instance.id,
      "meta-data/instance-type": instance.instanceType,
      "meta-data/local-hostname": instance.privateName,
      "meta-data/local-ipv4": instance.address,
      "meta-data/mac": mac,
      "meta-data/network/interfaces/macs": `${mac}/`,
      [`${own}/vpc-id`]: instance.vpcId,
      [`${own}/subnet-id`]: instance.subnetId,
      [`${own}/subnet-ipv4-cidr-block`]: text(subnet?.["cidrBlock"]),
      [`${own}/vpc-ipv4-cidr-block`]: text(vpc?.["cidrBlock"]),
      "meta-data/placement/availability-zone": instance.zone,
      "meta-data/placement/region": this.region,
      "meta-data/public-ipv4": instance.publicAddress || undefined,
      "meta-data/autoscaling/target-lifecycle-state": instance.group === "" ? undefined : lifecycle,
      "meta-data/services/domain": "amazonaws.com",
      "meta-data/spot/instance-action": noticeOf(instance),
      "dynamic/instance-identity/document": () => this.document(instance),
      [folder]: role,
      [`${folder}/${role}`]: role === undefined ? undefined : () => this.credentials(instance.id, role),
    };
  }

  private document(instance: Ec2Instance): string {
    return JSON.stringify({
      accountId,
      availabilityZone: instance.zone,
      imageId: instance.imageId,
      instanceId: instance.id,
      instanceType: instance.instanceType,
      privateIp: instance.address,
      region: this.region,
      version: "2017-09-30",
    });
  }

  private credentials(instance: string, role: string): string {
    const known = this.current.get(instance);
    const fresh = known?.role === role && known.expires - Date.now() > RENEWED_SECONDS * 1000;
    const session = fresh ? known : this.sessions.make(role, CREDENTIAL_SECONDS);
    this.current.set(instance, session);
    return JSON.stringify({
      Code: "Success",
      LastUpdated: new Date().toISOString(),
      Type: "AWS-HMAC",
      AccessKeyId: session.id,
      SecretAccessKey: session.secret,
      Token: session.token,
      Expiration: new Date(session.expires).toISOString(),
    });
  }
}

/** EC2 User Guide, "Spot Instance interruption notices". */
function noticeOf({ interrupted }: Ec2Instance): string | undefined {
  if (interrupted === undefined) return undefined;
  const time = new Date(interrupted).toISOString().replace(/\.\d+Z$/, "Z");
  return JSON.stringify({ action: "terminate", time });
}

/** Of an interface: from its address, so that it is the same after each boot. */
export function macOf(address: string): string {
  return ["02", "ec", ...address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(
    ":",
  );
}

/** Where a VPC's name server is: its range's base and two (VPC User Guide, "DNS attributes for your VPC"). */
export function resolverOf(vpcCidr: string): string {
  return addressIn(vpcCidr, 2);
}
