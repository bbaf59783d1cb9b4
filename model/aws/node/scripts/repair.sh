# shellcheck shell=bash disable=SC2154
# Uses: aws/node/scripts/aws.sh
# Variables: pool_label

# Every control-plane node comes to the same instance, the longest ill one, until its Node has gone with it: so one instance of a pool
# is replaced at a time. A Node that names no instance of AWS is left.
# repair POOL SECONDS PERCENT: has the group replace the instance of the node that has been NotReady longest, and for so long.
repair() {
  local said instance name
  kubectl get nodes --selector "$pool_label=$1" -o json >"$work/pool"
  said=$(python3 -I - "$2" "$3" "$work/pool" <<'PYTHON'
import calendar, json, re, sys, time
seconds, percent, nodes = int(sys.argv[1]), int(sys.argv[2]), json.load(open(sys.argv[3]))["items"]
ill = []
for node in nodes:
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready" and condition["status"] != "True":
            since = calendar.timegm(time.strptime(condition["lastTransitionTime"], "%Y-%m-%dT%H:%M:%SZ"))
            ill.append((since, node["metadata"]["name"], node.get("spec", {}).get("providerID", "")))
late = sorted(one for one in ill if time.time() - one[0] >= seconds)
if late and len(ill) > max(1, len(nodes) * percent // 100):
    print("held %d %d" % (len(ill), len(nodes)))
elif late:
    found = re.match("aws:///[^/]+/(i-[0-9a-f]+)$", late[0][2])
    if found:
        print("replace %s %s" % (found.group(1), late[0][1]))
PYTHON
  )
  case $said in
    held*)
      [ -e "$state/$1.held" ] || say "no node of pool $1 is replaced: $(cut -d ' ' -f 2 <<<"$said") of its $(cut -d ' ' -f 3 <<<"$said") nodes are not Ready, so the cause is not a single node"
      touch "$state/$1.held"
      ;;
    replace*)
      read -r instance name <<<"${said#replace }"
      rm -f "$state/$1.held"
      aws unhealthy "$instance"
      if [ "$(cat "$state/$1.repaired" 2>/dev/null)" != "$instance" ]; then
        echo "$instance" >"$state/$1.repaired"
        say "$name of pool $1 has not been Ready for $2 seconds: its instance $instance is replaced"
      fi
      ;;
    *) rm -f "$state/$1.held" "$state/$1.repaired" ;;
  esac
}
