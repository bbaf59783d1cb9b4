import type { AwsLayout } from "../layout";
import { AWS_DEFAULTS } from "../defaults";
import type { Problems } from "../../settings/problems";
import type { OsFamily } from "../../settings/resolved";
import { IMAGES } from "../images";

/** Sessions need an agent, which not every publisher puts into the image. */
export function validateSessionAgents({ input, pools }: AwsLayout, problems: Problems): void {
  if (input.access.sessionManager !== true) return;
  for (const [path, given] of [
    [["controlPlane"], input.controlPlane],
    ...(input.bastion === undefined ? [] : [[["bastion"], input.bastion] as const]),
    ...pools.map((pool) => [pool.path, pool.input] as const),
  ] as const) {
    const { os = AWS_DEFAULTS.os } = given;
    if ("ami" in given || !(os in IMAGES)) continue;
    const { agent, parameter } = IMAGES[os as OsFamily];
    // A family without a published image is refused for that.
    if (agent || parameter === undefined) continue;
    problems.add(
      [...path, "os"],
      os,
      "has no Systems Manager agent in its publisher's images, so no session could start",
      {
        allowed: `${Object.keys(IMAGES)
          .filter((one) => IMAGES[one as OsFamily].agent)
          .join(", ")}, or ami with an image that has it`,
      },
    );
  }
}
