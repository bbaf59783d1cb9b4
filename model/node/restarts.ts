import { sha256 } from "../core/hash";
import type { RenderedFile } from "../renderedFile";
import { containerdFiles } from "./containerd";
import { linksOf } from "./downloads";
import { kubeletFiles } from "./kubelet";
import { proxyEnvironmentFile } from "./setupSecrets";
import { nodeScript } from "./paths";
import type { NodeSetupSpec } from "./spec";

/** What the check says where the setup would restart something that a node's pods live on. */
export const RESTARTS = "##restarts";

/**
 * Prints `RESTARTS` with the reason where node setup would restart the container runtime or the kubelet of the host: a file of
 * theirs differs, goes, or is still marked from a run that was cut off; or a binary is another version (a new runc restarts nothing, but starts every container from then on). Changes nothing.
 * @param secret files of setup with secrets, which came by standard input
 */
export function restartCheck(spec: NodeSetupSpec, secret: readonly RenderedFile[] = []): string {
  const files = [
    ...containerdFiles(spec).service,
    ...kubeletFiles(spec),
    ...secret.filter(({ path }) => path === proxyEnvironmentFile),
  ];
  const digests = files.map(({ path, content }) => [path, sha256(content)]);
  const links = linksOf(spec.downloads, ["containerd", "runc"]).map(({ path, target }) => [path, target]);
  return nodeScript("restarts", {
    restarts_mark: RESTARTS,
    digests: Object.fromEntries(digests) as Record<string, string>,
    links: Object.fromEntries(links) as Record<string, string>,
  });
}
