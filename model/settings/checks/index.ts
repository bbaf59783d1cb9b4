import type { Facts } from "../draft";
import type { Problems } from "../problems";
import type { Platform } from "../resolved";
import { AWS_CHECKS } from "./aws";
import { cniFits } from "./cni";
import { endpointFits, firewallLetsSomebodyIn, namesFit, nodePortsFit } from "./endpoint";
import { labelsAreTaken, taintsAreTaken } from "./labels";
import {
  machineNamesAreLabels,
  machinesAreDistinct,
  mastersAreOdd,
  nodeAddressesAreKnown,
  rolesFitTheirKeys,
} from "./machines";
import { nothingIsSaidTwice, preflightIsNotSwitchedOff } from "./owned";
import { addressesAreOutside, addressesAreReachable, rangesAreDisjoint } from "./ranges";
import { machinesFit, podRangeFitsNodes, serviceRangeFits, sliceFitsPods } from "./sizes";
import { rolesFit, tenantsFit } from "./tenancy";
import { certificatesFit, listsHaveNoDoubles, oneWayToLogIn, registriesAreNamed } from "./values";
import { checksumsAreKnown, componentsFit, kubernetesIsSupported } from "./versions";

/** One rule across settings; adds what it finds. It says nothing where a part it needs was refused. */
export type Check = (facts: Facts, problems: Problems) => void;

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
  cniFits,
  nothingIsSaidTwice,
  preflightIsNotSwitchedOff,
  certificatesFit,
  listsHaveNoDoubles,
  registriesAreNamed,
  oneWayToLogIn,
  tenantsFit,
  rolesFit,
];

/** What machines that exist, and machines that are made, can get wrong. */
export const CHECKS_OF: Record<Platform, readonly Check[]> = {
  machines: [
    machinesFit,
    machineNamesAreLabels,
    mastersAreOdd,
    machinesAreDistinct,
    nodeAddressesAreKnown,
    rolesFitTheirKeys,
    endpointFits,
    firewallLetsSomebodyIn,
  ],
  aws: AWS_CHECKS,
};
