import { parse } from "toml";

import { isMapping, listOf, type Mapping } from "../../core/tree";

import type { Checked } from "../checked";
import { nearest } from "../../text";
import { HIDDEN, type Path, type Problems, hasPassword } from "../problems";

/** Top-level keys of containerd's configuration (v2.3.4, cmd/containerd/server/config/config.go). */
const TOP = [
  "version",
  "temp",
  "disabled_plugins",
  "required_plugins",
  "oom_score",
  "debug",
  "metrics",
  "plugins",
  "cgroup",
  "timeouts",
  "stream_processors",
  "proxy_plugins",
];

const IMAGES = "io.containerd.cri.v1.images";
const RUNTIME = "io.containerd.cri.v1.runtime";
const OLD_CRI = "io.containerd.grpc.v1.cri";

const words = (text: string): readonly string[] => text.split(/\s+/);

/** Plugins that read configuration: `containerd config default` of v2.3.4. */
const PLUGINS = [
  IMAGES,
  RUNTIME,
  OLD_CRI,
  ...words(`io.containerd.differ.v1.erofs io.containerd.gc.v1.scheduler io.containerd.image-verifier.v1.bindir
    io.containerd.internal.v1.opt io.containerd.internal.v1.tracing io.containerd.metadata.v1.bolt
    io.containerd.metrics.v1.grpc-prometheus io.containerd.monitor.container.v1.restart
    io.containerd.monitor.task.v1.cgroups io.containerd.mount-handler.v1.erofs io.containerd.nri.v1.nri
    io.containerd.runtime.v2.task io.containerd.server.v1.debug io.containerd.server.v1.metrics
    io.containerd.service.v1.diff-service io.containerd.service.v1.tasks-service io.containerd.shim.v1.manager
    io.containerd.snapshotter.v1.blockfile io.containerd.snapshotter.v1.btrfs io.containerd.snapshotter.v1.devmapper
    io.containerd.snapshotter.v1.erofs io.containerd.snapshotter.v1.native io.containerd.snapshotter.v1.overlayfs
    io.containerd.snapshotter.v1.zfs io.containerd.tracing.processor.v1.otlp io.containerd.transfer.v1.local`),
];

/** Keys of tables that containerd reads and says nothing about when it does not know one. `*` stands for any name. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  [`plugins.${IMAGES}`]:
    words(`snapshotter disable_snapshot_annotations discard_unpacked_layers max_concurrent_downloads
    concurrent_layer_fetch_buffer image_pull_progress_timeout image_pull_with_sync_fs stats_collect_period
    use_local_image_pull pinned_images registry image_decryption runtime_platforms`),
  [`plugins.${IMAGES}.registry`]: ["headers"],
  [`plugins.${IMAGES}.image_decryption`]: ["key_model"],
  [`plugins.${RUNTIME}`]:
    words(`enable_selinux selinux_category_range max_container_log_line_size disable_apparmor
    restrict_oom_score_adj disable_proc_mount unset_seccomp_profile tolerate_missing_hugetlb_controller
    disable_hugetlb_controller device_ownership_from_security_context ignore_image_defined_volumes
    netns_mounts_under_state_dir enable_unprivileged_ports enable_unprivileged_icmp enable_cdi cdi_spec_dirs
    drain_exec_sync_io_timeout ignore_deprecation_warnings stats_collect_period stats_retention_period enable_criu
    enable_experimental_restore_via_create containerd cni`),
  [`plugins.${RUNTIME}.containerd`]: words(
    "default_runtime_name ignore_blockio_not_enabled_errors ignore_rdt_not_enabled_errors runtimes",
  ),
  [`plugins.${RUNTIME}.containerd.runtimes.*`]:
    words(`runtime_type runtime_path pod_annotations container_annotations
    options privileged_without_host_devices privileged_without_host_devices_all_devices_allowed cgroup_writable
    base_runtime_spec cni_conf_dir cni_max_conf_num snapshotter sandboxer io_type`),
  [`plugins.${RUNTIME}.cni`]: words(
    "max_conf_num setup_serially conf_template ip_pref use_internal_loopback",
  ),
  [`plugins.${OLD_CRI}`]:
    words(`disable_tcp_service stream_server_address stream_server_port stream_idle_timeout
    enable_tls_streaming x509_key_pair_streaming`),
};

/** A table of options is replaced as a whole, so a wrapper around runc (`BinaryName`) has to say it again. */
const SYSTEMD_CGROUP = `plugins.${RUNTIME}.containerd.runtimes.runc.options.SystemdCgroup`;

/** What other settings decide, or the library relies on. */
const OWNED: Readonly<Record<string, string>> = {
  root: "containerd keeps its data in /var/lib/containerd",
  state: "containerd keeps its state in /run/containerd",
  imports: "containerd.dropIn is itself an imported file",
  grpc: "kubelets and crictl expect containerd's own socket",
  ttrpc: "kubelets and crictl expect containerd's own socket",
  [`plugins.${IMAGES}.pinned_images.sandbox`]: "versions.pause and images.repository",
  [`plugins.${IMAGES}.registry.config_path`]: "images.mirrors and images.registries",
  [`plugins.${IMAGES}.registry.mirrors`]:
    "images.mirrors; containerd rejects these together with config_path",
  [`plugins.${IMAGES}.registry.configs`]: "images.registries",
  [`plugins.${IMAGES}.registry.auths`]: "images.registries",
  [`plugins.${RUNTIME}.cni.bin_dir`]: "the library's CNI plugins",
  [`plugins.${RUNTIME}.cni.bin_dirs`]: "the library's CNI plugins",
  [`plugins.${RUNTIME}.cni.conf_dir`]: "cni",
  [SYSTEMD_CGROUP]: "kubelet.config.cgroupDriver",
};

