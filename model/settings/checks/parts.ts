import { chartsAreThere } from "../../addons/helm/validate";
import type { ProjectFiles } from "../../extras/files";
import type { Facts } from "../draft";
import { PARTS } from "../parts";
import type { Problems } from "../problems";
import { addonFilesAreThere } from "./addons";
import { ownerOfTcp, ownerOfUdp } from "./hostPorts";

/** Tenants, people's own things and Windows nodes; what is in files is looked at where they can be read. */
export function validateParts(facts: Facts, files: ProjectFiles | undefined, problems: Problems): void {
  const ownerOf = (protocol: string, port: number) =>
    protocol === "TCP" ? ownerOfTcp(facts, port) : protocol === "UDP" ? ownerOfUdp(facts, port) : undefined;
  for (const part of PARTS) part.validate(facts, problems, { files, ownerOf });
  if (files === undefined) return;
  chartsAreThere(facts, files, problems);
  addonFilesAreThere(facts, files, problems);
}
