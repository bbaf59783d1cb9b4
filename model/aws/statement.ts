/** One permission of a role, with its reason. */
export interface Statement {
  /** Id of the statement: letters and digits. */
  readonly sid: string;
  /** Why the role needs it. The plan shows it. */
  readonly reason: string;
  /** IAM actions, such as `s3:GetObject`. */
  readonly actions: readonly string[];
  /** ARNs of the resources that the actions apply to. */
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
