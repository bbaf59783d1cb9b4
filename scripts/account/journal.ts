import * as fs from "node:fs";

/** What was done of a run, so that another one continues behind it. */
export class Journal {
  constructor(private readonly file: string) {}

  done(): string[] {
    if (!fs.existsSync(this.file)) return [];
    return JSON.parse(fs.readFileSync(this.file, "utf8")) as string[];
  }

  add(step: string): void {
    // Whole or not at all: a power cut must not leave half a list.
    fs.writeFileSync(`${this.file}.new`, JSON.stringify([...this.done(), step]));
    fs.renameSync(`${this.file}.new`, this.file);
  }

  forget(): void {
    fs.rmSync(this.file, { force: true });
  }
}
