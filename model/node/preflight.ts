import { sh } from "../text";
import type { MachineRole } from "../settings/resolved";
import { bareHostChecks } from "./checks";
import { apiProxyUnit, kubeletConfigFile, stateFolder } from "./paths";
import type { HostCheckSpec, SetupMachine } from "./spec";

/** MiB; kubeadm's own bound for a control-plane node (cmd/kubeadm/app/constants, ControlPlaneMem). */
const CONTROL_PLANE_MEMORY = 1_700;
/** kubeadm's own bound for a control-plane node (ControlPlaneNumCPU). */
const CONTROL_PLANE_CPUS = 2;
/** MiB; a worker with less has no room for pods beside its kubelet, containerd and what both reserve: said, not refused. */
const WORKER_MEMORY = 900;
/** MiB free on /var; images of a control-plane node unpacked are 1.5 GiB, and the kubelet evicts below 15 percent. */
const LEAST_DISK = 5_120;
/** MiB free on /var below which it is said: two versions of the images side by side, and logs. */
const COMFORTABLE_DISK = 15_360;

/** Ports that nobody else may hold before a host becomes a node (kubeadm preflight, PortOpenCheck). */
const rolePorts: Readonly<Record<MachineRole, readonly number[]>> = {
  controlPlane: [6443, 2379, 2380, 10250, 10257, 10259],
  worker: [10250],
  loadBalancer: [],
};

/** What the preflight script prints after `##report `, as one line of JSON. */
export interface HostReport {
  readonly hostname: string;
  readonly machineId: string;
  /** "" where DMI has none. */
  readonly productUuid: string;
  /** Milliseconds since 1970, by the host's clock. */
  readonly clock: number;
  readonly os: { readonly id: string; readonly version: string; readonly family: string };
  /** As `uname -m` says it. */
  readonly architecture: string;
  readonly kernel: string;
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  /** MiB free on /var. */
  readonly varFree: number;
  readonly defaultInterface: string;
  /** Interface that carries the node address; "" when none does. */
  readonly nodeInterface: string;
  /** Bytes; 0 when unknown. */
  readonly nodeMtu: number;
  /** IPv4 addresses with prefix length. */
  readonly addresses: readonly string[];
  readonly swap: boolean;
  readonly cgroup: string;
  /** As `systemd-detect-virt` says it; `none` on bare metal. */
  readonly virtualization: string;
  /** The host is a node of a cluster. */
  readonly node: boolean;
  /** Contents of the library's state files, "" when absent. */
  readonly recordText: string;
  readonly setupState: string;
}

/**
 * Checks that change nothing. All that is wrong is gathered and told at once. `checks skipped` are those of
 * `ignorePreflightErrors`: kubeadm's names (`Mem`, `NumCPU`, `Port-6443`) and the library's own (docs/operations.md).
 */
export function preflightChecks(spec: HostCheckSpec, machine: SetupMachine, apiProxyPort?: number): string {
  const node = machine.role !== "loadBalancer";
  const ignored = spec.ignorePreflightErrors.map((name) => name.toLowerCase());
  return `
ignored_checks=${sh(` ${ignored.join(" ")} `)}
ignored() { case $ignored_checks in *" $1 "* | *" all "*) return 0 ;; esac; return 1; }
problems=()
problem() { problems+=("$1"); }
# refuse CHECK TEXT: a problem, unless the settings say to ignore that check.
refuse() { if ignored "$1"; then note "ignored: $2"; else problem "$2"; fi; }
has_kubernetes() { [ -e ${kubeletConfigFile} ] || compgen -G '/etc/kubernetes/manifests/*.yaml' >/dev/null ||
  [ -e /etc/kubernetes/bootstrap-kubelet.conf ]; }
memory_mib() { awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo; }
var_free_mib() { df -Pk /var | awk 'NR == 2 { print int($4 / 1024) }'; }
# A join that was cut off is finished, and not looked at as a stranger.
joining() { [ -s ${stateFolder}/node.json ]; }
${networkChecks(spec, machine, apiProxyPort)}
${bareHostChecks(spec, machine)}check_host() {
  local free
  free=$(var_free_mib)
  if [ ! -d /run/systemd/system ]; then problem "systemd does not run this host"; fi
  if [ "$free" -lt ${LEAST_DISK} ] && ! has_kubernetes; then
    refuse diskspace "/var has $free MiB free, ${LEAST_DISK} are needed (DiskSpace)"
  elif [ "$free" -lt ${COMFORTABLE_DISK} ]; then
    note "/var has only $free MiB free"
  fi
${node ? nodeHostChecks(machine) : ""}  check_bare
}

report_problems() {
  local all
  if [ "\${#problems[@]}" -eq 0 ]; then return 0; fi
  printf 'problem: %s\\n' "\${problems[@]}"
  all=$(printf '%s; ' "\${problems[@]}")
  die "\${all%; }"
}
`;
}

