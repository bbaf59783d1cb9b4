import { X509Certificate } from "node:crypto";

/** What a text that should be certificates is instead. */
export interface NotCertificates {
  readonly message: string;
  readonly allowed: string;
  /** The text holds a secret, and is not to be shown. */
  readonly hidden?: true;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

/**
 * Whether a text is certificates in PEM and nothing else, each of them readable.
 * @returns undefined: it is; else what is wrong with it, without its text
 */
export function certificatesProblem(text: string): NotCertificates | undefined {
  const allowed = "certificates in PEM: the text of the file, not its path";
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.some(([, label]) => label?.endsWith("PRIVATE KEY") === true))
    return { message: "contains a private key", allowed: `${allowed}, and without the key`, hidden: true };
  const [other] = blocks.filter(([, label]) => label !== "CERTIFICATE");
  if (other !== undefined) return { message: `is a ${other[1]?.toLowerCase()}, not a certificate`, allowed };
  if (blocks.length === 0) return { message: "is not a certificate", allowed };
  if (text.replace(BLOCK, "").trim() !== "")
    return { message: "has text outside its certificates", allowed: `${allowed}, from BEGIN to END` };
  const damaged = blocks.findIndex(([block]) => !isCertificate(block));
  if (damaged < 0) return undefined;
  return {
    message: `is damaged: certificate ${damaged + 1} of ${blocks.length} cannot be read`,
    allowed: `${allowed}. Compare it with the file: \`openssl x509 -in FILE -noout -text\` reads one`,
  };
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
