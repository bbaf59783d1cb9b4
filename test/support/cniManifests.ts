import { withCni } from "../../model/cni";
import * as calico from "../../model/cni/calico/manifests";
import * as flannelConfig from "../../model/cni/flannel/config";
import * as flannel from "../../model/cni/flannel/manifests";
import * as weave from "../../model/cni/weave/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";

/** Objects of each CNI from the settings of a cluster that has it. */
export const flannelManifests = (settings: ClusterSettings) =>
  flannel.flannelManifests(withCni(settings, "flannel"));
export const netConf = (settings: ClusterSettings) => flannelConfig.netConf(withCni(settings, "flannel"));
export const weaveManifests = (settings: ClusterSettings) => weave.weaveManifests(withCni(settings, "weave"));
export const calicoInstallation = (settings: ClusterSettings) =>
  calico.calicoInstallation(withCni(settings, "calico"));
export const calicoApiServer = (settings: ClusterSettings) =>
  calico.calicoApiServer(withCni(settings, "calico"));
export const calicoNamespaces = (settings: ClusterSettings) =>
  calico.calicoNamespaces(withCni(settings, "calico"));
export const calicoRouting = (settings: ClusterSettings) => calico.calicoRouting(withCni(settings, "calico"));
export const passwordsOf = (settings: ClusterSettings) => calico.passwordsOf(withCni(settings, "calico"));
export const reflectorAnnotations = (settings: ClusterSettings) => {
  const { bgp } = withCni(settings, "calico").cni;
  return bgp?.routeReflectors === undefined ? [] : calico.reflectorAnnotations(bgp.routeReflectors);
};
export const { operatorValues, selectorOf } = calico;
