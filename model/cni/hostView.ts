import type { CniSettings, FlannelSettings } from "../settings/resolved";

/** For views of settings that nothing about the CNI is rendered from. */
export const NO_CNI: FlannelSettings = {
  kind: "flannel",
  backend: "vxlan",
  windows: false,
  networkPolicy: "none",
  resources: {},
};

/**
 * What of the CNI's settings hosts are rendered from: kernel modules, interfaces and ports follow from kind and backend.
 * Everything else reaches nodes through the cluster, and is no change of theirs.
 */
export function hostCni(cni: CniSettings): CniSettings {
  switch (cni.kind) {
    case "flannel":
      return { ...NO_CNI, backend: cni.backend, ...(cni.port === undefined ? {} : { port: cni.port }) };
    case "weave":
      return {
        kind: "weave",
        backend: cni.backend,
        ...(cni.encryption === undefined ? {} : { encryption: { password: "", trustedSubnets: [] } }),
        networkPolicy: false,
        resources: {},
      };
    case "calico":
      return {
        kind: "calico",
        backend: cni.backend,
        blockSize: 0,
        natOutgoing: true,
        controlPlaneReplicas: 1,
        apiServer: true,
      };
  }
}
