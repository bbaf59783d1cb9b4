import type { Facts } from "../draft";
import type { Problems } from "../problems";
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
import { certificatesFit, listsHaveNoDoubles, oneWayToLogIn, registriesAreNamed } from "./values";
import { checksumsAreKnown, componentsFit, kubernetesIsSupported } from "./versions";

/** One rule across settings; adds what it finds. It says nothing where a part it needs was refused. */
export type Check = (facts: Facts, problems: Problems) => void;

/** Everything that one value alone cannot tell, and no secret is needed for. */
export const CHECKS: readonly Check[] = [
  rangesAreDisjoint,
  addressesAreOutside,
  addressesAreReachable,
  podRangeFitsNodes,
  sliceFitsPods,
  serviceRangeFits,
  machinesFit,
  machineNamesAreLabels,
  mastersAreOdd,
  machinesAreDistinct,
  nodeAddressesAreKnown,
  rolesFitTheirKeys,
  labelsAreTaken,
  taintsAreTaken,
  endpointFits,
  nodePortsFit,
  namesFit,
  firewallLetsSomebodyIn,
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
];
