import * as fs from "node:fs";
import * as path from "node:path";
import { UPGRADING } from "../../../model/lifecycle/draining";
import { WELL_WITH } from "../../../model/lifecycle/lock";
import type { Machine } from "./sshHost";

/** What is known of a Node: each is a file. */
type Fact = "mark" | "well" | "cordoned" | "unready" | "leaving";

/**
 * Answers what locks ask of the API by files, `$NODES/<pool>/<node>/<fact>`. A node that is not Ready has `unready`; `mark` and `well` hold
 * annotations, `leaving` is a taint.
 * `$ROOT/api-silent`: the API does not answer. `$ROOT/instead` runs first.
 */
const KUBECTL = `[ ! -e "$ROOT/instead" ] || . "$ROOT/instead"
[ ! -e "$ROOT/api-silent" ] || exit 1
# No other program: it is asked hundreds of times.
node() { found=("$NODES"/*/"$1"); found=\${found[0]}; }
says() { [ -e "$1" ] && IFS= read -rd "" text <"$1"; printf %s "$text"; }
text=
case "$*" in
  *"get nodes --selector "*)
    echo asked >>"$ROOT/asked"
    words="$*" pools= target=
    [[ $words != *'eq . "'* ]] || { target=\${words#*eq . \\"}; target=\${target%%\\"*}; }
    case $words in *"--selector !"*) ;; *"--selector node-role.kubernetes.io/"*) pools=\${words#*--selector node-role.kubernetes.io/}; pools=\${pools%% *} ;; esac
    for one in "$NODES"/\${pools:-*}/*/; do
      one=\${one%/} pool=\${one%/*/}
      [ -d "$one" ] || continue
      [ -n "$pools" ] || [ "\${pool##*/}" != control-plane ] || continue
      mark= well= ready=yes text=
      [ ! -s "$one/mark" ] || mark=yes
      says "$one/well" >/dev/null
      [ "$text" != "$target" ] || [ -z "$target" ] || well=yes
      [ ! -e "$one/unready" ] || ready=
      echo "\${one##*/}|$mark|$well|$ready"
    done ;;
  "get node "*"--ignore-not-found"*) node "$3"; [ ! -d "$found" ] || echo "node/$3" ;;
  "get node "*unschedulable*) node "$3"; [ -d "$found" ] || exit 1; [ ! -e "$found/cordoned" ] || echo true ;;
  "get node "*"go-template="*) node "$3"; says "$found/mark" ;;
  *"get node "*) echo True ;;
  "taint node "*"-") node "$3"; rm -f "$found/leaving" ;;
  "taint node "*) node "$3"; printf %s "$5" >"$found/leaving" ;;
  "annotate node "*"${UPGRADING}-") node "$3"; rm -f "$found/mark" ;;
  "annotate node "*"${UPGRADING}="*) node "$3"; printf %s "\${4#*=}" >"$found/mark" ;;
  "annotate --overwrite node "*"${WELL_WITH}="*) node "$4"; printf %s "\${5#*=}" >"$found/well" ;;
esac`;

/** Nodes that `kubectl` on some machines knows. */
export class PaperNodes {
  private readonly pools = new Map<string, string>();

  constructor(private readonly folder: string) {}

  /** Puts `kubectl` on a machine. */
  on(machine: Machine): void {
    machine.program("kubectl", `NODES=${this.folder}\n${KUBECTL}`);
  }

  add(pool: string, ...names: readonly string[]): void {
    for (const name of names) {
      this.pools.set(name, pool);
      fs.mkdirSync(this.place(name), { recursive: true });
    }
  }

  remove(name: string): void {
    fs.rmSync(this.place(name), { recursive: true });
  }

  /** @param value undefined: it is not so */
  set(name: string, fact: Fact, value: string | undefined): void {
    const file = path.join(this.place(name), fact);
    if (value === undefined) fs.rmSync(file, { force: true });
    else fs.writeFileSync(file, value);
  }

  /** undefined: it is not so. */
  get(name: string, fact: Fact): string | undefined {
    const file = path.join(this.place(name), fact);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  }

  private place(name: string): string {
    return path.join(this.folder, this.pools.get(name) ?? "", name);
  }
}
