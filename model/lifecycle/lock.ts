/** Locks that steps of one run share: how many living nodes may be drained or changed at the same time. */
import { createHash } from "node:crypto";
import { searchPath } from "../core/searchPath";
import type { ClusterMachine } from "../machine";
import type { RolloutSettings } from "../settings/resolved";
import { UPGRADING } from "./draining";
import { ADMIN, word } from "../node/shell";

/** Lines of a lock's script; the last names the machine whose change failed. */
export const LOCK = { held: "##lock held", waits: "##lock waits", failed: "##lock failed " } as const;
/** What the script is told when the change has ended. */
export const LOCK_DONE = "done\n";
export const LOCK_FAILED = "failed\n";
/** Exit status of a script that has not heard from its step (EX_TEMPFAIL); it can be run again. */
export const LOCK_SILENT = 75;

const FOLDER = "/run/pulumi-kubeadm/locks";
/** Seconds without a line after which the script ends; a step sends an empty one every 20. */
const SILENCE = 90;
/**
 * Seconds after its last line for which a step still has the lock: so long may it take to notice that its connection broke off
 * (70), and to dial again (60).
 */
const GRACE = 180;
/** Seconds for which a node that an earlier run left drained goes first. */
const FIRST_FOR = 60;

/** Who asks for a lock. */
export interface LockOwner {
  readonly machine: ClusterMachine;
  /** The same for all steps of one run of Pulumi. */
  readonly run: string;
  /** Another one for each step. */
  readonly step: string;
}

/** Holds the drain lock: one node at a time is drained. A node that an earlier run left drained goes first. */
export function drainLockScript(owner: LockOwner): string {
  const node = word(owner.machine.nodeName);
  return lockScript(
    owner,
    `slots=drain
drained() { kubectl get nodes -o 'go-template={{range .items}}{{if index .metadata.annotations "${UPGRADING}"}}{{.metadata.name}}{{"\\n"}}{{end}}{{end}}' 2>/dev/null; }
others_first() {
  local all
  [ "$SECONDS" -lt ${FIRST_FOR} ] && all=$(drained) && [ -n "$all" ] && ! grep -qxF ${node} <<<"$all"
}
`,
  );
}

/** As shell arithmetic over `$total` workers: a number, or a share that is rounded down; one at least. */
function slotsOf(maxUnavailable: RolloutSettings["maxUnavailable"]): string {
  const percent = /^(\d+)%$/.exec(String(maxUnavailable))?.[1];
  return percent === undefined ? String(maxUnavailable) : `total * ${percent} / 100`;
}

/** Holds one of the locks for a change: control-plane nodes have one, workers as many as `rollout.maxUnavailable` lets. */
export function changeLockScript(owner: LockOwner, rollout: RolloutSettings): string {
  const { role } = owner.machine;
  const count =
    role === "controlPlane"
      ? "count=1"
      : `total=$(kubectl get nodes --selector '!node-role.kubernetes.io/control-plane' -o name 2>/dev/null | wc -l)
count=$((${slotsOf(rollout.maxUnavailable)}))
[ "$count" -ge 1 ] || count=1`;
  return lockScript(
    owner,
    `${count}
slots=$(seq -f '${role}.%g' "$count")
others_first() { return 1; }
`,
  );
}

/**
 * Run on a control-plane node. A lock is a file that names its step and when the step was last heard from, so it outlives the
 * step's connection: the step comes back to it within `GRACE`. After that another step takes it, and the former one has to wait
 * like everybody else. Time is the host's uptime, which no clock is set by. Once a change has failed, no other step of the run gets a lock.
 * @param slots bash that sets `$slots`, names of the locks of which one will do, and defines `others_first`
 */
function lockScript({ machine, run, step }: LockOwner, slots: string): string {
  const id = createHash("sha256").update(run).digest("hex").slice(0, 16);
  return `set -u
umask 077
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=${ADMIN}
folder=${FOLDER} machine=${word(machine.name)} step=${step}
mkdir -p "$folder"
${slots}held=""
up() { local seconds rest; read -r seconds rest </proc/uptime; echo "\${seconds%.*}"; }
# owner FILE: which machine and which step have the lock, and when they were heard from
owner() { [ -s "$1" ] && read -r seen who of <"$1"; }
mine() { owner "$1" && [ "$of" = "$step" ]; }
write() { echo "$(up) $machine $step" >"$1.new" && mv -f "$1.new" "$1"; }
# The machine whose change failed in this run, if one did
failed() {
  local of who
  [ -s "$folder/failed" ] && read -r of who <"$folder/failed" && [ "$of" = ${id} ] && echo "$who"
}
# What an earlier step of the machine had is this one's at once. A change may have failed since this step asked.
take() {
  ! failed >/dev/null || return 1
  if owner "$1" && [ "$of" != "$step" ] && [ "$who" != "$machine" ] && [ $(($(up) - seen)) -lt ${GRACE} ]; then return 1; fi
  write "$1"
}
renew() { mine "$1" && write "$1"; }
give_back() { ! mine "$1" || rm -f "$1"; }
alone() { ( flock 9 && "$@") 9>"$folder/lock"; }
refused() {
  local who
  who=$(failed) && echo "${LOCK.failed}$who"
}
# hear SECONDS: waits for a line of the step
hear() {
  local said="" status=0
  read -r -t "$1" said || status=$?
  case $said in
    done | failed)
      if [ "$said" = failed ]; then echo "${id} $machine" >"$folder/failed"; fi
      for slot in $slots; do alone give_back "$folder/$slot"; done
      exit 0
      ;;
  esac
  # Its end, and not the time that is up.
  if [ "$status" -ne 0 ] && [ "$status" -le 128 ]; then exit ${LOCK_SILENT}; fi
  return "$status"
}
# lock_by renew|take: whether one of the locks could be had
lock_by() {
  for slot in $slots; do
    if alone "$1" "$folder/$slot"; then
      held=$folder/$slot
      echo "${LOCK.held}"
      return 0
    fi
  done
  return 1
}
claim() {
  local told=""
  until lock_by renew; do
    ! refused || exit 0
    if ! others_first && lock_by take; then return; fi
    if [ -z "$told" ]; then echo "${LOCK.waits}"; fi
    told=yes
    hear 1
  done
}
claim
while :; do
  hear ${SILENCE} || exit ${LOCK_SILENT}
  alone renew "$held" || claim
done
`;
}
