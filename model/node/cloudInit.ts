import { nodeScript } from "./paths";

/** Seconds for which a new host may configure itself. */
export const CLOUD_INIT_SECONDS = 600;

/**
 * Waits until cloud-init has done what the image and its user data say: until then packages, users and files change under whoever
 * works on the host. Ends at once where there is none. Its own failure is told, and setup looks for what is missing.
 */
export function cloudInitScript(seconds = CLOUD_INIT_SECONDS): string {
  return nodeScript("cloud-init", { cloud_init_seconds: seconds });
}
