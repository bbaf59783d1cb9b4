import * as fs from "node:fs";
import { ensureTool } from "../support/toolchain";
import type { LabCluster } from "./cluster";

/** A folder with what a rehearsal restores with, as `--bin` takes it. */
export async function rehearsalBinaries(cluster: LabCluster): Promise<string> {
  const folder = cluster.lab.folder("rehearsal-bin");
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ["etcd", "etcdutl", "kube-apiserver"] as const)
    fs.symlinkSync(await ensureTool(name), `${folder}/${name}`);
  return folder;
}
