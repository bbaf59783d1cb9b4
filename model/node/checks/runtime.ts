import { nodeScript } from "../paths";

/**
 * A container engine that is there before us. Setup replaces containerd's configuration, unit and version, and Docker runs its
 * containers by the same containerd.
 */
export function runtimeChecks(): string {
  return nodeScript("check-runtime");
}
