import { systemdFile } from "../core/systemd";
import type { RenderedFile } from "../renderedFile";
import { heredoc, shWords } from "../text";
import { nodeScript } from "./paths";
import type { NodeSetupSpec } from "./spec";

export interface SystemFile {
  readonly file: RenderedFile;
  /** The service that reloads it (`services.sh`); undefined: it is read when it next matters. */
  readonly reload?: "journald" | "logind" | "NetworkManager";
  /** Folder without which the service is not on the host. */
  readonly only?: string;
}

/** Settings of services that are on the host already. */
export function systemFiles({ kubelet, cni }: Pick<NodeSetupSpec, "kubelet" | "cni">): SystemFile[] {
  const { shutdownGrace } = kubelet;
  const logind: SystemFile[] =
    shutdownGrace === 0
      ? []
      : [
          {
            // The kubelet writes 99-kubelet.conf, but Ubuntu's unattended-upgrades-logind-maxdelay.conf sorts after it and
            // holds the delay at 30 s (kubernetes/kubernetes issue 107043).
            file: systemdFile("/etc/systemd/logind.conf.d/zz-pulumi-kubeadm.conf", {
              Login: { InhibitDelayMaxSec: String(shutdownGrace) },
            }),
            reload: "logind",
          },
        ];
  return [
    {
      file: systemdFile("/etc/systemd/journald.conf.d/90-pulumi-kubeadm.conf", {
        Journal: { SystemMaxUse: "1G" },
      }),
      reload: "journald",
    },
    ...logind,
    {
      // At a restart networkd takes away routes that others made: flannel's to the other nodes (networkd.conf(5)).
      file: systemdFile("/etc/systemd/networkd.conf.d/90-pulumi-kubeadm.conf", {
        Network: { ManageForeignRoutes: "no", ManageForeignRoutingPolicyRules: "no" },
      }),
    },
    {
      // udev would change flannel's MAC after flannel has told it to the other nodes (systemd.link(5), MACAddressPolicy).
      file: systemdFile("/etc/systemd/network/50-pulumi-kubeadm-flannel.link", {
        Match: { OriginalName: "flannel*" },
        Link: { MACAddressPolicy: "none" },
      }),
    },
    {
      file: {
        path: "/etc/NetworkManager/conf.d/90-pulumi-kubeadm.conf",
        mode: "0644",
        content: `[keyfile]\nunmanaged-devices=${cni.unmanaged
          .map((name) => `interface-name:${name}`)
          .join(";")}\n`,
      },
      reload: "NetworkManager",
      only: "/etc/NetworkManager",
    },
  ];
}

export function systemPhase(files: readonly SystemFile[]): string {
  const put = files.map(({ file, reload, only = "/" }) => {
    const words = [only, file.path, file.mode, ...(reload === undefined ? [] : [reload])];
    return `put_service ${shWords(words)} ${heredoc(file.content)}`;
  });
  return `${nodeScript("services")}${put.join("")}`;
}
