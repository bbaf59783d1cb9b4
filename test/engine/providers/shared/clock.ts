/**
 * The time that stand-ins go by. Tests move it with an environment variable given to the engine, or, while a
 * provider runs, with a file; both are read at each call.
 */
import { readFileSync } from "node:fs";

/** Hours to add to the machine's clock; may be negative or a fraction. */
const clockOffsetVariable = "PULUMI_KUBEADM_TEST_CLOCK_OFFSET_HOURS";
/** Path of a file that holds such a number; where it exists, it goes before the variable. */
export const clockFileVariable = "PULUMI_KUBEADM_TEST_CLOCK_FILE";

export function now(): Date {
  return new Date(Date.now() + offsetHours() * 3_600_000);
}

function offsetHours(): number {
  const text = fromFile() ?? process.env[clockOffsetVariable] ?? "0";
  const hours = Number(text);
  if (!Number.isFinite(hours)) throw new Error(`the test clock's offset is no number of hours: ${text}`);
  return hours;
}

function fromFile(): string | undefined {
  const path = process.env[clockFileVariable];
  if (!path) return undefined;
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
