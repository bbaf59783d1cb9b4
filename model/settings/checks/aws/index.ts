import { attachedFits } from "../../../aws/attached/validate";
import { ecrFits } from "../../../aws/ecr/validate";
import { endpointsFit, nothingIsFetchedOutside } from "../../../aws/endpoints/validate";
import { agentsAreThere } from "../../../aws/sessions/validate";
import type { AwsFacts } from "../../awsFacts";
import type { Check, Facts } from "../../draft";
import type { Problems } from "../../problems";
import { accessLetsTheProgramIn, balancerIsThere, programReachesTheApi } from "./access";
import { addressesSuffice, nodesFit } from "./capacity";
import { mtuIsOfEc2, podsStayInOneSubnet, sourceCheckCanBeOff } from "./cni";
import { imagesAreGiven } from "./images";
import { instanceTypesFit, validateControlPlaneSize, windowsPoolsFit } from "./instances";
import { countIsOdd, validateDeletable, validateRevisions } from "./controlPlane";
import {
  existingSubnetsFit,
  existingSubnetsSuffice,
  existingVpcIsLeftAlone,
  natServesSomebody,
  subnetsFit,
  vpcFits,
  vpcIsDisjoint,
  zonesAreOfTheAccount,
  zonesAreOfTheRegion,
} from "./network";
import { cloudFlagsAreOwned } from "./owned";
import {
  drainsEnd,
  poolNamesAreFree,
  poolSizesFit,
  poolZonesAreInUse,
  poolsHaveSubnets,
  refreshFits,
  spotFits,
} from "./pools";
import { tagsAreTaken } from "./tags";
import { volumesFit } from "./volumes";

type AwsCheck = (aws: AwsFacts, facts: Facts, problems: Problems) => void;

const CHECKS: readonly AwsCheck[] = [
  vpcIsDisjoint,
  vpcFits,
  subnetsFit,
  zonesAreOfTheRegion,
  zonesAreOfTheAccount,
  natServesSomebody,
  existingVpcIsLeftAlone,
  existingSubnetsFit,
  existingSubnetsSuffice,
  programReachesTheApi,
  accessLetsTheProgramIn,
  balancerIsThere,
  instanceTypesFit,
  imagesAreGiven,
  validateControlPlaneSize,
  windowsPoolsFit,
  countIsOdd,
  validateRevisions,
  validateDeletable,
  poolNamesAreFree,
  poolSizesFit,
  poolZonesAreInUse,
  poolsHaveSubnets,
  spotFits,
  refreshFits,
  drainsEnd,
  nodesFit,
  addressesSuffice,
  podsStayInOneSubnet,
  sourceCheckCanBeOff,
  mtuIsOfEc2,
  volumesFit,
  tagsAreTaken,
  cloudFlagsAreOwned,
  attachedFits,
  endpointsFit,
  nothingIsFetchedOutside,
  agentsAreThere,
  ecrFits,
];

/** What only settings of platform aws can get wrong. */
export const AWS_CHECKS: readonly Check[] = CHECKS.map((check) => (facts, problems) => {
  if (facts.awsFacts !== undefined) check(facts.awsFacts, facts, problems);
});