/** Tables of containerd 1's CRI plugin, and where version 3 has them. */
const MOVED: Readonly<Record<string, string>> = {
  registry: "images.mirrors and images.registries",
  sandbox_image: "versions.pause and images.repository",
  containerd: `plugins.'${RUNTIME}'.containerd`,
  cni: `plugins.'${RUNTIME}'.cni`,
  max_concurrent_downloads: `plugins.'${IMAGES}'.max_concurrent_downloads`,
  snapshotter: `plugins.'${IMAGES}'.snapshotter`,
};

const SECRET = /^(password|auth|identitytoken|token|authorization|secret)$/i;
const LOGIN =
  "images.registries.<host>: { credentials: NAME }, and user:password in kubeadm:secrets under that name";
const PATH: Path = ["containerd", "dropIn"];

/** containerd starts with keys that it does not know and passes them over, so they are refused here; a login is never plain. */
export function validateContainerd({ written }: Checked, problems: Problems): void {
  const text = written.containerd?.dropIn;
  if (text === undefined) return;
  let config: Mapping;
  try {
    config = parse(text) as Mapping;
  } catch {
    problems.add(PATH, HIDDEN, "is not TOML", { allowed: "tables of containerd's configuration, version 3" });
    return;
  }
  if (holdsSecret(config) || hasPassword(text)) {
    problems.add(PATH, HIDDEN, "holds a password or a token; kubeadm:cluster must not contain secrets", {
      allowed: LOGIN,
    });
    return;
  }
  if (config.version !== undefined && config.version !== 3)
    problems.add([...PATH, "version"], config.version, "is not a supported version", {
      allowed: `3: the tables of containerd 2, such as plugins.'${IMAGES}'`,
    });
  validateTable(
    config,
    "",
    { [SYSTEMD_CGROUP]: written.kubelet?.config?.["cgroupDriver"] !== "cgroupfs" },
    problems,
  );
  const disabled = listOf(config.disabled_plugins).map(String);
  const cri = disabled.find((name) => /(^|\.)cri($|\.)/.test(name));
  if (cri !== undefined)
    problems.add(
      [...PATH, "disabled_plugins"],
      disabled,
      `disables ${cri}, which kubelets need to start pods`,
      { allowed: "other plugins" },
    );
}

/** @param same values of others' keys that change nothing */
function validateTable(
  table: Mapping,
  place: string,
  same: Readonly<Record<string, boolean>>,
  problems: Problems,
): void {
  for (const [key, value] of Object.entries(table)) {
    const here = place === "" ? key : `${place}.${key}`;
    const path = [...PATH, ...pathOf(here)];
    const owner = OWNED[here];
    if (owner !== undefined && here in same && same[here] === value) continue;
    if (owner !== undefined) {
      problems.add(path, value, "is not allowed here: another setting determines it", {
        allowed: `instead: ${owner}`,
      });
      continue;
    }
    const known = keysOf(place);
    if (known !== undefined && !known.includes(key)) {
      const moved =
        place === `plugins.${OLD_CRI}`
          ? (MOVED[key] ?? `plugins.'${RUNTIME}' or plugins.'${IMAGES}'`)
          : undefined;
      if (moved === undefined)
        problems.add(path, value, "unknown key, which containerd would ignore", {
          allowed: known.join(", "),
          nearest: nearest(key, known),
        });
      else
        problems.add(path, value, "is where containerd 1 read it; containerd 2 ignores it there", {
          allowed: `instead: ${moved}`,
        });
      continue;
    }
    if (isMapping(value)) validateTable(value, here, same, problems);
  }
}

function keysOf(place: string): readonly string[] | undefined {
  if (place === "") return [...TOP, ...Object.keys(OWNED).filter((name) => !name.includes("."))];
  if (place === "plugins") return PLUGINS;
  return KEYS[place] ?? KEYS[place.replace(/(\.runtimes)\.[^.]+$/, "$1.*")];
}

/** A plugin's name is one word with dots in it. */
function pathOf(place: string): string[] {
  const plugin = PLUGINS.find((name) => place.startsWith(`plugins.${name}`));
  if (plugin === undefined) {
    const [first = "", ...rest] = place.split(".");
    return first === "plugins" ? [first, rest.join(".")] : [first, ...rest];
  }
  const rest = place.slice(`plugins.${plugin}.`.length);
  return ["plugins", plugin, ...(rest === "" ? [] : rest.split("."))];
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) =>
      (SECRET.test(key) && (typeof inner === "string" || Array.isArray(inner)) && inner.length > 0) ||
      holdsSecret(inner),
  );
}
