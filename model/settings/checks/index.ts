import type { Check } from "../draft";
import type { Platform } from "../resolved";
import { validateAddons } from "./addons";
import { AWS_CHECKS } from "./aws";
import { validateCni } from "./cni";
import { chartsFit } from "../../addons/helm/validate";
import { validateContainerd } from "./containerd";
import {
  validateFirewallRules,
  validateEndpoint,
  validateFirewallAccess,
  validateNames,
  validateNodePorts,
} from "./endpoint";
import { validateFlags } from "./flags";
import {
  validateAdmission,
  validateComponentFiles,
  validateExtraVolumes,
  validateFlagFiles,
} from "./flags/files";
import { validateLabels, validateTaints } from "./labels";
import {
  validateMachineNames,
  validateDistinctMachines,
  validateControlPlaneCount,
  validateNodeAddresses,
  validateRoles,
} from "./machines";
import { validateAuditPolicy, validateKubelet, validateKubeProxy } from "./documents";
import { validateIgnoredChecks } from "./preflight";
import { validateOutsideAddresses, validateReachableAddresses, validateRanges } from "./ranges";
import { validateNodeCount, validatePodRange, validateServiceRange, validateNodeSlice } from "./sizes";
import { rolesFit, tenantsFit } from "./tenancy";
import {
  validateCertificates,
  validateLists,
  validateLoginNames,
  validateLoginConfiguration,
  validateProxy,
  validateMirrors,
  validateRegistries,
} from "./values";
import { validateChecksums, validateComponentVersions, validateKubernetesVersion } from "./versions";
import { windowsDownloadsFit, windowsNodesCanBoot, windowsReleasesFit } from "./windows";

/** Everything that one value alone cannot tell, and no secret is needed for; on every platform. */
export const CHECKS: readonly Check[] = [
  validateRanges,
  validateOutsideAddresses,
  validateReachableAddresses,
  validatePodRange,
  validateNodeSlice,
  validateServiceRange,
  validateLabels,
  validateTaints,
  validateNodePorts,
  validateNames,
  validateKubernetesVersion,
  validateComponentVersions,
  validateChecksums,
  validateCni,
  windowsDownloadsFit,
  windowsReleasesFit,
  windowsNodesCanBoot,
  validateFlags,
  validateFlagFiles,
  validateComponentFiles,
  validateExtraVolumes,
  validateAdmission,
  validateKubelet,
  validateKubeProxy,
  validateAuditPolicy,
  validateIgnoredChecks,
  validateCertificates,
  validateLists,
  validateMirrors,
  validateRegistries,
  validateProxy,
  validateContainerd,
  validateLoginConfiguration,
  validateLoginNames,
  tenantsFit,
  rolesFit,
  validateAddons,
  chartsFit,
];

/** What machines that exist, and machines that are made, can get wrong. */
export const CHECKS_OF: Record<Platform, readonly Check[]> = {
  machines: [
    validateNodeCount,
    validateMachineNames,
    validateControlPlaneCount,
    validateDistinctMachines,
    validateNodeAddresses,
    validateRoles,
    validateEndpoint,
    validateFirewallAccess,
    validateFirewallRules,
  ],
  aws: AWS_CHECKS,
};
