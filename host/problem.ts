/** An error that is meant for a person: printed as it is, without a stack. */
export class HostProblem extends Error {
  constructor(
    readonly machine: string,
    message: string,
    /** Lines of the host's log that led up to it. */
    readonly tail: readonly string[] = [],
  ) {
    super(message);
  }

  /** What is printed: machine, message, then the tail. */
  report(): string {
    const head = this.machine === "" ? this.message : `${this.machine}: ${this.message}`;
    return this.tail.length === 0 ? head : `${head}\n${this.tail.map((line) => `  | ${line}`).join("\n")}`;
  }
}
