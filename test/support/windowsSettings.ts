import { windowsManifests } from "../../model/windows/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { AwsPool } from "../../model/aws/settings";
import { awsSettings, smallAws } from "./awsInput";
import type { RawSettings } from "./settings";

/** As long as checksums are, and none of any file. */
export const CHECKSUMS = {
  kubernetes: "1".repeat(128),
  containerd: "2".repeat(64),
  crictl: "3".repeat(64),
  cniPlugins: "4".repeat(64),
  flannel: "5".repeat(64),
  flannelCniPlugin: "6".repeat(64),
};

/** The small cluster on AWS with a pool of Windows nodes beside its Linux pool. */
export function windowsAws(): RawSettings {
  const settings = smallAws();
  (settings["workers"] as RawSettings)["win"] = {
    count: 2,
    instanceType: "m6i.large",
    os: "windows-2022",
    labels: { "example.com/tier": "legacy" },
  };
  settings["downloads"] = { windows: { ...CHECKSUMS } };
  return settings;
}

export function windowsSettings(change?: (settings: RawSettings) => void): ClusterSettings {
  return awsSettings(windowsAws, change);
}

export function windowsPool(settings: ClusterSettings): AwsPool {
  const pool = settings.aws?.pools.find((one) => one.platform === "windows");
  if (pool === undefined) throw new Error("no pool of Windows nodes");
  return pool;
}

/** Scripts that host processes start with, by their ConfigMap. */
export function hostScripts(settings: ClusterSettings): Record<string, string> {
  return Object.fromEntries(
    windowsManifests(settings).flatMap((object) => {
      const script = object.kind === "ConfigMap" ? object.data?.["start.ps1"] : undefined;
      return script === undefined ? [] : [[object.metadata.name, script]];
    }),
  );
}
