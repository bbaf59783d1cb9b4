import { CNI_KINDS, domainOf } from "../cni";
import { managerState } from "../kubeadm/managers";
import { installRoot } from "../node/paths";
import { undoFolder } from "../node/undo";
import { lifecycleScript } from "./scripts";

/** Prints, as one line of JSON after \`##state \`, what a host is in. Changes nothing. */
export function stateScript(): string {
  const conflists = CNI_KINDS.map((kind) => [kind, domainOf(kind).traces.conflist] as const);
  return lifecycleScript("state", {
    undo: undoFolder,
    manager_states: { cpu: managerState("cpu"), memory: managerState("memory") },
    conflists: Object.fromEntries(conflists),
    install_root: installRoot,
  });
}
