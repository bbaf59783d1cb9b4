/**
 * What programs with clusters on AWS import from `pulumi-kubeadm/aws`. Importing it makes `platform: aws` available to `Cluster`.
 * It needs the package `@pulumi/aws`, which the rest of the library does not.
 */
import { AwsPlatform } from "./components/aws/platform";
import { registerCloud } from "./components/cloud";

registerCloud("aws", (name, args, opts) => new AwsPlatform(name, args, opts));

export { Bastion, type BastionArgs } from "./components/aws/bastion";
export { CloudProvider, type CloudProviderArgs } from "./components/aws/cloudProvider";
export { BootFiles, type BootFilesArgs } from "./components/aws/bootFiles";
export { aliasRecords } from "./components/aws/dns";
export { Endpoint, type EndpointArgs } from "./components/aws/endpoint";
export { Firewall, type FirewallArgs } from "./components/aws/firewall";
export { InstanceRole, type InstanceRoleArgs } from "./components/aws/instanceRole";
export {
  ControlPlaneInstances,
  type ControlPlaneInstancesArgs,
} from "./components/aws/controlPlaneInstances";
export { Network, type NetworkArgs } from "./components/aws/network";
export { ServiceEndpoints, type ServiceEndpointsArgs } from "./components/aws/serviceEndpoints";
export { AwsPlatform, type AwsPlatformArgs } from "./components/aws/platform";
export {
  AddonRole,
  PodIdentity,
  type AddonRoleArgs,
  type PodIdentityArgs,
} from "./components/aws/podIdentity";
export { Secrets, type SecretsArgs } from "./components/aws/secrets";
export { Storage } from "./components/aws/storage";
export { AwsWorkerPool, type AwsWorkerPoolArgs } from "./components/aws/workerPool";
