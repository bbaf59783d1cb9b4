import type { AwsLayout } from "../layout";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import { refreshPercents } from "./settings";

/** EC2 Auto Scaling API, RefreshPreferences: the two may differ by 100 at most. */
export function validateRefresh({ pools }: AwsLayout, problems: Problems, { refused }: Checked): void {
  for (const { path, input } of pools) {
    if (refused([...path, "maxSurge"]) || refused([...path, "maxUnavailable"])) continue;
    const { minHealthyPercent, maxHealthyPercent } = refreshPercents(input);
    const [away, surge] = [100 - minHealthyPercent, maxHealthyPercent - 100];
    if (away + surge > 100) {
      problems.add(
        [...path, "maxSurge"],
        input.maxSurge,
        `and maxUnavailable ${away}% are more than 100% together`,
        { allowed: `at most ${100 - away}%` },
      );
    } else if (away + surge === 0) {
      problems.add(
        [...path, "maxSurge"],
        input.maxSurge,
        "and maxUnavailable are both 0%: no node could be replaced",
        { allowed: "more than 0% for one of them" },
      );
    }
  }
}
