import { IMAGES } from "../../../aws/images";
import type { AwsLayout } from "../../awsLayout";
import type { Problems } from "../../problems";
import type { OsFamily } from "../../resolved";

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
