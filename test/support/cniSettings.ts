import type {
  CalicoBgp,
  CalicoSettings,
  FlannelSettings,
  WeaveSettings,
} from "../../model/settings/resolved";

/** Resolved settings of each CNI, plain: tests write what they are about. */
export function flannel(over: Partial<FlannelSettings> = {}): FlannelSettings {
  return {
    kind: "flannel",
    backend: "vxlan",
    windows: false,
    networkPolicy: "none",
    resources: {},
    ...over,
  };
}

export function weave(over: Partial<WeaveSettings> = {}): WeaveSettings {
  return { kind: "weave", backend: "fastdp", networkPolicy: true, resources: {}, ...over };
}

export function calico(over: Partial<CalicoSettings> = {}): CalicoSettings {
  return {
    kind: "calico",
    backend: "vxlan",
    blockSize: 26,
    natOutgoing: true,
    controlPlaneReplicas: 2,
    apiServer: true,
    ...over,
  };
}

/** A full mesh without routers outside. */
export function routers(over: Partial<CalicoBgp> = {}): CalicoBgp {
  return { asNumber: 64512, nodeToNodeMesh: true, advertiseServices: false, peers: [], ...over };
}
