import * as fs from "node:fs";
import { parseDocument } from "yaml";

type Path = readonly (string | number)[];

/** A copy of the stack's file, which the run changes; the stack's own stays as it is. */
export class StackFile {
  constructor(readonly file: string) {}

  static copy(from: string, to: string): StackFile {
    fs.copyFileSync(from, to);
    return new StackFile(to);
  }

  /** Sets a value below `kubeadm:cluster`; undefined removes it. */
  set(path: Path, value: unknown): void {
    const document = parseDocument(fs.readFileSync(this.file, "utf8"));
    const whole = ["config", "kubeadm:cluster", ...path];
    if (value === undefined) document.deleteIn(whole);
    else document.setIn(whole, value);
    fs.writeFileSync(this.file, document.toString());
  }
}
