/**
 * The scripts that make a host a node. Each can be run again after any interruption: what a former run left half done is
 * found by the state in node.json and cleared first.
 */
import { paths } from "../kubeadm";
import { checkMaintenance } from "../maintenance/files";
import type { RenderedFile } from "../renderedFile";
import { grantJoinAccess, JOIN_GROUP, joinApproverUnit, joinUser } from "../kubeadm";
import type { NodeIdentity } from "./identity";
import {
  CLUSTER_DOCUMENT,
  DISCOVERY_FILE,
  JOIN_DOCUMENT,
  JOIN_FILE_COMMAND,
  putNodeFiles,
  setState,
  startUnits,
  kubernetesVariables,
} from "./parts";
import { ADMIN, prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";
import { undoPaths } from "../node/undo";
import { placeStaticPods } from "./staticPods";

/** What init and join begin with: versions, a clean host, and everything kubeadm reads. */
function becoming(
  state: "initialising" | "joining",
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  platform: string,
): string {
  return [
    prelude(),
    state === "joining" ? lifecycleScript("discovery", { discovery_file: DISCOVERY_FILE }) : "",
    lifecycleScript("become", { ...kubernetesVariables(kubernetesVersion), undo_paths: undoPaths }),
    setState(facts, state),
    "phase 'certificates and configuration'\n",
    putNodeFiles(files),
    platform,
    lifecycleScript("start-encryption", {
      wanted_encryption: paths.wantedEncryption,
      encryption_file: paths.encryption,
    }),
  ].join("");
}

/** Lines around kubeadm that not every init has. */
export interface AroundInit {
  /** What a restore runs before kubeadm. */
  readonly before?: string;
  /** They wait until the endpoint leads to this control-plane node: what follows calls the API by it. */
  readonly reached?: string;
  /** What a restore runs after kubeadm. */
  readonly after?: string;
}

/**
 * Init on a control-plane node; the caller has made sure that no listed control-plane node serves an API or etcd already.
 * @param platform lines that only the platform needs, run when the files are there
 */
export function initScript(
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform = "",
  { before = "", reached = "", after = "" }: AroundInit = {},
): string {
  return [
    becoming("initialising", kubernetesVersion, facts, [...files, ...secretFiles], platform),
    before,
    lifecycleScript("init", { cluster_document: CLUSTER_DOCUMENT }),
    reached,
    lifecycleScript("bootstrap-tokens"),
    after,
    grantJoinAccess(),
    checkMaintenance(files),
    startUnits(files),
    placeStaticPods(files),
    setState(facts, "joined"),
  ].join("");
}

/**
 * Joins a host; the discovery file and, for a control-plane node, the key pairs are among the secret files.
 * @param platform lines that only the platform needs, run when the files are there
 */
export function joinScript(
  kubernetesVersion: string,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform = "",
): string {
  return [
    becoming("joining", kubernetesVersion, facts, [...files, ...secretFiles], platform),
    lifecycleScript("join", { join_document: JOIN_DOCUMENT }),
    checkMaintenance(files),
    startUnits(files),
    placeStaticPods(files),
    setState(facts, "joined"),
  ].join("");
}

/**
 * Prints a kubeconfig by which one machine joins as `node` and as no other, valid for `hours`; made by the cluster itself, run
 * on a control-plane node.
 */
export function credentialScript(node: string, hours: number): string {
  return `${prelude()}${lifecycleScript("credential", {
    approver_timer: `${joinApproverUnit}.timer`,
    join_user: joinUser(node),
    join_group: JOIN_GROUP,
    hours,
  })}`;
}

/** The command a person runs on a control-plane node to let a machine in by hand. */
export function joinFileCommand(): RenderedFile {
  return {
    path: JOIN_FILE_COMMAND,
    mode: "0755",
    content: lifecycleScript("join-file", {
      admin_config: ADMIN,
      discovery_file: DISCOVERY_FILE,
      join_user: joinUser(""),
      join_group: JOIN_GROUP,
    }),
  };
}
