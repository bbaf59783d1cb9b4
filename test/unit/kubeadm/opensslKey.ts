import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A private key (ECDSA, P-256) in its own folder, and what openssl signs with it. */
export class OpensslKey {
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "openssl-key-"));
  private readonly file = path.join(this.folder, "key.pem");
  /** Strings are PrintableString where they can be, as Go writes them (encoding/asn1). */
  private readonly config = path.join(this.folder, "openssl.cnf");

  constructor() {
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", this.file);
    fs.writeFileSync(this.config, "[req]\ndistinguished_name = name\nstring_mask = default\n[name]\n");
  }

  /** A request as it is in the API, PEM in base64; `names` as openssl writes them: `DNS:w1,IP:10.40.0.21`. */
  request(subject: string, names?: string): string {
    const extension = names === undefined ? [] : ["-addext", `subjectAltName=${names}`];
    const pem = openssl(
      "req",
      "-new",
      "-config",
      this.config,
      "-key",
      this.file,
      "-subj",
      subject,
      ...extension,
    );
    return Buffer.from(pem).toString("base64");
  }

  /** A certificate that is valid for so many days, in PEM. */
  certificate(days: number): string {
    return openssl("req", "-x509", "-key", this.file, "-subj", "/CN=x", "-days", String(days));
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true });
  }
}

function openssl(...words: readonly string[]): string {
  return execFileSync("openssl", words, { encoding: "utf8", stdio: "pipe" });
}
