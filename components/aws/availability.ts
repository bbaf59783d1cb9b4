import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { availabilityProblems, wantedTypes } from "../../model/aws/availability";
import { awsOf } from "../../model/aws/spec";
import { formatProblems } from "../../model/settings/problems";
import type { ClusterSettings } from "../../model/settings/resolved";

/**
 * Asks AWS whether the account has the zones of the settings, and the zones the instance types: a report of everything that
 * is missing, "" where nothing is. It is an error of the program, in a preview too, and no output that fails: one would end
 * programs of Pulumi's Automation API without an answer. Under mocks, which answer nothing, nothing is judged.
 */
export function missingFromAccount(
  settings: ClusterSettings,
  { parent, provider }: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const invoke = { ...(parent ? { parent } : {}), ...(provider ? { provider } : {}) };
  const zones = aws.getAvailabilityZonesOutput({}, invoke);
  const offerings = aws.ec2.getInstanceTypeOfferingsOutput(
    {
      locationType: "availability-zone",
      filters: [{ name: "instance-type", values: wantedTypes(awsOf(settings)) }],
    },
    invoke,
  );
  return pulumi.all([zones, offerings]).apply(([there, offered]) => {
    const { names } = there as Partial<typeof there>;
    const { instanceTypes, locations } = offered as Partial<typeof offered>;
    if (names === undefined || instanceTypes === undefined || locations === undefined) return "";
    const pairs = instanceTypes.map((instanceType, index) => ({
      instanceType,
      zone: locations[index] ?? "",
    }));
    const problems = availabilityProblems(settings, { zones: names, offerings: pairs });
    if (problems.length === 0) return "";
    const report = formatProblems(problems, settings.name);
    void pulumi.log.error(report, parent);
    return report;
  });
}
