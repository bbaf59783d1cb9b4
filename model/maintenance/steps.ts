import { script } from "../core/script";
import { lockProgram } from "./files";

/** Exit status of `enterScript` while a node is at its maintenance; its output names the node. */
export const AT_MAINTENANCE = 3;

/** Run on a control-plane node before a step changes a living node: no node begins its maintenance until `leaveScript`. */
export function enterScript(step: string, machine: string): string {
  return script("maintenance/scripts/enter.sh", {
    lock_program: lockProgram,
    lock_words: ["enter", step, machine],
  });
}

/** Run when the step has ended. */
export function leaveScript(step: string): string {
  return script("maintenance/scripts/enter.sh", { lock_program: lockProgram, lock_words: ["leave", step] });
}
