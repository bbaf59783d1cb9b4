import type { Range } from "../network/addresses";
import type { Path } from "./problems";

/** A range with the place that a problem with it is reported at. */
export interface PlacedRange {
  readonly path: Path;
  /** As a sentence names it: "the pod range". */
  readonly name: string;
  readonly range: Range;
  /** It was written, and is not the default. */
  readonly given: boolean;
}
