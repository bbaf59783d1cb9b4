import { resources } from "../settings/effect";
import { resolveWindowsDownloads } from "./resolve";
import { windowsChecksums } from "./schema";
import { validateWindows } from "./validate";

/** Windows nodes: everything that the settings know of them. */
export const windows = {
  /** Below `downloads`. */
  schema: windowsChecksums,
  effects: [resources(["downloads.windows.**"], "user data of Windows pools, whose instances are replaced")],
  resolve: resolveWindowsDownloads,
  validate: validateWindows,
};
