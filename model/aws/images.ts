import type { Architecture } from "../settings/resolved";
import type { AwsOs } from "./settings";

export interface AmiSource {
  /** Public SSM parameter with the id of the publisher's newest image; undefined: there is none. */
  readonly parameter?: (architecture: Architecture) => string;
  /** The account that cloud-init makes for people. */
  readonly user: string;
  /** Device name of the image's root volume: a block device mapping of another name would add a second volume. */
  readonly rootDevice: string;
  /** The publisher's images have the agent of Systems Manager. */
  readonly agent: boolean;
}

/**
 * Images of Linux families, by their publishers' public parameters where there are any: the newest at the time of asking. Agents:
 * Systems Manager User Guide, "Find AMIs with the SSM Agent preinstalled".
 */
export const IMAGES: Record<AwsOs, AmiSource> = {
  // Ubuntu on AWS documentation, "Find Ubuntu images on AWS" (from 23.10 on ebs-gp3, before on ebs-gp2); default user ubuntu.
  "ubuntu-22.04": {
    parameter: (architecture) =>
      `/aws/service/canonical/ubuntu/server/22.04/stable/current/${architecture}/hvm/ebs-gp2/ami-id`,
    user: "ubuntu",
    rootDevice: "/dev/sda1",
    agent: true,
  },
  "ubuntu-24.04": {
    parameter: (architecture) =>
      `/aws/service/canonical/ubuntu/server/24.04/stable/current/${architecture}/hvm/ebs-gp3/ami-id`,
    user: "ubuntu",
    rootDevice: "/dev/sda1",
    agent: true,
  },
  // Debian wiki, Cloud/AmazonEC2Image/Bookworm and /Trixie: SSM parameters, user admin, root device /dev/xvda.
  "debian-12": {
    parameter: (architecture) => `/aws/service/debian/release/12/latest/${architecture}`,
    user: "admin",
    rootDevice: "/dev/xvda",
    agent: false,
  },
  "debian-13": {
    parameter: (architecture) => `/aws/service/debian/release/13/latest/${architecture}`,
    user: "admin",
    rootDevice: "/dev/xvda",
    agent: false,
  },
  // Red Hat publishes images by account and name, and no parameter ("Red Hat Enterprise Linux Images (AMI) Available on Amazon Web
  // Services"); AlmaLinux' images have the same user and root device.
  "rhel-9": { user: "ec2-user", rootDevice: "/dev/sda1", agent: false },
  // Amazon Linux 2023 user guide, "AL2023 on Amazon EC2": parameters under ami-amazon-linux-latest, user ec2-user.
  "amazon-linux-2023": {
    parameter: (architecture) =>
      `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture === "arm64" ? "arm64" : "x86_64"}`,
    user: "ec2-user",
    rootDevice: "/dev/xvda",
    agent: true,
  },
};

/** @throws RangeError where the family has no public parameter, and no image was given */
export function imageParameter(os: AwsOs, architecture: Architecture): string {
  const { parameter } = IMAGES[os];
  if (parameter === undefined) throw new RangeError(`${os} needs the id of an image`);
  return parameter(architecture);
}

/**
 * Device of a pool's further volume by its place (Amazon EC2 User Guide, "Device names for volumes": for EBS /dev/sd[f-p], and with
 * the drivers of Windows xvd[f-p], which know no name beyond /dev/sde).
 */
export function extraVolumeDevice(index: number, platform: "linux" | "windows"): string {
  const letter = String.fromCharCode("f".charCodeAt(0) + index);
  return platform === "windows" ? `xvd${letter}` : `/dev/sd${letter}`;
}

/** Root device of Windows images (EC2 user guide, "Device names for volumes"). */
export const WINDOWS_ROOT_DEVICE = "/dev/sda1";

/** Windows Server Core by its release (AWS Systems Manager, public parameters under ami-windows-latest); amd64 only. */
export function windowsImageParameter(release: "2022" | "2025"): string {
  return `/aws/service/ami-windows-latest/Windows_Server-${release}-English-Core-Base`;
}

/** What EC2 takes in place of an image's id in a launch template, and looks up at each launch. */
export function resolvedAtLaunch(parameter: string): string {
  return `resolve:ssm:${parameter}`;
}
