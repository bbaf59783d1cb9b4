import { createECDH, createPrivateKey, createPublicKey, createSign, type KeyObject } from "node:crypto";
import { drawBytes } from "../../support/seed";

/** A DER element; `long` writes its length in a longer form than DER allows. */
export function element(tag: number, content: Buffer, long = 0): Buffer {
  const size = content.length;
  const digits = size.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  const length =
    size < 128 && long === 0
      ? Buffer.from([size])
      : Buffer.concat([
          Buffer.from([0x80 + Math.max(bytes.length, long)]),
          Buffer.alloc(Math.max(0, long - bytes.length)),
          bytes,
        ]);
  return Buffer.concat([Buffer.from([tag]), length, content]);
}

const OID = {
  organization: Buffer.from("060355040a", "hex"),
  commonName: Buffer.from("0603550403", "hex"),
  unit: Buffer.from("060355040b", "hex"),
  extensionRequest: Buffer.from("06092a864886f70d01090e", "hex"),
  challenge: Buffer.from("06092a864886f70d010907", "hex"),
  names: Buffer.from("0603551d11", "hex"),
  basicConstraints: Buffer.from("0603551d13", "hex"),
  ecdsaSha256: Buffer.from("06082a8648ce3d040302", "hex"),
} as const;

export const UTF8 = 0x0c;
export const PRINTABLE = 0x13;

/** What a request is made of. Where nothing is said it is what Go writes for a kubelet. */
export interface Parts {
  readonly node: string;
  /** Tag and content of each general name; none: no request of extensions. */
  readonly names: readonly (readonly [number, Buffer])[];
  readonly version?: number;
  readonly stringTag?: number;
  /** More relative names, after the two. */
  readonly moreSubject?: readonly Buffer[];
  readonly commonNameFirst?: boolean;
  /** Whole attributes before and after the one that holds the names. */
  readonly before?: readonly Buffer[];
  readonly after?: readonly Buffer[];
  /** Extensions beside the names, in the same attribute. */
  readonly beforeNames?: readonly Buffer[];
  readonly afterNames?: readonly Buffer[];
  /** `critical` as DER writes it; false is the default that DER leaves out. */
  readonly critical?: boolean;
  /** Which level has a length in long form. */
  readonly longAt?:
    "request" | "info" | "attributes" | "attribute" | "extension" | "octets" | "names" | "name";
  readonly trailing?: "request" | "info" | "names" | "extension";
  readonly unused?: number;
  /** Changes what is signed, before it is signed. */
  readonly change?: (info: Buffer) => Buffer;
}

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]): Buffer => element(0x31, Buffer.concat(parts));

export const dns = (name: string): readonly [number, Buffer] => [0x82, Buffer.from(name, "latin1")];
export const ip = (...bytes: readonly number[]): readonly [number, Buffer] => [0x87, Buffer.from(bytes)];

export function relativeName(
  kind: "organization" | "commonName" | "unit",
  text: string,
  tag = PRINTABLE,
): Buffer {
  return set(sequence(OID[kind], element(tag, Buffer.from(text, "latin1"))));
}

export function namesExtension(names: Parts["names"]): Buffer {
  return sequence(
    OID.names,
    element(0x04, sequence(...names.map(([tag, content]) => element(tag, content)))),
  );
}

export function extensionRequest(...extensions: readonly Buffer[]): Buffer {
  return sequence(OID.extensionRequest, set(sequence(...extensions)));
}

/** Says that the certificate may sign others. */
export const authority = sequence(
  OID.basicConstraints,
  element(0x01, Buffer.from([0xff])),
  element(0x04, sequence(element(0x01, Buffer.from([0xff])))),
);
export const challenge = sequence(OID.challenge, set(element(UTF8, Buffer.from("x"))));

/** Signed with its own key, so that only its bytes can be what is wrong with it. */
export class Requests {
  private readonly privateKey: KeyObject;

  constructor(curve: "P-256" | "P-384" = "P-256") {
    const [name, size] = curve === "P-256" ? ["prime256v1", 32] : ["secp384r1", 48];
    const pair = createECDH(name);
    // The order of both curves begins with ff: a smaller number is below it.
    pair.setPrivateKey(Buffer.concat([Buffer.from([1]), drawBytes(size - 1)]));
    const point = pair.getPublicKey();
    const encoded = (bytes: Buffer): string => bytes.toString("base64url");
    const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)].map(encoded);
    const key = { kty: "EC", crv: curve, x, y, d: encoded(pair.getPrivateKey()) };
    this.privateKey = createPrivateKey({ key, format: "jwk" });
  }

  der(parts: Parts): Buffer {
    const long = (level: Parts["longAt"]): number => (parts.longAt === level ? 3 : 0);
    const trailing = (level: Parts["trailing"]): Buffer =>
      parts.trailing === level ? Buffer.from("0500", "hex") : Buffer.alloc(0);
    const organization = relativeName("organization", "system:nodes", parts.stringTag);
    const commonName = relativeName("commonName", `system:node:${parts.node}`, parts.stringTag);
    const subject = sequence(
      ...(parts.commonNameFirst ? [commonName, organization] : [organization, commonName]),
      ...(parts.moreSubject ?? []),
    );
    const list = parts.names.map(([tag, content], at) => element(tag, content, at === 0 ? long("name") : 0));
    const octets = Buffer.concat([element(0x30, Buffer.concat(list), long("names")), trailing("names")]);
    const critical =
      parts.critical === undefined
        ? Buffer.alloc(0)
        : element(0x01, Buffer.from([parts.critical ? 0xff : 0x00]));
    const extension = element(
      0x30,
      Buffer.concat([OID.names, critical, element(0x04, octets, long("octets")), trailing("extension")]),
      long("extension"),
    );
    const extensions = sequence(...(parts.beforeNames ?? []), extension, ...(parts.afterNames ?? []));
    const attribute = element(
      0x30,
      Buffer.concat([OID.extensionRequest, set(extensions)]),
      long("attribute"),
    );
    const attributes = [
      ...(parts.before ?? []),
      ...(parts.names.length === 0 ? [] : [attribute]),
      ...(parts.after ?? []),
    ];
    const written = element(
      0x30,
      Buffer.concat([
        element(0x02, Buffer.from([parts.version ?? 0])),
        subject,
        createPublicKey(this.privateKey).export({ type: "spki", format: "der" }),
        element(0xa0, Buffer.concat(attributes), long("attributes")),
        trailing("info"),
      ]),
      long("info"),
    );
    const info = parts.change === undefined ? written : parts.change(written);
    const signature = createSign("sha256").update(info).sign(this.privateKey);
    return Buffer.concat([
      element(
        0x30,
        Buffer.concat([
          info,
          sequence(OID.ecdsaSha256),
          element(0x03, Buffer.concat([Buffer.from([parts.unused ?? 0]), signature])),
        ]),
        long("request"),
      ),
      trailing("request"),
    ]);
  }

  /** As it is in the API: PEM in base64. */
  request(parts: Parts): string {
    return inApi(pem(this.der(parts)));
  }
}

export function pem(der: Buffer, type = "CERTIFICATE REQUEST"): string {
  const lines = der.toString("base64").replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${type}-----\n${lines}-----END ${type}-----\n`;
}

export const inApi = (text: string): string => Buffer.from(text, "latin1").toString("base64");
