import { script } from "../core/script";
import { PATIENCE } from "../probes/scripts";
import { backupProgram, backupUnit } from "../etcd/backup/files";
import type { ExpectedHost, Peer } from "./expected";

/** Folders whose file systems must not fill up. */
const DISKS = ["/", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd", "/var/log"];
const PKI = "/etc/kubernetes/pki";
const CERTIFICATES = [
  ...["apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client"],
  ...["etcd/server", "etcd/peer", "etcd/healthcheck-client"],
].map((name) => `${PKI}/${name}.crt`);
const KUBELET = ["kubelet-client-current", "kubelet-server-current"].map(
  (name) => `/var/lib/kubelet/pki/${name}.pem`,
);

/** Run on a host as root: prints one line of JSON with what `readFacts` reads; changes nothing. */
export function probeScript(expected: ExpectedHost, peers: readonly Peer[]): string {
  return script("doctor/scripts/probe.sh", {
    files: expected.files.map(({ path }) => path),
    links: expected.links.map(({ path }) => path),
    units: expected.units,
    sysctls: expected.sysctls.map(({ key }) => key),
    certificates: [...CERTIFICATES, ...KUBELET],
    disks: DISKS,
    backup_program: backupProgram,
    backup_unit: backupUnit,
    patience: PATIENCE.first,
    peers: peers.map(({ name, address, port }) => `${name} ${address} ${port}`),
  });
}
