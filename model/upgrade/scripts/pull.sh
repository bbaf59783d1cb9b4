# shellcheck shell=bash disable=SC2154
# Variables: images pull_within

for image in "${images[@]}"; do
  phase "pull $image"
  said=$(timeout "$pull_within" crictl pull "$image" 2>&1) || echo "##refused $image $(sed -n '$s/^time=.* msg="\(.*\)"$/\1/; $p' <<<"$said")"
done
