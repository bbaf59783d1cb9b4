/**
 * Lines of a command's output as log messages of the engine, while the command runs: util/util.go, LogOutput. They are
 * status messages (ephemeral), of severity info for both streams, in the order in which they came.
 */
import type { Engine } from "../shared/provider";

/** bufio.Scanner gives up at a line, its end included, that is longer than its buffer (Go, bufio.MaxScanTokenSize). */
const longestLine = 64 * 1024;

export class LineLog {
  private rest = Buffer.alloc(0);
  private tooLong = false;
  private sent: Promise<void> = Promise.resolve();

  constructor(
    private readonly engine: Engine,
    private readonly urn: string,
  ) {}

  write(chunk: Buffer): void {
    let rest = Buffer.concat([this.rest, chunk]);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      this.line(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    this.rest = rest;
    if (rest.length >= longestLine) this.tooLong = true;
  }

  /**
   * @throws Error for a line over 64 KiB: the original stops reading its pipe there and never returns, so that
   * whoever depends on such a line has to learn it here.
   */
  async end(): Promise<void> {
    if (this.rest.length > 0) this.line(this.rest);
    await this.sent;
    if (this.tooLong) throw new Error("the original provider hangs on a logged line of 64 KiB or more");
  }

  private line(bytes: Buffer): void {
    if (bytes.length >= longestLine) {
      this.tooLong = true;
      return;
    }
    const message = bytes.toString("utf8").replace(/\r$/, "");
    // One after the other: the engine answers calls side by side, which could turn their order.
    this.sent = this.sent.then(() => this.engine.log("info", message, { urn: this.urn, ephemeral: true }));
  }
}