function nodeHostChecks(machine: SetupMachine): string {
  const isControlPlane = machine.role === "controlPlane";
  const memory = isControlPlane
    ? `  if [ "$memory" -lt ${CONTROL_PLANE_MEMORY} ]; then refuse mem "the host has $memory MiB of memory, a control-plane node needs ${CONTROL_PLANE_MEMORY} (Mem)"; fi
  if [ "$(nproc)" -lt ${CONTROL_PLANE_CPUS} ]; then refuse numcpu "the host has $(nproc) CPU, a control-plane node needs ${CONTROL_PLANE_CPUS} (NumCPU)"; fi`
    : `  if [ "$memory" -lt ${WORKER_MEMORY} ]; then note "the host has only $memory MiB of memory"; fi`;
  return `  local host memory
  host=$(uname -n)
  memory=$(memory_mib)
${memory}
  if [ "$host" != ${sh(machine.nodeName)} ]; then note "the host calls itself $host; its node is named ${machine.nodeName}"; fi
  if [ -e ${kubeletConfigFile} ] && [ ! -d ${stateFolder} ]; then
    problem "${kubeletConfigFile} exists, but this library never set the host up: it is a node of another cluster; run kubeadm reset on it first"
  fi
`;
}

/** Addresses, MTU, routes and ports: what needs the `ip` command. */
function networkChecks(
  { network, cni }: HostCheckSpec,
  machine: SetupMachine,
  apiProxyPort: number | undefined,
): string {
  const node = machine.role !== "loadBalancer";
  const wanted = machine.nodeInterface;
  const mtu =
    network.mtu === undefined
      ? ""
      : `
  mtu=$(node_mtu "$interface")
  if [ -n "$interface" ] && [ "$mtu" -lt ${network.mtu} ]; then
    problem "$interface has an MTU of $mtu, network.mtu says ${network.mtu}"
  elif [ -n "$interface" ] && [ "$mtu" -gt ${network.mtu} ]; then
    note "$interface has an MTU of $mtu; network.mtu says ${network.mtu}"
  fi`;
  // What the CNI itself put there is no collision: its devices, and its routes to other nodes' slices.
  const { interfaces, routes, routesSlicesToNodes } = cni;
  const devices = [...interfaces.overlay, ...interfaces.pods, "veth*"].map((name) =>
    name.endsWith("*") ? `*" dev ${name.slice(0, -1)}"*` : `*" dev ${name} "*`,
  );
  const ownRoutes = [...devices, ...routes];
  const hostGateway = routesSlicesToNodes
    ? `
  if [[ $2 == *" via "* ]] && [ "\${1#*/}" = ${network.nodeCidrMaskSize} ] && overlap "$1" ${network.podCidr}; then return 0; fi`
    : "";
  return `
node_address=${sh(machine.nodeAddress)}
node_interface() { ip -o -4 address show | awk -v address="$node_address" '{ split($4, part, "/"); if (part[1] == address) { print $2; exit } }'; }
node_mtu() { cat "/sys/class/net/\${1%%@*}/mtu" 2>/dev/null || echo 0; }
address_number() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo "$(((a << 24) + (b << 16) + (c << 8) + d))"
}
overlap() {
  local p=\${1#*/} q=\${2#*/} shift
  shift=$((32 - (p < q ? p : q)))
  [ "$(($(address_number "\${1%/*}") >> shift))" -eq "$(($(address_number "\${2%/*}") >> shift))" ]
}
own_route() { # destination, the whole line
  case " $2 " in ${ownRoutes.join(" | ")}) return 0 ;; esac${hostGateway}
  return 1
}
check_routes() {
  local line words destination
  while read -r line; do
    read -r -a words <<<"$line"
    destination=\${words[0]}
    case $destination in
      unicast | blackhole | unreachable | prohibit | throw) destination=\${words[1]} ;;
      local | broadcast | multicast | anycast | nat) continue ;;
    esac
    case $destination in default | 0.0.0.0/* | 128.0.0.0/1) continue ;; esac
    case $destination in */*) ;; *) destination=$destination/32 ;; esac
    if own_route "$destination" "$line"; then continue; fi
    if overlap "$destination" ${network.podCidr}; then
      refuse routecollision "the route \\"$line\\" collides with the pod range ${network.podCidr} (RouteCollision)"
    fi
    if overlap "$destination" ${network.serviceCidr}; then
      refuse routecollision "the route \\"$line\\" collides with the service range ${network.serviceCidr} (RouteCollision)"
    fi
  done < <(ip -4 route show table all)
}
check_port() { # port, what it is for
  local holder
  holder=$(ss -Hltnp "sport = :$1" | head -n 1)
  if [ -z "$holder" ]; then return 0; fi
  holder=$(sed -nE 's/.*users:\\(\\("([^"]+)".*/\\1/p' <<<"$holder")
  refuse "port-$1" "port $1 ($2) is taken by \${holder:-another process} (Port-$1)"
}
check_network() {
  local interface${network.mtu === undefined ? "" : " mtu"}
  interface=$(node_interface)
  if [ -z "$interface" ]; then
    problem "no interface of the host has the node address $node_address"${
      wanted === undefined
        ? ""
        : `
  elif [ "$interface" != ${sh(wanted)} ]; then
    problem "the node address $node_address is on $interface, not on ${wanted}"`
    }
  fi${mtu}
${node ? "  check_routes\n" : ""}${
    rolePorts[machine.role].length === 0
      ? ""
      : `  if ! has_kubernetes; then
${rolePorts[machine.role].map((port) => `    check_port ${port} Kubernetes\n`).join("")}  fi
`
  }${
    apiProxyPort === undefined
      ? ""
      : `  if ! systemctl is-active --quiet ${apiProxyUnit}; then check_port ${apiProxyPort} "the balancer of the API"; fi
`
  }}`;
}

