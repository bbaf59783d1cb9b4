import { CNI_TRACES } from "../cni";
import { restartTable } from "../kubeadm/paths";
import { INTENDED_FILE } from "./intended";
import { JOIN_FILE_COMMAND, KUBELET_FILES } from "./parts";
import { undoPaths } from "../node/undo";
import { prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";

/** Interfaces, as sed's regular expression; the last two are kube-proxy's and the node-local cache's. */
const LINKS = [...CNI_TRACES.flatMap(({ interfaces }) => interfaces), "kube-ipvs0", "nodelocaldns"]
  .map((name) => name.replaceAll(".", "\\.").replace("*", "[^:@]*"))
  .join("\\|");
const TABLES = ["kube-proxy", restartTable, ...CNI_TRACES.flatMap(({ nftTables }) => nftTables)].join("|");
const RULES = ["KUBE-", ...CNI_TRACES.flatMap(({ iptables }) => iptables)].join("|");
const FOLDERS = CNI_TRACES.flatMap(({ folders }) => folders);

/** Takes a host out of its cluster: what kubeadm, the kubelet and the CNI left on it. Setup's own files stay. */
export function resetScript(podCidr: string): string {
  return `${prelude()}${lifecycleScript("reset", {
    pod_cidr: podCidr,
    link_pattern: LINKS,
    table_pattern: TABLES,
    chain_pattern: RULES,
    folders: FOLDERS,
    undo_paths: undoPaths,
    intended_file: INTENDED_FILE,
    join_file_command: JOIN_FILE_COMMAND,
    kubelet_files: KUBELET_FILES,
  })}`;
}
