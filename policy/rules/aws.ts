import type { ResourceValidationPolicy } from "@pulumi/policy";
import { isIP } from "node:net";
import { DISCOVERY_PATH } from "../../model/aws/identity";
import { JWKS_PATH } from "../../model/kubeadm/issuer";
import { NONE_ALLOWED, configured, listOf, type Allowing } from "../configuration";
import { known, knownList, knownText, parseJson } from "../values";

const INSTANCE = "aws:ec2/instance:Instance";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const VOLUME = "aws:ebs/volume:Volume";
const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy";

/** A pod's call is one hop further than its host's. */
const ONE_HOP: { readonly hops: number } = { hops: 1 };

/** With IMDSv1, anything that makes a host fetch a URL gets the host's credentials. */
export const metadataService: ResourceValidationPolicy = {
  name: "metadata-service",
  description: "Instances answer metadata calls only with a token (IMDSv2) and only from the host (one hop).",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps:
    "Set `metadataOptions.httpTokens` to `required` and the hop limit to 1. Control-plane nodes without pod identity need 2: set `hops`.",
  configSchema: {
    properties: {
      hops: {
        type: "integer",
        default: ONE_HOP.hops,
        description: "Largest hop limit; 2 for clusters with `podIdentity: false`.",
      },
    },
  },
  validateResource: (args, reportViolation) => {
    if (args.type !== INSTANCE && args.type !== TEMPLATE) args.notApplicable("no instance");
    const most = configured(args, ONE_HOP).hops;
    if (knownText(args.props, "metadataOptions", "httpEndpoint") === "disabled") return;
    if (knownText(args.props, "metadataOptions", "httpTokens") !== "required")
      reportViolation(`${args.name} answers metadata calls without a token`);
    const hops = known(args.props, "metadataOptions", "httpPutResponseHopLimit");
    if (typeof hops === "number" && hops > most)
      reportViolation(`${args.name} lets metadata tokens go ${hops} hops`);
  },
};

/** etcd's data, containers' files and logs are on these disks. */
export const encryptedVolumes: ResourceValidationPolicy = {
  name: "encrypted-volumes",
  description: "Disks of instances, templates and volumes are encrypted.",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps: "Set `encrypted` on the volume; the account's default key costs nothing.",
  validateResource: (args, reportViolation) => {
    const { type, name, props } = args;
    if (type === VOLUME) {
      if (!isTrue(known(props, "encrypted"))) reportViolation(`${name} is not encrypted`);
      return;
    }
    if (type === INSTANCE) {
      if (!isTrue(known(props, "rootBlockDevice", "encrypted")))
        reportViolation(`the root disk of ${name} is not encrypted`);
      for (const disk of knownList(props, "ebsBlockDevices"))
        if (!isTrue(known(disk, "encrypted"))) reportViolation(`a disk of ${name} is not encrypted`);
      return;
    }
    if (type !== TEMPLATE) args.notApplicable("no disk");
    const disks = knownList(props, "blockDeviceMappings").filter((disk) => known(disk, "ebs") !== undefined);
    if (disks.length === 0) reportViolation(`${name} leaves encryption to the image`);
    for (const disk of disks)
      if (!isTrue(known(disk, "ebs", "encrypted"))) reportViolation(`a disk of ${name} is not encrypted`);
  },
};

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

interface Open extends Allowing {
  /** Prefix length below which an IPv4 range is wide. */
  readonly widest: number;
}

const NOTHING_OPEN: Open = { ...NONE_ALLOWED, widest: 8 };

/** Scanners find an open port within minutes. */
export const openIngress: ResourceValidationPolicy = {
  name: "open-ingress",
  description:
    "No security group is open to the world, except for the ICMP message that path MTU discovery needs.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: "List the intended ranges under `access`, or allow a wide one with `allow`.",
  configSchema: {
    properties: {
      allow: listOf("Intended wide ranges."),
      widest: { type: "integer", default: NOTHING_OPEN.widest, description: "Shortest allowed IPv4 prefix." },
    },
  },
  validateResource: (args, reportViolation) => {
    const rules = ingressOf(args.type, args.props) ?? args.notApplicable("no ingress rule");
    const { allow, widest } = configured(args, NOTHING_OPEN);
    for (const { range, rule } of rules) {
      if (allow.includes(range) || !isWide(range, widest) || isPathDiscovery(rule)) continue;
      reportViolation(`${args.name} lets ${range} in`);
    }
  },
};

interface Opening {
  readonly range: string;
  readonly rule: unknown;
}

function ingressOf(type: string, props: Readonly<Record<string, unknown>>): Opening[] | undefined {
  const ranges = (rule: unknown): Opening[] =>
    [...knownList(rule, "cidrBlocks"), ...knownList(rule, "ipv6CidrBlocks")]
      .filter((range): range is string => typeof range === "string")
      .map((range) => ({ range, rule }));
  switch (type) {
    case INGRESS:
      return ["cidrIpv4", "cidrIpv6"].flatMap((key) => {
        const range = knownText(props, key);
        return range === undefined ? [] : [{ range, rule: props }];
      });
    case GROUP_RULE:
      return knownText(props, "type") === "ingress" ? ranges(props) : [];
    case GROUP:
      return knownList(props, "ingress").flatMap(ranges);
    default:
      return undefined;
  }
}

function isWide(range: string, widest: number): boolean {
  const [address = "", prefix = ""] = range.split("/");
  return isIP(address) === 6 ? Number(prefix) < 2 * widest : Number(prefix) < widest;
}

/** Destination unreachable, fragmentation needed (RFC 792): EC2 takes type and code for ports. */
function isPathDiscovery(rule: unknown): boolean {
  const protocol = knownText(rule, "ipProtocol") ?? knownText(rule, "protocol");
  return protocol === "icmp" && known(rule, "fromPort") === 3 && known(rule, "toPort") === 4;
}

const TWO_DOCUMENTS: Allowing = { allow: [`/${DISCOVERY_PATH}`, `/${JWKS_PATH}`] };

/** Only the two documents of pod identity, which contain public keys, may be public. */
export const publicObjects: ResourceValidationPolicy = {
  name: "public-objects",
  description: "A bucket policy makes only the two pod-identity documents public.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: "Name the principals in the bucket policy, or the intended public keys in `allow`.",
  configSchema: {
    properties: {
      allow: listOf("Suffixes of object keys that may be public.", TWO_DOCUMENTS.allow),
    },
  },
  validateResource: (args, reportViolation) => {
    if (args.type !== BUCKET_POLICY) args.notApplicable("no bucket policy");
    const text = knownText(args.props, "policy");
    if (text === undefined) return;
    const { allow } = configured(args, TWO_DOCUMENTS);
    const statements = list(known(parseJson(text), "Statement"));
    for (const statement of statements.filter(isForEverybody)) {
      const actions = list(known(statement, "Action"));
      if (actions.some((action) => action !== "s3:GetObject"))
        reportViolation(`${args.name} lets everybody do more than read`);
      for (const resource of list(known(statement, "Resource")))
        if (typeof resource !== "string" || !allow.some((end) => resource.endsWith(end)))
          reportViolation(`${args.name} lets everybody read ${String(resource)}`);
    }
  },
};

function list(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function isForEverybody(statement: unknown): boolean {
  if (known(statement, "Effect") !== "Allow" || known(statement, "Condition") !== undefined) return false;
  const principal = known(statement, "Principal");
  return principal === "*" || list(known(principal, "AWS")).includes("*");
}