/** Prints the facts of the host as `HostReport`. */
export function hostReport(): string {
  return `
json() {
  local text=$1
  text=\${text//\\\\/\\\\\\\\}
  text=\${text//\\"/\\\\\\"}
  text=\${text//$'\\n'/\\\\n}
  text=\${text//$'\\t'/\\\\t}
  printf '"%s"' "\${text//[[:cntrl:]]/}"
}
content() { json "$(cat "$1" 2>/dev/null || true)"; }
truth() { if "$@"; then printf true; else printf false; fi; }
swap_is_on() { [ "$(wc -l </proc/swaps)" -gt 1 ]; }
addresses() {
  local address list=""
  while read -r address; do list+="$(json "$address"),"; done < <(ip -o -4 address show scope global | awk '{ print $4 }')
  printf '[%s]' "\${list%,}"
}
report_facts() {
  local route="" interface="" list="[]" mtu=0
  if command -v ip >/dev/null; then
    route=$(ip -4 route show default | sed -nE '1s/.* dev ([^ ]+).*/\\1/p')
    interface=$(node_interface)
    list=$(addresses)
    if [ -n "$interface" ]; then mtu=$(node_mtu "$interface"); fi
  fi
  printf '##report {"hostname":%s,"machineId":%s,"productUuid":%s,"clock":%s,' "$(json "$(uname -n)")" \\
    "$(content /etc/machine-id)" "$(content /sys/class/dmi/id/product_uuid)" "$(date +%s%3N)"
  printf '"os":{"id":%s,"version":%s,"family":%s},"architecture":%s,"kernel":%s,' "$(json "$os_id")" \\
    "$(json "$os_version")" "$(json "$os_family")" "$(json "$(uname -m)")" "$(json "$(uname -r)")"
  printf '"cpus":%s,"memory":%s,"varFree":%s,"defaultInterface":%s,' "$(nproc)" "$(memory_mib)" \\
    "$(var_free_mib)" "$(json "$route")"
  printf '"nodeInterface":%s,"nodeMtu":%s,"addresses":%s,' "$(json "$interface")" "$mtu" "$list"
  printf '"swap":%s,"cgroup":%s,"virtualization":%s,' "$(truth swap_is_on)" \\
    "$(json "$(stat -fc %T /sys/fs/cgroup)")" "$(json "$(systemd-detect-virt 2>/dev/null || true)")"
  printf '"node":%s,"recordText":%s,"setupState":%s}\\n' "$(truth test -e ${kubeletConfigFile})" \\
    "$(content ${stateFolder}/node.json)" "$(content ${stateFolder}/setup.json)"
}
`;
}
