import * as pulumi from "@pulumi/pulumi";
import { isWithoutWorkers } from "../../model/addons/metallb/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import { windowsReleases } from "../../model/windows/releases";
import type { CreateDnsRecords } from "../cloud";
import { Checked } from "../part";
import { CoreDns } from "./coredns";
import { GatewayApi } from "./gatewayApi";
import { Ingress } from "./ingress";
import { MetalLb } from "./metallb";
import { MetricsServer } from "./metricsServer";
import { WindowsNodes } from "./windows";

export interface AddonsArgs {
  /** Resolved settings, as `parseCluster` gives them. */
  readonly settings: ClusterSettings;
  /** By the names that the settings refer to. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** What pods cannot do without: the network, and a cloud's controller where nodes wait for one. */
  readonly after: readonly pulumi.Resource[];
  /**
   * The nodes: pods of add-ons but DNS find a place when they are there, and what a cloud's controller made for them is
   * taken back while it still runs.
   */
  readonly nodes: readonly pulumi.Resource[];
  /** Makes DNS records where the cloud has zones. */
  readonly createDnsRecords?: CreateDnsRecords | undefined;
  /** The cluster's init: what lives in the cluster alone ends with it. */
  readonly init: pulumi.Resource;
}

/** The add-ons of one cluster, each set where the settings have it. */
export interface Addons {
  readonly coredns: CoreDns;
  /** With a pool of Windows nodes. */
  readonly windowsNodes?: WindowsNodes;
  readonly metricsServer?: MetricsServer;
  readonly metallb?: MetalLb;
  readonly gatewayApi?: GatewayApi;
  readonly ingress?: Ingress;
}

/**
 * All add-ons of the settings, in their order: DNS, then what asks it. `opts` has the parent and the cluster's provider,
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
  const coredns = new CoreDns(`${name}-coredns`, new Checked(settings), {
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
    new MetricsServer(`${name}-metrics-server`, new Checked({ metricsServer: metrics, images }), {
      ...ending,
      dependsOn: ready,
    });
  const metallb =
    pools &&
    new MetalLb(
      `${name}-metallb`,
      new Checked({ metallb: pools, onlyControlPlane: isWithoutWorkers(settings), helm, secrets }),
      { ...ending, dependsOn: ready },
    );
  const gatewayApi = api && new GatewayApi(`${name}-gateway-api`, api, { ...ending, dependsOn: ready });
  const before = [metallb, gatewayApi].filter((one) => one !== undefined);
  const ingress =
    controller &&
    new Ingress(
      `${name}-ingress`,
      new Checked({ ...settings, ingress: controller, deletedWith: init, createDnsRecords }),
      {
        ...opts,
        dependsOn: [...ready, ...before],
      },
    );
  return { coredns, windowsNodes, metricsServer, metallb, gatewayApi, ingress };
}
