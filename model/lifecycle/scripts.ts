import { script, type ScriptVariables } from "../core/script";
import { configFolder, paths } from "../kubeadm/paths";
import { linkFolder } from "../node/paths";
import { RECORD_FILE, ROTATION_FILE, SETUP_FILE, STATE_DIR } from "../node/shell";

/** A file of `model/lifecycle/scripts`, with the library's paths on a host. */
export function lifecycleScript(name: string, variables: ScriptVariables = {}): string {
  return script(`lifecycle/scripts/${name}.sh`, variables, {
    state_folder: STATE_DIR,
    record_file: RECORD_FILE,
    setup_file: SETUP_FILE,
    rotation_file: ROTATION_FILE,
    config_folder: configFolder,
    patches_folder: paths.patches,
    link_folder: linkFolder,
  });
}
