import { systemdEnvironment, systemdUnit } from "../core/systemd";
import { tomlString } from "../text";
import type { RenderedFile } from "../renderedFile";
import { proxyVariables } from "./downloads";
import { cniBinFolder, containerdUnit, linkFolder, nodeScript } from "./paths";
import { putFile } from "./prelude";
import { certsFolder, registryFiles } from "./registries";
import { proxyEnvironmentFile } from "./setupSecrets";
import type { NodeSetupSpec } from "./spec";

const folder = "/etc/containerd";
export const containerdConfigFile = `${folder}/config.toml`;
/** What containerd is set up from. */
type ContainerdSpec = Pick<
  NodeSetupSpec,
  "kubelet" | "sandboxImage" | "images" | "proxy" | "containerdDropIn"
>;
export const containerdSocket = "/run/containerd/containerd.sock";

/**
 * containerd's configuration, version 3 (containerd 2.x, docs/cri/config.md). Files under conf.d are read after it and
 * merged into it key by key, tables included.
 */
export function containerdConfig(spec: Pick<NodeSetupSpec, "kubelet" | "sandboxImage">): string {
  const images = "plugins.'io.containerd.cri.v1.images'";
  const runtime = "plugins.'io.containerd.cri.v1.runtime'";
  return `version = 3
imports = ["${folder}/conf.d/*.toml"]

[metrics]
  address = "127.0.0.1:1338"

[${images}.pinned_images]
  sandbox = ${tomlString(spec.sandboxImage)}

[${images}.registry]
  config_path = "${certsFolder}"

[${runtime}]
  device_ownership_from_security_context = true

[${runtime}.cni]
  bin_dirs = ["${cniBinFolder}"]
  conf_dir = "/etc/cni/net.d"

[${runtime}.containerd]
  default_runtime_name = "runc"

[${runtime}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${runtime}.containerd.runtimes.runc.options]
  BinaryName = "${linkFolder}/runc"
  SystemdCgroup = ${spec.kubelet.systemdCgroup}
`;
}

/** containerd's own unit (v2.3.4, containerd.service), with the number of files that containers inherit. */
const unitFile = systemdUnit(containerdUnit, {
  Unit: {
    Description: "containerd container runtime",
    Documentation: "https://containerd.io",
    After: "network.target dbus.service",
  },
  Service: {
    ExecStartPre: "-/sbin/modprobe overlay",
    ExecStart: `${linkFolder}/containerd`,
    Type: "notify",
    Delegate: "yes",
    KillMode: "process",
    Restart: "always",
    RestartSec: "5",
    LimitNPROC: "infinity",
    LimitCORE: "infinity",
    LimitNOFILE: "1048576",
    TasksMax: "infinity",
    OOMScoreAdjust: "-999",
  },
  Install: { WantedBy: "multi-user.target" },
});

/** A drop-in without a version would be taken for version 1 and migrated; it is written against ours. */
function dropIn(text: string): string {
  const version = /^\s*version\s*=/m.test(text) ? "" : "version = 3\n";
  return `${version}${text.endsWith("\n") ? text : `${text}\n`}`;
}

/** Environment of a service behind a proxy; undefined: there is none. */
export function proxyDropIn(
  spec: Pick<NodeSetupSpec, "proxy">,
  unit: string,
  mode?: string,
): RenderedFile | undefined {
  const variables = proxyVariables(spec);
  // Anybody on a host can ask systemd for the variables of a unit, but not for what is in a file that it reads.
  const secret = spec.proxy?.credentials !== undefined;
  if (!secret && variables.length === 0) return undefined;
  const Service: Record<string, string | string[]> = secret
    ? { EnvironmentFile: proxyEnvironmentFile }
    : { Environment: variables.map(([name, value]) => systemdEnvironment(name, value)) };
  return systemdUnit(`${unit}.d/http-proxy.conf`, { Service }, mode);
}

/** What containerd must be restarted for; registry mirrors are not, it reads them at each pull. */
export function containerdFiles(spec: ContainerdSpec): {
  service: RenderedFile[];
  registries: RenderedFile[];
} {
  const proxy = proxyDropIn(spec, containerdUnit);
  const extra = spec.containerdDropIn;
  return {
    service: [
      { path: containerdConfigFile, mode: "0644", content: containerdConfig(spec) },
      ...(extra === undefined
        ? []
        : [{ path: `${folder}/conf.d/90-settings.toml`, mode: "0644", content: dropIn(extra) }]),
      unitFile,
      ...(proxy === undefined ? [] : [proxy]),
    ],
    registries: [...registryFiles(spec).plain],
  };
}

/** @param secret files with credentials of registries */
export function containerdPhase(spec: ContainerdSpec, secret: readonly RenderedFile[] = []): string {
  const { service, registries } = containerdFiles(spec);
  const put = [
    ...service.map((file) => putFile(file, containerdUnit)),
    ...[...registries, ...secret].map((file) => putFile(file)),
  ];
  return `phase containerd\n${put.join("")}${nodeScript("containerd", {
    containerd_folder: folder,
    containerd_socket: containerdSocket,
  })}`;
}
