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
place() { echo "$NODES"/*/"$1"; }
case "$*" in
  *"get nodes --selector "*)
    echo asked >>"$ROOT/asked"
    words="$*" pools=
    target=$(sed -n 's/.*eq [.] "\\([^"]*\\)".*/\\1/p' <<<"$words")
    case $words in *"--selector !"*) ;; *"--selector node-role.kubernetes.io/"*) pools=\${words#*--selector node-role.kubernetes.io/}; pools=\${pools%% *} ;; esac
    for one in "$NODES"/\${pools:-*}/*/; do
      [ -d "$one" ] || continue
      [ -n "$pools" ] || [ "$(basename "$(dirname "$one")")" != control-plane ] || continue
      one=\${one%/}
      mark= well= ready=yes
      [ ! -s "$one/mark" ] || mark=yes
      [ "$(cat "$one/well" 2>/dev/null)" != "$target" ] || [ -z "$target" ] || well=yes
      [ ! -e "$one/unready" ] || ready=
      echo "\${one##*/}|$mark|$well|$ready"
    done ;;
  "get node "*"--ignore-not-found"*) [ ! -d "$(place "$3")" ] || echo "node/$3" ;;
  "get node "*unschedulable*) [ -d "$(place "$3")" ] || exit 1; [ ! -e "$(place "$3")/cordoned" ] || echo true ;;
  "get node "*"go-template="*) cat "$(place "$3")/mark" 2>/dev/null || true ;;
  *"get node "*) echo True ;;
  "taint node "*"-") rm -f "$(place "$3")/leaving" ;;
  "taint node "*) printf %s "$5" >"$(place "$3")/leaving" ;;
  "annotate node "*"${UPGRADING}-") rm -f "$(place "$3")/mark" ;;
  "annotate node "*"${UPGRADING}="*) printf %s "\${4#*=}" >"$(place "$3")/mark" ;;
  "annotate --overwrite node "*"${WELL_WITH}="*) printf %s "\${5#*=}" >"$(place "$4")/well" ;;
esac`;

/** Nodes that `kubectl` on some machines knows. */
export class PaperNodes {
  private readonly pools = new Map<string, string>();

  constructor(private readonly folder: string) {}

  /** Puts `kubectl` on a machine. */
  on(machine: Machine): void {
    machine.write("usr/local/bin/kubectl", `#!/bin/bash\nNODES=${this.folder}\n${KUBECTL}\n`, 0o755);
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
