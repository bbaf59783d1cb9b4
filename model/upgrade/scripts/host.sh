# shellcheck shell=bash disable=SC2154
# Variables: images folders

# Free space for what is put into a folder that may not be there yet, and the mount that it is on.
for folder in "${folders[@]}"; do
  there=$folder
  while [ ! -d "$there" ]; do there=$(dirname "$there"); done
  df -Pk "$there" | awk -v folder="$folder" 'NR == 2 { print "##disk " folder " " $6 " " $4 }'
done
[ ! -d /var/lib/etcd ] || echo "##etcd $({ du -sk /var/lib/etcd 2>/dev/null || true; } | cut -f 1)"
for image in "${images[@]}"; do
  # containerd lists all images, whatever name it is asked for.
  crictl inspecti "$image" >/dev/null 2>&1 || echo "##missing $image"
done
