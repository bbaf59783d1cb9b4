import { describe, expect, it } from "vitest";
import { poolRule } from "../../../model/aws/node/joins";
import { approverUnits, joinApproverUnits, renewalUnits } from "../../../model/kubeadm";
import { settingsOf } from "../../support/kubeadmSettings";
import { awsSettings } from "../aws/boot/support";
import { have } from "../../support/have";
import { shellcheck } from "../../support/shellcheck";

const files = [
  ...approverUnits(settingsOf()),
  ...renewalUnits(settingsOf()),
  ...joinApproverUnits(poolRule(awsSettings())),
];

describe("scripts and units of control-plane nodes", () => {
  for (const file of files.filter((one) => one.content.startsWith("#!"))) {
    it.skipIf(!have("shellcheck"))(`${file.path} passes shellcheck`, () => {
      expect(shellcheck(file.content)).toBe("");
    });
  }

  it.each(files.filter((one) => one.path.endsWith(".service")).map((one) => [one.path, one.content]))(
    "%s runs a script that is among the files and may be executed",
    (_, content) => {
      const program = /^ExecStart=(\S+)/m.exec(content)?.[1];
      expect(files.find((one) => one.path === program)?.mode).toBe("0755");
    },
  );

  it("have a timer for each service, which starts with the host", () => {
    const named = (suffix: string) =>
      files.filter((one) => one.path.endsWith(suffix)).map((one) => one.path.slice(0, -suffix.length));
    expect(named(".timer")).toEqual(named(".service"));
    for (const file of files.filter((one) => one.path.endsWith(".timer"))) {
      expect(file.content).toContain("WantedBy=timers.target");
    }
  });
});
