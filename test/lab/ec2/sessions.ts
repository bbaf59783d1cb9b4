/** Credentials that roles have been given, on disk, so that a region that is started again still knows them. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import type { Session } from "./signature";

export class Sessions {
  private readonly all: Map<string, Session>;

  constructor(private readonly file: string) {
    const kept = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Session[]) : [];
    this.all = new Map(kept.map((one) => [one.id, one]));
  }

  find(id: string): Session | undefined {
    return this.all.get(id);
  }

  make(role: string, seconds: number): Session {
    const random = (bytes: number): string => crypto.randomBytes(bytes).toString("hex");
    const session = {
      id: `ASIA${random(8).toUpperCase()}`,
      secret: random(20),
      // Real ones hold characters that have to be encoded.
      token: `${random(60)}//==`,
      role,
      expires: Date.now() + seconds * 1000,
    };
    this.all.set(session.id, session);
    fs.writeFileSync(this.file, JSON.stringify([...this.all.values()]), { mode: 0o600 });
    return session;
  }
}
