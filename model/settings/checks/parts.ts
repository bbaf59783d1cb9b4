import { chartsAreThere } from "../../addons/helm/validate";
import type { ProjectFiles } from "../../extras/files";
import type { Checked } from "../checked";
import { PARTS } from "../parts";
import type { Problems } from "../problems";
import { addonFilesAreThere } from "./addons";
import { ownerOfTcp, ownerOfUdp } from "./hostPorts";

/** Tenants, your own manifests and Windows nodes; the content of files is checked where they can be read. */
export function validateParts(checked: Checked, files: ProjectFiles | undefined, problems: Problems): void {
  const ownerOf = (protocol: string, port: number) =>
    protocol === "TCP"
      ? ownerOfTcp(checked, port)
      : protocol === "UDP"
        ? ownerOfUdp(checked, port)
        : undefined;
  for (const part of PARTS) part.validate(checked, problems, { files, ownerOf });
  if (files === undefined) return;
  chartsAreThere(checked, files, problems);
  addonFilesAreThere(checked, files, problems);
}
