/**
 * Stand-in for the Pulumi provider `aws` 7.48 (github.com/pulumi/pulumi-aws), which is hashicorp/terraform-provider-aws 6
 * behind Pulumi's bridge. It keeps a model of one account in a file and starts nothing: instances are entries.
 *
 * Left out:
 * - every type and function not in kinds/index.ts and functions.ts, and arguments not in a type's table: all refused;
 * - IPv6, Outposts, Local Zones, carrier and transit gateways, regional NAT gateways, a default VPC;
 * - network ACLs and the rules of a security group that are given inline, beyond their count and the groups they name;
 * - what a service does later on its own: scaling policies, health of targets, end of a lifecycle hook, expiry;
 * - permissions: whoever calls may do everything; policies are read for their form and their principals alone;
 * - eventual consistency: what was made is there at once, and nothing has to be waited for;
 * - write-only arguments, upgrades of state written by older versions, and several accounts;
 * - the bridge's own entries in the state (`__meta`), and the original's wording around AWS' own errors.
 *
 * Not known for certain, and said beside the rule: the code with which EC2 refuses a reservation outside its subnet.
 */
import { sdkVersion } from "../shared/launch";
import { serve } from "../shared/serve";
import { accountFileVariable } from "./account";
import { AwsStandIn } from "./standIn";

void serve(() => {
  const file = process.env[accountFileVariable];
  if (!file) throw new Error(`${accountFileVariable} has to name the file of the stand-in's account`);
  return new AwsStandIn(sdkVersion("aws"), file);
});

// An engine that is killed cannot end its providers.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 2_000).unref();
