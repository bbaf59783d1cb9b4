import type { ValidatorRow } from "../checked";
import type { Platform } from "../resolved";
import { validateAddons } from "./addons";
import { AWS_VALIDATORS } from "../../aws/validate";
import { validateCni } from "./cni";
import { chartsFit } from "../../addons/helm/validate";
import { validateContainerd } from "./containerd";
import {
  validateFirewallRules,
  validateProxyPort,
  validateLoadBalancers,
  validateApiName,
  validateFirewallAccess,
  validateNames,
  validateNodePorts,
} from "./endpoint";
import { validateFlags } from "../../flags/validate";
import {
  validateAdmission,
  validateComponentFiles,
  validateExtraVolumes,
  validateFlagFiles,
} from "../../flags/validate/files";
import { validateLabels, validateTaints } from "./labels";
import {
  validateMachineNames,
  validateDistinctMachines,
  validateControlPlaneCount,
  validateNodeAddresses,
  validateRoles,
  validateUpgradePools,
} from "./machines";
import {
  validateAuditPolicy,
  validateKubelet,
  validateKubeProxy,
  validateKubeProxyMode,
} from "../../documents/validate";
import { validateIgnoredChecks } from "./preflight";
import { validateOutsideAddresses, validateReachableAddresses, validateRanges } from "./ranges";
import { validateNodeCount, validatePodRange, validateServiceRange, validateNodeSlice } from "./sizes";
import {
  validateCertificates,
  validateLists,
  validateLoginNames,
  validateLoginConfiguration,
  validateProxy,
  validateMirrors,
  validateRegistries,
} from "./values";
import {
  validateChecksums,
  validateComponentVersions,
  validateCrictl,
  validateHops,
  validateKubernetesVersion,
} from "./versions";

/** Everything that one value alone cannot tell, and no secret is needed for; on every platform. */
export const VALIDATORS: readonly ValidatorRow[] = [
  [validateRanges],
  [validateOutsideAddresses],
  [validateReachableAddresses],
  [validatePodRange, "cni.podCidr", "network.nodeCidrMaskSize"],
  [validateNodeSlice, "network.nodeCidrMaskSize", "network.podsPerNode"],
  [validateServiceRange, "network.serviceCidr"],
  [validateLabels],
  [validateTaints],
  [validateNodePorts, "network.nodePortRange"],
  [validateNames, "name"],
  [validateApiName, "name", "domain", "network.clusterDomain"],
  [validateKubernetesVersion, "kubernetesVersion"],
  [validateComponentVersions],
  [validateCrictl, "kubernetesVersion"],
  [validateChecksums, "kubernetesVersion", "versions", "downloads.checksums", "machines.*.architecture"],
  [validateHops, "kubernetesVersion", "upgrades.through", "machines.*.role", "machines.*.architecture"],
  [validateCni],
  [validateFlags],
  [validateFlagFiles],
  [validateComponentFiles],
  [validateExtraVolumes],
  [validateAdmission],
  [validateKubelet],
  [validateKubeProxy],
  [validateKubeProxyMode, "kubeProxy.mode", "cni.kind", "cni.backend"],
  [validateAuditPolicy],
  [validateIgnoredChecks],
  [validateCertificates, "certificates"],
  [validateLists],
  [validateMirrors],
  [validateRegistries],
  [validateProxy, "proxy"],
  [validateContainerd],
  [validateLoginConfiguration],
  [validateLoginNames, "oidc.groupsClaim"],
  [validateAddons],
  [chartsFit],
];

const MACHINES: readonly ValidatorRow[] = [
  [validateNodeCount, "network.maxNodes"],
  [validateMachineNames],
  [validateControlPlaneCount, "machines.*.role"],
  [validateDistinctMachines],
  [validateNodeAddresses],
  [validateRoles],
  [validateUpgradePools, "machines.*.role", "machines.*.pool"],
  [validateProxyPort, "endpoint.kind", "endpoint.port"],
  [validateLoadBalancers, "endpoint.kind", "endpoint.machine"],
  [validateFirewallAccess],
  [validateFirewallRules],
];

export const VALIDATORS_OF: Record<Platform, readonly ValidatorRow[]> = {
  machines: MACHINES,
  aws: AWS_VALIDATORS,
};
