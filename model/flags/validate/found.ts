import type { Checked } from "../../settings/checked";

/** What is wrong with a value, continuing "<path> <value> ...". */
export interface Found {
  readonly message: string;
  readonly allowed: string;
  readonly nearest?: string | undefined;
}

/** A rule about one flag: its values one by one. */
export type Rule = (values: readonly string[], checked: Checked) => Found | undefined;
