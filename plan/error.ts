/** Something the reader of a terminal can put right: printed as it is, without a stack. */
export class PlanError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PlanError";
  }
}
