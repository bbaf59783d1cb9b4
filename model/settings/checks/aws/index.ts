import { validateAttached } from "../../../aws/attached/validate";
import { validateEcr } from "../../../aws/ecr/validate";
import { validateEndpoints, validateWayOut } from "../../../aws/endpoints/validate";
import { validateRefresh } from "../../../aws/refresh/validate";
import { validateSessionAgents } from "../../../aws/sessions/validate";
import type { AwsFacts } from "../../awsFacts";
import type { Check, Facts } from "../../draft";
import type { Problems } from "../../problems";
import { validateAccessLists, validateLoadBalancer, validateConnectVia } from "./access";
import { validateSubnetAddresses, validateMostNodes } from "./capacity";
import { validateEc2Mtu, validateOneSubnet, validateSourceCheck } from "./cni";
import { validateImages } from "./images";
import { validateInstanceTypes, validateControlPlaneSize, validateWindowsPools } from "./instances";
import { validateCount, validateNamed } from "./controlPlane";
import {
  validateExistingSubnets,
  validateSubnetTypes,
  validateExistingVpc,
  validateNat,
  validateSubnets,
  validateVpcSize,
  validateVpcRange,
  validateZoneCount,
  validateZones,
} from "./network";
import { validateCloudFlags } from "./owned";
import {
  validateDrainTimeout,
  validatePoolNames,
  validatePoolSizes,
  validatePoolZones,
  validatePoolSubnets,
  validatePackages,
  validateSpot,
} from "./pools";
import { validateTags } from "./tags";
import { validateVolumes } from "./volumes";

type AwsCheck = (aws: AwsFacts, facts: Facts, problems: Problems) => void;

const CHECKS: readonly AwsCheck[] = [
  validateVpcRange,
  validateVpcSize,
  validateSubnets,
  validateZones,
  validateZoneCount,
  validateNat,
  validateExistingVpc,
  validateExistingSubnets,
  validateSubnetTypes,
  validateConnectVia,
  validateAccessLists,
  validateLoadBalancer,
  validateInstanceTypes,
  validateImages,
  validateControlPlaneSize,
  validateWindowsPools,
  validateCount,
  validateNamed,
  validatePoolNames,
  validatePoolSizes,
  validatePoolZones,
  validatePoolSubnets,
  validateSpot,
  validateRefresh,
  validatePackages,
  validateDrainTimeout,
  validateMostNodes,
  validateSubnetAddresses,
  validateOneSubnet,
  validateSourceCheck,
  validateEc2Mtu,
  validateVolumes,
  validateTags,
  validateCloudFlags,
  validateAttached,
  validateEndpoints,
  validateWayOut,
  validateSessionAgents,
  validateEcr,
];

/** What only settings of platform aws can get wrong. */
export const AWS_CHECKS: readonly Check[] = CHECKS.map((check) => (facts, problems) => {
  if (facts.awsFacts !== undefined) check(facts.awsFacts, facts, problems);
});
