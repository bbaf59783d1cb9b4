import { imageOf } from "../images";
import { hostsToml } from "../node/registries";
import { tomlString } from "../text";
import { slashes, windowsPaths } from "./paths";

/** A file as it is on a Windows node. */
export interface WindowsFile {
  /** Absolute, with backslashes. */
  readonly path: string;
  readonly content: string;
}

/** What containerd of a Windows node is configured by. */
export interface WindowsContainerdSpec {
  readonly versions: { readonly pause: string };
  readonly images: {
    readonly repository: string;
    readonly mirrors: Readonly<Record<string, readonly string[]>>;
  };
}

const certs = `${windowsPaths.containerd}\\certs.d`;

/**
 * containerd's configuration, version 3, over its own defaults for Windows, which have the runtime `runhcs-wcow-process`
 * already (containerd 2.x, internal/cri/config/config_windows.go). `containerd.dropIn` is written for Linux, and is not
 * among it.
 */
function windowsContainerdConfig(settings: WindowsContainerdSpec): string {
  const images = "plugins.'io.containerd.cri.v1.images'";
  return `version = 3

[${images}.pinned_images]
  sandbox = ${tomlString(imageOf(settings, `registry.k8s.io/pause:${settings.versions.pause}`))}

[${images}.registry]
  config_path = ${tomlString(slashes(certs))}

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [${tomlString(slashes(windowsPaths.cniBin))}]
  conf_dir = ${tomlString(slashes(windowsPaths.cniConf))}
`;
}

/** The configuration, and a file for each registry that has mirrors. */
export function windowsContainerdFiles(settings: WindowsContainerdSpec): WindowsFile[] {
  return [
    { path: `${windowsPaths.containerd}\\config.toml`, content: windowsContainerdConfig(settings) },
    ...Object.entries(settings.images.mirrors).map(([registry, mirrors]) => ({
      // No path of Windows can hold the colon of a port: `host_port_` (containerd docs/hosts.md).
      path: `${certs}\\${registry.replace(/:(\d+)$/, "_$1_")}\\hosts.toml`,
      content: hostsToml(registry, mirrors),
    })),
  ];
}
