import * as fs from "node:fs";
import * as path from "node:path";
import type { RunResult } from "../support/run";
import { runcWrapperPath } from "./baseTree";
import type { Lab } from "./lab";
import { mirrorChecksums, mirrorPaths, mirrorUrl, type DownloadName } from "./mirror";
import { registryUrl } from "./registry";

/** The script that a person would write for these hosts. */
const handwrittenScript = path.join(__dirname, "handwritten.sh");

/** Brings a cluster up on running hosts of a lab with the hand-written script: the reference for the library's time. */
export async function bringUpByHand(
  lab: Lab,
  hosts: { controlPlaneNode: string; workers: string[] },
  options: { backend?: "vxlan" | "host-gw"; stream?: boolean } = {},
): Promise<RunResult> {
  const checksums = await mirrorChecksums();
  const lines = Object.entries(mirrorPaths()).map(
    ([name, file]) => `${checksums[name as DownloadName].amd64}  ${file}\n`,
  );
  const list = lab.folder("checksums.txt");
  fs.writeFileSync(list, lines.join(""));
  const env = {
    ...process.env,
    SSH_KEY: lab.privateKeyFile,
    KNOWN_HOSTS: lab.folder("ssh", "known_hosts"),
    MIRROR: mirrorUrl,
    REGISTRY: registryUrl,
    CHECKSUMS: list,
    RUNC_WRAPPER: runcWrapperPath,
    FLANNEL_BACKEND: options.backend ?? "vxlan",
  };
  const addresses = [hosts.controlPlaneNode, ...hosts.workers].map((name) => lab.host(name).address);
  return lab.run(["bash", handwrittenScript, ...addresses], { env, stream: options.stream });
}
