/**
 * What programs with clusters on AWS import from `pulumi-kubeadm/aws`. Importing it makes `platform: aws` available to `Cluster`.
 * It needs the package `@pulumi/aws`, which the rest of the library does not.
 */
import { AwsPlatform } from "./components/aws/platform";
import { registerCloud } from "./components/cloud";

registerCloud("aws", (name, args, opts) => new AwsPlatform(name, args, opts));

export { aliasRecords } from "./components/aws/dns";
export { Network, type NetworkArgs } from "./components/aws/network";
export { AwsPlatform } from "./components/aws/platform";
export {
  AddonRole,
  PodIdentity,
  type AddonRoleArgs,
  type PodIdentityArgs,
} from "./components/aws/podIdentity";
export { AwsWorkerPool, type AwsWorkerPoolArgs } from "./components/aws/workerPool";
export type { Statement } from "./model/aws/statement";
