/** A small S3 for a lab's hosts, on the bridge's address, as somebody's MinIO would be. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import type { S3Keys } from "../support/s3Server";
import { inNamespace, labAddress, labNamespace } from "./network";

export interface BucketStart {
  readonly bucket: string;
  readonly region: string;
  readonly keys: S3Keys;
  /** Of the server, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly address: string;
  readonly port: number;
}

/** What becomes of the server; nothing: it only reports. */
export interface BucketCommand {
  /** It goes, or comes back with what it had. */
  readonly away?: boolean;
  readonly keys?: S3Keys;
  readonly cuts?: number;
  readonly pageSize?: number;
}

export interface BucketReport {
  /** Bytes of each object, by its key. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Codes of what was refused since the last report. */
  readonly refused: readonly string[];
  readonly cuts: number;
  /** All that it has, as text. */
  readonly text: string;
}

export class Bucket {
  private constructor(private readonly child: ChildProcess) {}

  static async start(id: string, start: Omit<BucketStart, "address">): Promise<Bucket> {
    const words = JSON.stringify({ ...start, address: labAddress });
    const script = path.join(__dirname, "bucketMain.ts");
    const tsx = `file://${require.resolve("tsx")}`;
    const [command = "", ...args] = inNamespace(labNamespace(id), [
      process.execPath,
      "--import",
      tsx,
      script,
      words,
    ]);
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const bucket = new Bucket(child);
    await once(child, "message");
    return bucket;
  }

  async tell(command: BucketCommand = {}): Promise<BucketReport> {
    const answered = once(this.child, "message");
    this.child.send(command);
    const [report] = (await answered) as [BucketReport];
    return report;
  }

  /** Keys of what it has, sorted. */
  async keys(): Promise<string[]> {
    return Object.keys((await this.tell()).sizes).sort();
  }

  stop(): void {
    if (this.child.connected) this.child.disconnect();
  }
}
