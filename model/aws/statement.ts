/** One thing that a role may do, and why. */
export interface Statement {
  /** Letters and digits. */
  readonly sid: string;
  readonly reason: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
