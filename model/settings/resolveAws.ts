import type { PlatformSettings } from "./resolve";
import type { AwsInput } from "./schema/cluster";

export interface AwsNames {
  readonly name: string;
  readonly domain: string;
  /** As `eu-central-1`. */
  readonly region: string;
}

/** What `platform: aws` decides of the settings; the input was checked. */
export function awsPlatform(_input: AwsInput, _names: AwsNames): PlatformSettings {
  throw new RangeError("platform aws is refused before");
}
