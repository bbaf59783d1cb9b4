# shellcheck shell=bash disable=SC2034
# Uses: aws/node/scripts/aws.sh

# Sets instance, zone, address and node. Where a VPC has several domains the name has several words; the first is the one that
# the cloud controller manager looks for.
ask_metadata() {
  instance=$(aws imds meta-data/instance-id)
  zone=$(aws imds meta-data/placement/availability-zone)
  address=$(aws imds meta-data/local-ipv4)
  node=$(aws imds meta-data/local-hostname)
  node=${node%% *}
}
