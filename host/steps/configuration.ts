import { isComponentFile } from "../../model/kubeadm";
import { clusterDocumentOf, missingFiles } from "../../model/lifecycle/fileNames";
import { CLUSTER_DOCUMENT } from "../../model/lifecycle/parts";
import { prelude } from "../../model/node/shell";
import type { RenderedFile } from "../../model/renderedFile";
import { sh } from "../../model/text";
import type { Hosts } from "../runner";

export interface ClusterConfigurationNow {
  /** Files that the cluster's configuration names and the settings no longer do: a node that joins now needs them. */
  readonly files: readonly RenderedFile[];
  /** The settings say something else by now: whoever joins is brought to it afterwards. */
  readonly outdated: boolean;
}

const DOCUMENT = "##document";

/**
 * kubeadm lets a control-plane node join with the configuration that the cluster has, and not with that of the settings. Where
 * another control-plane node is still to be brought to the settings, the two differ.
 * @param through a control-plane node of the cluster
 * @param files what the settings give the node that joins
 * @param secret paths of files that it gets another way
 */
export async function configurationNow(
  hosts: Hosts,
  through: string,
  files: readonly RenderedFile[],
  secret: readonly string[] = [],
): Promise<ClusterConfigurationNow> {
  const what = "reading the cluster's configuration";
  const text = await hosts.query(
    through,
    what,
    "/bin/bash -s",
    `${prelude()}
kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}'
echo; echo "${DOCUMENT}"
cat ${CLUSTER_DOCUMENT}
`,
  );
  const [uploaded = "", document = ""] = text.split(`${DOCUMENT}\n`);
  const wanted = files.find((file) => file.path === CLUSTER_DOCUMENT)?.content ?? "";
  const missing = await Promise.all(
    missingFiles(uploaded, files, secret).map(async (path) => ({
      path,
      mode: "0600",
      content: await hosts.query(through, what, `cat ${sh(path)}`),
    })),
  );
  const unnamed = files.some(
    ({ path }) => isComponentFile(path) && wanted.includes(path) && !uploaded.includes(path),
  );
  return { files: missing, outdated: unnamed || clusterDocumentOf(document) !== clusterDocumentOf(wanted) };
}
