import type { CniSettings, FlannelSettings } from "../settings/resolved";

/** Flannel with nothing said. */
export const NO_CNI: FlannelSettings = {
  kind: "flannel",
  backend: "vxlan",
  windows: false,
  networkPolicy: "none",
  resources: {},
};

/**
 * What of the CNI's settings hosts are rendered from: kernel modules, interfaces and ports follow from kind and backend. And
 * what a living cluster cannot change (`fixedFacts`), since nodes keep a record of it.
 * Everything else reaches nodes through the cluster, and does not change them.
 */
export function hostCni(cni: CniSettings): CniSettings {
  switch (cni.kind) {
    case "flannel":
      return { ...memberCni(cni), ...(cni.port === undefined ? {} : { port: cni.port }) };
    case "weave":
      return {
        kind: "weave",
        backend: cni.backend,
        networkPolicy: false,
        resources: {},
        ...(cni.encryption === undefined ? {} : { encryption: { password: "", trustedSubnets: [] } }),
      };
    case "calico":
      return memberCni(cni);
  }
}

/** What a living cluster cannot change of its CNI, and nothing else. */
export function memberCni(cni: CniSettings): CniSettings {
  switch (cni.kind) {
    case "flannel":
      return { ...NO_CNI, backend: cni.backend };
    case "weave":
      return { kind: "weave", backend: cni.backend, networkPolicy: false, resources: {} };
    case "calico":
      return {
        kind: "calico",
        backend: cni.backend,
        blockSize: cni.blockSize,
        natOutgoing: true,
        controlPlaneReplicas: 1,
        apiServer: true,
      };
  }
}
