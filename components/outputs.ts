import type * as pulumi from "@pulumi/pulumi";

/**
 * Text that a provider makes, ready to be computed with. A provider always gives it; Pulumi's mocks as most tests set them
 * (`state: args.inputs`) do not, and without this a test of a stack would end in an error of ours.
 */
export function made(output: pulumi.Output<string>): pulumi.Output<string> {
  return output.apply((text: string | undefined) => text ?? "");
}
