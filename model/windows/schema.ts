import { z } from "zod";

import type { WindowsDownloadName } from "./downloads";
import { matching } from "../settings/schema/primitives";

const checksum = matching(
  /^(?:[0-9a-f]{64}|[0-9a-f]{128})$/,
  "a SHA-256 in 64 or a SHA-512 in 128 lower-case hexadecimal digits, without a prefix",
).optional();

const shape: Record<WindowsDownloadName, typeof checksum> = {
  kubernetes: checksum,
  containerd: checksum,
  crictl: checksum,
  cniPlugins: checksum,
  flannel: checksum,
  flannelCniPlugin: checksum,
};

/** Checksums of what Windows nodes download; required where a pool has them, since no table of this library does. */
export const windowsChecksums = z.strictObject(shape);
