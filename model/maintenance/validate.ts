import type { Checked } from "../settings/checked";
import type { Problems } from "../settings/problems";
import { DAYS } from "./settings";

const AT = ["maintenance"] as const;

/** What one value alone cannot tell. */
export function validateMaintenance({ written, settings, refused }: Checked, problems: Problems): void {
  const given = written.maintenance;
  if (given === undefined || refused("maintenance")) return;
  if (settings.platform === "aws")
    return problems.add(
      AT,
      given,
      "is for your own machines: on AWS an instance gets its packages from its image, and is replaced",
      {
        allowed:
          "no maintenance; raise workers.<pool>.revision or controlPlane.revisions.<name>: new instances boot the publisher's newest image",
      },
    );
  const { packages, reboot } = given;
  if (packages === "none" && reboot === "never")
    problems.add(AT, given, "upgrades no package and reboots no host", {
      allowed: "packages: security or all, or reboot: whenNeeded or always",
    });
  problems.addTwins(given.windows, (index) => [...AT, "windows", index], {
    key: ({ days = DAYS, start, duration }) => `${[...days].sort().join()} ${start} ${duration}`,
  });
  if ((given.windows ?? []).length === 0 && given.now === undefined)
    problems.add([...AT, "windows"], given.windows, "is missing: no maintenance would ever begin", {
      allowed: "windows such as [{ days: [Sat, Sun], start: 02:00, duration: 4h }], or now",
    });
}
