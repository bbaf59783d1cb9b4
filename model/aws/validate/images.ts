import { IMAGES } from "../images";
import type { AwsLayout } from "../layout";
import type { Problems } from "../../settings/problems";
import type { OsFamily } from "../../settings/resolved";

/** A family whose publisher has no public parameter needs the id of an image. */
export function validateImages({ input, pools }: AwsLayout, problems: Problems): void {
  for (const [path, given] of [
    [["controlPlane"], input.controlPlane],
    [["bastion"], input.bastion ?? {}],
    ...pools.map((pool) => [pool.path, pool.input] as const),
  ] as const) {
    const { os } = given;
    if (os === undefined || !(os in IMAGES) || "ami" in given) continue;
    if (IMAGES[os as OsFamily].parameter !== undefined) continue;
    problems.add([...path, "ami"], undefined, `is missing: no publisher names the newest image of ${os}`, {
      allowed: "the id of an image, such as ami-0123456789abcdef0",
    });
  }
}
