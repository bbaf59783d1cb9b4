import { validateAttached } from "../attached/validate";
import { validateEcr, validateEcrLogin } from "../ecr/validate";
import { validateEndpoints, validateWayOut } from "../endpoints/validate";
import { validateDefaultClass } from "../loadBalancers/validate";
import { validateRefresh } from "../refresh/validate";
import { validateSessionAgents } from "../sessions/validate";
import type { AwsLayout } from "../layout";
import type { Checked, ValidatorRow } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import { validateAccessLists, validateLoadBalancer, validateConnectVia } from "./access";
import { validateSubnetAddresses, validateMostNodes } from "./capacity";
import { validateEc2Mtu, validateOneSubnet, validatePodMtu, validateSourceCheck } from "./cni";
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

type Row = readonly [
  validate: (layout: AwsLayout, problems: Problems, checked: Checked) => void,
  ...reads: string[],
];

const PLACES = ["access", "controlPlane", "workers", "bastion"];
const BACKEND = ["cni.kind", "cni.backend"];

const ROWS: readonly Row[] = [
  [validateVpcRange, "network.vpcCidr"],
  [validateVpcSize],
  [validateSubnets, "network.vpcCidr", "network.subnetMask"],
  [validateZones],
  [validateZoneCount],
  [validateNat, ...PLACES],
  [validateExistingVpc],
  [validateExistingSubnets],
  [validateSubnetTypes, "network.existing"],
  [validateConnectVia, "access.connectVia", "access.endpointAccess", "controlPlane.subnetType"],
  [validateAccessLists],
  [validateLoadBalancer, "controlPlane.count"],
  [validateInstanceTypes],
  [validateImages],
  [validateControlPlaneSize],
  [validateWindowsPools],
  [validateCount],
  [validateNamed, "controlPlane.count"],
  [validatePoolNames],
  [validatePoolSizes],
  [validatePoolZones],
  [validatePoolSubnets, "network.existing"],
  [validateSpot],
  [validateRefresh],
  [validatePackages],
  [validateDrainTimeout],
  [validateMostNodes, "network.maxNodes", "controlPlane.count", "workers"],
  [validateSubnetAddresses, "network", ...PLACES],
  [validateOneSubnet, ...BACKEND],
  [validateSourceCheck, ...BACKEND],
  [validateEc2Mtu],
  [validatePodMtu, ...BACKEND, "network.mtu"],
  [validateVolumes],
  [validateTags],
  [validateCloudFlags],
  [validateAttached],
  [validateEndpoints],
  [validateWayOut, "proxy", "downloads", "images"],
  [validateSessionAgents],
  [validateDefaultClass, "loadBalancerController", "ingress.default", "ingress.className"],
  [validateEcr, "ecr"],
  [validateEcrLogin, "images.registries"],
];

export const AWS_VALIDATORS: readonly ValidatorRow[] = ROWS.map(([validate, ...reads]) => [
  (checked, problems) => {
    if (checked.layout !== undefined) validate(checked.layout, problems, checked);
  },
  ...reads,
]);
