/** Seconds for which a new host may configure itself. */
export const CLOUD_INIT_SECONDS = 600;

/**
 * Waits until cloud-init has done what the image and its user data say: until then packages, users and files change under whoever
 * works on the host. Ends at once where there is none. Its own failure is told, and setup looks for what is missing.
 */
export function cloudInitScript(seconds = CLOUD_INIT_SECONDS): string {
  return `command -v cloud-init >/dev/null 2>&1 || exit 0
timeout ${seconds} cloud-init status --wait >/dev/null 2>&1
case $? in
0) ;;
124) echo "##error cloud-init still runs after ${seconds} s; /var/log/cloud-init-output.log on the host says at what" ;;
*) echo "##note cloud-init ended with an error: $(cloud-init status --long 2>/dev/null | tr '\\n' ' ')" ;;
esac
`;
}
