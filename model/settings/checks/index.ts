import type { Check } from "../draft";
import type { Platform } from "../resolved";
import { AWS_CHECKS } from "./aws";
import { validateCni } from "./cni";
import { chartsFit } from "../../addons/helm/validate";
import { containerdFits } from "./containerd";
import { corednsFits } from "../../addons/coredns/validate";
import { allowedRulesFit, endpointFits, firewallLetsSomebodyIn, namesFit, nodePortsFit } from "./endpoint";
import { flagsFit } from "./flags";
import { admissionFits, componentFilesFit, extraVolumesFit, flagFilesFit } from "./flags/files";
import { ingressFits } from "../../addons/ingress/validate";
import { labelsAreTaken, taintsAreTaken } from "./labels";
import {
  machineNamesAreLabels,
  machinesAreDistinct,
  validateControlPlaneCount,
  nodeAddressesAreKnown,
  rolesFitTheirKeys,
} from "./machines";
import { metallbFits } from "../../addons/metallb/validate";
import { auditPolicyFits, kubeletFits, kubeProxyFits } from "./documents";
import { preflightIsNotSwitchedOff } from "./preflight";
import { addressesAreOutside, addressesAreReachable, rangesAreDisjoint } from "./ranges";
import { machinesFit, podRangeFitsNodes, serviceRangeFits, sliceFitsPods } from "./sizes";
import { rolesFit, tenantsFit } from "./tenancy";
import {
  certificatesFit,
  listsHaveNoDoubles,
  loginNamesAreTheirOwn,
  oneWayToLogIn,
  proxyFits,
  registriesAreNamed,
  registriesFit,
} from "./values";
import { checksumsAreKnown, componentsFit, kubernetesIsSupported } from "./versions";
import { windowsDownloadsFit, windowsNodesCanBoot, windowsReleasesFit } from "./windows";

/** Everything that one value alone cannot tell, and no secret is needed for; on every platform. */
export const CHECKS: readonly Check[] = [
  rangesAreDisjoint,
  addressesAreOutside,
  addressesAreReachable,
  podRangeFitsNodes,
  sliceFitsPods,
  serviceRangeFits,
  labelsAreTaken,
  taintsAreTaken,
  nodePortsFit,
  namesFit,
  kubernetesIsSupported,
  componentsFit,
  checksumsAreKnown,
  validateCni,
  windowsDownloadsFit,
  windowsReleasesFit,
  windowsNodesCanBoot,
  flagsFit,
  flagFilesFit,
  componentFilesFit,
  extraVolumesFit,
  admissionFits,
  kubeletFits,
  kubeProxyFits,
  auditPolicyFits,
  preflightIsNotSwitchedOff,
  certificatesFit,
  listsHaveNoDoubles,
  registriesAreNamed,
  registriesFit,
  proxyFits,
  containerdFits,
  oneWayToLogIn,
  loginNamesAreTheirOwn,
  tenantsFit,
  rolesFit,
  corednsFits,
  metallbFits,
  ingressFits,
  chartsFit,
];

/** What machines that exist, and machines that are made, can get wrong. */
export const CHECKS_OF: Record<Platform, readonly Check[]> = {
  machines: [
    machinesFit,
    machineNamesAreLabels,
    validateControlPlaneCount,
    machinesAreDistinct,
    nodeAddressesAreKnown,
    rolesFitTheirKeys,
    endpointFits,
    firewallLetsSomebodyIn,
    allowedRulesFit,
  ],
  aws: AWS_CHECKS,
};
