import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  availabilityProblems,
  wantedImages,
  wantedServices,
  wantedTypes,
  type Availability,
} from "../../model/aws/availability";
import { awsOf } from "../../model/aws/spec";
import { formatProblems } from "../../model/settings/problems";
import type { ClusterSettings } from "../../model/settings/resolved";

/**
 * Asks AWS whether the account has what the settings name: zones, instance types in them, services with endpoints, images. A
 * report of everything that is missing, "" where nothing is. It is an error of the program, in a preview too, and no output that
 * fails: one would end programs of Pulumi's Automation API without an answer. Under mocks, which answer nothing, nothing is judged.
 */
export function missingFromAccount(
  settings: ClusterSettings,
  { parent, provider }: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const invoke = { ...(parent ? { parent } : {}), ...(provider ? { provider } : {}) };
  const own = awsOf(settings);
  const zones = aws.getAvailabilityZonesOutput({}, invoke);
  const offerings = aws.ec2.getInstanceTypeOfferingsOutput(
    {
      locationType: "availability-zone",
      filters: [{ name: "instance-type", values: wantedTypes(own) }],
    },
    invoke,
  );
  const asked = pulumi.all([
    zones,
    offerings,
    findServices(own.region, wantedServices(own), invoke),
    findImages(wantedImages(own), invoke),
  ]);
  return asked.apply(([there, offered, services, images]) => {
    const { names } = there as Partial<typeof there>;
    const { instanceTypes, locations } = offered as Partial<typeof offered>;
    if (names === undefined || instanceTypes === undefined || locations === undefined) return "";
    const pairs = instanceTypes.map((instanceType, index) => ({
      instanceType,
      zone: locations[index] ?? "",
    }));
    const problems = availabilityProblems(settings, { zones: names, offerings: pairs, services, images });
    if (problems.length === 0) return "";
    const report = formatProblems(problems, settings.name);
    void pulumi.log.error(report, parent);
    return report;
  });
}

/** Each by itself: the function fails where it does not find exactly one (ec2/vpc_endpoint_service_data_source.go). */
async function findServices(
  region: string,
  names: readonly string[],
  invoke: pulumi.InvokeOptions,
): Promise<Availability["services"]> {
  const found = names.map(async (name): Promise<[string, readonly string[] | null][]> => {
    const args = { serviceName: `com.amazonaws.${region}.${name}`, serviceType: "Interface" };
    const service = await orNone(aws.ec2.getVpcEndpointService(args, invoke));
    if (service === null) return [[name, null]];
    return service.availabilityZones === undefined ? [] : [[name, service.availabilityZones]];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** Each by itself, as services (ec2/ec2_ami_data_source.go). */
async function findImages(
  ids: readonly string[],
  invoke: pulumi.InvokeOptions,
): Promise<Availability["images"]> {
  const found = ids.map(async (id): Promise<[string, Availability["images"][string]][]> => {
    const filters = [{ name: "image-id", values: [id] }];
    const image = await orNone(aws.ec2.getAmi({ filters, includeDeprecated: true }, invoke));
    if (image === null) return [[id, null]];
    const { architecture, rootDeviceName } = image;
    return architecture === undefined || rootDeviceName === undefined
      ? []
      : [[id, { architecture, rootDeviceName }]];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** null where the function says that there is no such thing; under mocks the answer is empty. */
async function orNone<T>(answer: Promise<T>): Promise<Partial<T> | null> {
  try {
    return await answer;
  } catch (error) {
    if (
      /returned no results|no matching|couldn't find resource|empty result|InvalidServiceName/i.test(
        String(error),
      )
    )
      return null;
    throw error;
  }
}
