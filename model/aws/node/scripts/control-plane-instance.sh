# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/identity.sh aws/node/scripts/provider-id.sh
# Variables: node_name node_address

phase "instance"
ask_metadata
[ "$node" = "$node_name" ] || die "EC2 calls this instance $node, the settings say $node_name: has the VPC DNS hostnames, and Amazon's name server?"
[ "$address" = "$node_address" ] || die "the instance has the address $address, the settings say $node_address"
patch_provider_id
