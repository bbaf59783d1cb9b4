import type { RenderedFile } from "../renderedFile";
import { putFile } from "./prelude";
import type { NodeSetupSpec } from "./spec";

export interface SystemFile {
  /** Marks that the service has not yet read the file. */
  readonly mark: string;
  readonly file: RenderedFile;
  /** Command that tells the service to read it anew; undefined: read when it next matters. */
  readonly reload?: string;
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
            mark: "logind",
            file: {
              path: "/etc/systemd/logind.conf.d/zz-pulumi-kubeadm.conf",
              mode: "0644",
              content: `[Login]\nInhibitDelayMaxSec=${shutdownGrace}\n`,
            },
            reload:
              "if active systemd-logind.service; then systemctl kill -s SIGHUP systemd-logind.service; fi",
          },
        ];
  return [
    {
      mark: "journald",
      file: {
        path: "/etc/systemd/journald.conf.d/90-pulumi-kubeadm.conf",
        mode: "0644",
        content: "[Journal]\nSystemMaxUse=1G\n",
      },
      reload: "systemctl restart systemd-journald.service",
    },
    ...logind,
    {
      // At a restart networkd takes away routes that others made: flannel's to the other nodes (networkd.conf(5)).
      mark: "networkd",
      file: {
        path: "/etc/systemd/networkd.conf.d/90-pulumi-kubeadm.conf",
        mode: "0644",
        content: "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
      },
    },
    {
      // udev would change flannel's MAC after flannel has told it to the other nodes (systemd.link(5), MACAddressPolicy).
      mark: "flannel-link",
      file: {
        path: "/etc/systemd/network/50-pulumi-kubeadm-flannel.link",
        mode: "0644",
        content: "[Match]\nOriginalName=flannel*\n\n[Link]\nMACAddressPolicy=none\n",
      },
    },
    {
      mark: "NetworkManager",
      file: {
        path: "/etc/NetworkManager/conf.d/90-pulumi-kubeadm.conf",
        mode: "0644",
        content: `[keyfile]\nunmanaged-devices=${cni.unmanaged
          .map((name) => `interface-name:${name}`)
          .join(";")}\n`,
      },
      reload: "if active NetworkManager.service; then systemctl reload NetworkManager.service; fi",
      only: "/etc/NetworkManager",
    },
  ];
}

export function systemPhase(files: readonly SystemFile[]): string {
  const steps = files.map(({ mark, file, reload, only }) => {
    const step =
      reload === undefined
        ? putFile(file)
        : `${putFile(file, mark)}if marked ${mark}; then\n  ${reload}\n  unmark ${mark}\nfi\n`;
    return only === undefined ? step : `if [ -d ${only} ]; then\n${step}fi\n`;
  });
  return `\nphase services\n${steps.join("")}`;
}
