/**
 * What consumers import from `pulumi-kubeadm/policy`: the policies as plain objects, for a policy pack of their own. No pack
 * is made here: a `PolicyPack` serves as soon as it is constructed.
 */
import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import * as aws from "./rules/aws";
import { oneDnsAddress, onePodRange } from "./rules/addresses";
import * as certificates from "./rules/certificates";
import { oddControlPlaneNodes, oneInit } from "./rules/controlPlane";
import { hostsThroughTheDoor, noPrivateKeyInCommand, pinnedHostKeys } from "./rules/hosts";
import { clusterProvider } from "./rules/providers";
import { kubernetesVersion } from "./rules/versions";
import * as workloads from "./rules/workloads";

export * from "./rules/addresses";
export * from "./rules/aws";
export * from "./rules/certificates";
export * from "./rules/controlPlane";
export * from "./rules/hosts";
export * from "./rules/providers";
export * from "./rules/versions";
export * from "./rules/workloads";

/** All policies, in the order of `docs/policy.md`. */
export const policies: (ResourceValidationPolicy | StackValidationPolicy)[] = [
  hostsThroughTheDoor,
  noPrivateKeyInCommand,
  pinnedHostKeys,
  onePodRange,
  oneDnsAddress,
  oneInit,
  oddControlPlaneNodes,
  certificates.authorityValidity,
  certificates.authoritiesOnly,
  certificates.authorityKeys,
  certificates.clientCertificateValidity,
  certificates.protectedKeys,
  clusterProvider,
  workloads.pinnedImages,
  workloads.privilegedContainers,
  workloads.exposedServices,
  workloads.keysInSecrets,
  kubernetesVersion,
  aws.metadataService,
  aws.encryptedVolumes,
  aws.openIngress,
  aws.publicObjects,
];
