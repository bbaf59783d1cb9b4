import { REGION } from "../../support/awsInput";
import { metalInput, type RawSettings } from "../../support/settings";
import { CHECKSUMS, windowsAws } from "../../support/windowsSettings";
import { all, type Change, set } from "./edit";
import type { Wrong } from "./wrong";

type Row = readonly [name: string, change: Change, path: string, text: RegExp, base?: () => RawSettings];

function cases(name: string, rows: readonly Row[]): Wrong[] {
  return rows.map(([title, change, path, text, base = windowsAws]) => ({
    class: `windows: ${name}`,
    name: title,
    base,
    region: REGION,
    change,
    path,
    text,
  }));
}

const files = (key: string, value: unknown) => set(`downloads.windows.${key}`, value);
const pool = (key: string, value: unknown) => set(`workers.win.${key}`, value);

/** One problem each; they are beside those of other settings in one table. */
export const WRONG_WINDOWS: readonly Wrong[] = [
  ...cases("checksums", [
    [
      "none given",
      set("downloads", undefined),
      "downloads.windows",
      /lacks the checksums .*kubernetes 1\.36\.4, containerd/,
    ],
    [
      "one missing",
      files("flannel", undefined),
      "downloads.windows",
      /that Windows nodes download.*: flannel v0\.28\.9/,
    ],
    [
      "too short",
      files("crictl", "3".repeat(63)),
      "downloads.windows.crictl",
      /SHA-256 in 64 or a SHA-512 in 128/,
    ],
    [
      "a SHA-1",
      files("containerd", "2".repeat(40)),
      "downloads.windows.containerd",
      /SHA-256 in 64 or a SHA-512/,
    ],
    [
      "of a file that is in the archive",
      files("kubelet", "7".repeat(64)),
      "downloads.windows.kubelet",
      /kubernetes/,
    ],
    [
      "on machines that exist",
      set("downloads", { windows: CHECKSUMS }),
      "downloads.windows",
      /no pool has them/,
      metalInput,
    ],
  ]),
  ...cases("releases", [
    [
      "Windows Server 2025 on Kubernetes 1.35",
      all(pool("os", "windows-2025"), set("kubernetesVersion", "1.35.8")),
      "workers.win.os",
      /no image in pause 3\.10\.1.*versions\.pause: 3\.10\.2/,
    ],
    [
      "Windows Server 2025 on Kubernetes 1.34",
      all(pool("os", "windows-2025"), set("kubernetesVersion", "1.34.11")),
      "workers.win.os",
      /no image in pause 3\.10\.1.*os: windows-2022/,
    ],
    [
      "Windows Server 2025 with an older pause",
      all(pool("os", "windows-2025"), set("versions.pause", "3.10")),
      "workers.win.os",
      /no image in pause 3\.10 .*3\.10\.2 or newer$/,
    ],
  ]),
  ...cases("what nodes cannot have", [
    [
      "a proxy",
      set("proxy", { http: "http://proxy.example.com:3128" }),
      "proxy",
      /does not reach Windows nodes \(workers\.win\)/,
    ],
    ["another VXLAN port", set("cni.port", 8472), "cni.port", /4789/],
    ["an identifier of Linux", set("cni.vni", 1), "cni.vni", /4096/],
    ["WireGuard", set("cni.backend", "wireguard"), "cni.backend", /cannot be combined with Windows nodes/],
    ["arm64", pool("instanceType", "m6g.large"), "workers.win.instanceType", /arm64/],
  ]),
];
