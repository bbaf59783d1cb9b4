import { nodeScript } from "./paths";
import type { NodeSetupSpec } from "./spec";

/** zram-tools and zram-config of Debian and Ubuntu, Raspberry Pi OS' swap file, and swapspace. */
const SERVICES = ["zramswap.service", "zram-config.service", "dphys-swapfile.service", "swapspace.service"];

/**
 * Turns swap off, now and for the next boot, unless the kubelet is told to live with it (`failSwapOn: false`). What is
 * masked and commented is remembered for cleanup.
 */
export function swapPhase({ kubelet }: Pick<NodeSetupSpec, "kubelet">): string {
  return kubelet.failSwapOn ? nodeScript("swap", { swap_services: SERVICES }) : nodeScript("swap-stays");
}
