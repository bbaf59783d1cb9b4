import * as pulumi from "@pulumi/pulumi";
import type { CoreDnsSpec } from "../../model/addons/coredns/settings";
import type { IngressSpec } from "../../model/addons/ingress/alone";
import type { MetallbSpec } from "../../model/addons/metallb/alone";
import type { MetricsServerSpec } from "../../model/addons/metricsServer/alone";
import { isWithoutWorkers } from "../../model/addons/metallb/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import { windowsReleases } from "../../model/windows/releases";
import type { CreateDnsRecords } from "../cloud";
import { checked, type SecretsArg } from "../part";
import { CoreDns, type CoreDnsArgs } from "./coredns";
import { GatewayApi } from "./gatewayApi";
import { Ingress, type Around, type IngressArgs } from "./ingress";
import { MetalLb, type MetalLbArgs } from "./metallb";
import { MetricsServer, type MetricsServerArgs } from "./metricsServer";
import { WindowsNodes } from "./windows";

export interface AddonsArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** Secrets by the names that the settings use. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** What pods need: the network, and the cloud's controller if nodes wait for one. */
  readonly after: readonly pulumi.Resource[];
  /**
   * The nodes. Add-ons other than DNS wait for them, and are deleted before them, so that a cloud's controller can
   * clean up.
   */
  readonly nodes: readonly pulumi.Resource[];
  /** Creates DNS records, on clouds that have zones. */
  readonly createDnsRecords?: CreateDnsRecords | undefined;
  /** The cluster's init: objects that exist only in the cluster are deleted with it. */
  readonly init: pulumi.Resource;
}

/** The add-ons of a cluster. An add-on that the settings do not install is undefined. */
export interface Addons {
  /** Cluster DNS. */
  readonly coredns: CoreDns;
  /** What Windows nodes run. Set if the settings have a pool of Windows nodes. */
  readonly windowsNodes?: WindowsNodes;
  /** metrics-server. */
  readonly metricsServer?: MetricsServer;
  /** MetalLB. */
  readonly metallb?: MetalLb;
  /** The definitions of Gateway API. */
  readonly gatewayApi?: GatewayApi;
  /** The ingress controller. */
  readonly ingress?: Ingress;
}

/**
 * Creates all add-ons of the settings in order: DNS first. `opts` has the parent and the cluster's provider,
 * without `deletedWith`.
 */
export function createAddons(
  name: string,
  { settings, secrets, after, nodes, init, createDnsRecords }: AddonsArgs,
  opts: pulumi.ComponentResourceOptions,
): Addons {
  const { helm, metallb: pools, ingress: controller, gatewayApi: api } = settings.addons;
  const { metricsServer: metrics } = settings.addons;
  const ending = { ...opts, deletedWith: init };
  // After the nodes: replicas that are placed while there is one would all stay on it.
  const coredns = new CoreDns(`${name}-coredns`, checked<CoreDnsArgs, CoreDnsSpec>(settings), {
    ...ending,
    dependsOn: [...after, ...nodes],
  });
  // Not after the nodes: those of Windows become ready by it.
  const windowsNodes =
    windowsReleases(settings).length > 0
      ? new WindowsNodes(`${name}-windows`, { settings }, { ...ending, dependsOn: [...after] })
      : undefined;
  const ready = [...after, ...nodes, coredns];
  const { images } = settings;
  const metricsServer =
    metrics &&
    new MetricsServer(
      `${name}-metrics-server`,
      checked<MetricsServerArgs, MetricsServerSpec>({ metricsServer: metrics, images }),
      {
        ...ending,
        dependsOn: ready,
      },
    );
  const metallb =
    pools &&
    new MetalLb(
      `${name}-metallb`,
      checked<MetalLbArgs, MetallbSpec & SecretsArg>({
        metallb: pools,
        onlyControlPlane: isWithoutWorkers(settings),
        helm,
        secrets,
      }),
      { ...ending, dependsOn: ready },
    );
  const gatewayApi = api && new GatewayApi(`${name}-gateway-api`, api, { ...ending, dependsOn: ready });
  const before = [metallb, gatewayApi].filter((one) => one !== undefined);
  const ingress =
    controller &&
    new Ingress(
      `${name}-ingress`,
      checked<IngressArgs, IngressSpec & Around>({
        ...settings,
        ingress: controller,
        deletedWith: init,
        createDnsRecords,
      }),
      {
        ...opts,
        dependsOn: [...ready, ...before],
      },
    );
  return { coredns, windowsNodes, metricsServer, metallb, gatewayApi, ingress };
}
