/** What hosts get, rendered from settings and a machine: the specification in between is the builders'. */
import { apiProxyConfig as proxyConfig } from "../../model/node/apiProxy";
import * as containerd from "../../model/node/containerd";
import * as downloads from "../../model/node/downloads";
import * as firewall from "../../model/node/firewall";
import { hostsScriptFile as hostsFile } from "../../model/node/hosts";
import * as kernel from "../../model/node/kernel";
import { oldVersionsPhase as oldVersions } from "../../model/node/oldVersions";
import * as preflight from "../../model/node/preflight";
import * as render from "../../model/node/render";
import { restartCheck as restarts } from "../../model/node/restarts";
import type { FirewallSpec } from "../../model/node/spec";
import { swapPhase as swap } from "../../model/node/swap";
import { systemFiles as system } from "../../model/node/system";
import { setupUndo as undo } from "../../model/node/undo";
import { volumesPhase as volumes } from "../../model/node/volumes";
import * as converging from "../../model/lifecycle/converging";
import * as draining from "../../model/lifecycle/draining";
import * as fileNames from "../../model/lifecycle/fileNames";
import * as files from "../../model/lifecycle/files";
import * as joining from "../../model/lifecycle/joining";
import * as member from "../../model/lifecycle/digest";
import type { NodeIdentity } from "../../model/lifecycle/identity";
import * as nodes from "../../model/lifecycle/nodes";
import * as removing from "../../model/lifecycle/removing";
import { packetFilterProblems as problems } from "../../model/packetFilter/judge";
import type { RenderedFile } from "../../model/renderedFile";
import {
  checkedMachine,
  clusterPart,
  immutableSettings,
  knownMachines,
  nodeSetupSpec,
  nodeSpec,
  packetFilterSpec,
  preflightCheckSpec,
} from "../../model/settings/specs";
import type { ClusterSettings, Machine } from "../../model/settings/resolved";
import type { KnownCluster } from "../../host/protocol";

function any(settings: ClusterSettings): Machine {
  const [machine] = settings.machines;
  if (machine === undefined) throw new Error("there is no machine");
  return machine;
}

function firewallOf(settings: ClusterSettings, machine: Machine): FirewallSpec {
  const spec = nodeSetupSpec({ ...settings, firewall: "nftables" }, machine).firewall;
  if (spec === undefined) throw new Error("there is no firewall");
  return spec;
}

export const renderNode = (
  settings: ClusterSettings,
  machine: Machine,
  secret: readonly RenderedFile[] = [],
) => ({
  ...render.renderNode(nodeSetupSpec(settings, machine), secret),
  preflightScript: preflightScript(settings, machine),
});
export const preflightScript = (settings: ClusterSettings, machine: Machine) =>
  render.preflightScript(preflightCheckSpec(settings), checkedMachine(settings, machine));
export const preflightChecks = (settings: ClusterSettings, machine: Machine) => {
  const { apiProxyPort, ...own } = checkedMachine(settings, machine);
  return preflight.preflightChecks(preflightCheckSpec(settings), own, apiProxyPort);
};
export const packetFilterProblems = (
  settings: ClusterSettings,
  machine: Machine,
  report: string,
  nodeInterface: string,
) =>
  problems(
    {
      node: preflightCheckSpec(settings),
      packetFilters: packetFilterSpec(settings),
      machines: settings.machines,
    },
    machine,
    report,
    nodeInterface,
  );
export const firewallRules = (settings: ClusterSettings, machine: Machine) =>
  firewall.firewallRules(nodeSetupSpec(settings, machine), firewallOf(settings, machine));
export const firewallFiles = (settings: ClusterSettings, machine: Machine) =>
  firewall.firewallFiles(nodeSetupSpec(settings, machine), firewallOf(settings, machine));
export const firewallPhase = (settings: ClusterSettings, put: readonly RenderedFile[]) =>
  firewall.firewallPhase(firewallOf(settings, any(settings)), put);
export const foreignFirewalls = (settings: ClusterSettings, machine: Machine) =>
  firewall.foreignFirewalls(nodeSetupSpec(settings, machine));
export const kernelModules = (settings: ClusterSettings) =>
  kernel.kernelModules(nodeSetupSpec(settings, any(settings)));
export const kernelFiles = (settings: ClusterSettings) =>
  kernel.kernelFiles(nodeSetupSpec(settings, any(settings)));
export const kernelPhase = (settings: ClusterSettings) =>
  kernel.kernelPhase(nodeSetupSpec(settings, any(settings)));
export const swapPhase = (settings: ClusterSettings) => swap(nodeSetupSpec(settings, any(settings)));
export const systemFiles = (settings: ClusterSettings, machine: Machine) =>
  system(nodeSetupSpec(settings, machine));
export const volumesPhase = (settings: ClusterSettings, machine: Machine) =>
  volumes(nodeSetupSpec(settings, machine));
export const containerdConfig = (settings: ClusterSettings, machine: Machine) =>
  containerd.containerdConfig(nodeSetupSpec(settings, machine));
export const containerdFiles = (settings: ClusterSettings, machine: Machine) =>
  containerd.containerdFiles(nodeSetupSpec(settings, machine));
export const containerdPhase = (
  settings: ClusterSettings,
  machine: Machine,
  secret: readonly RenderedFile[] = [],
) => containerd.containerdPhase(nodeSetupSpec(settings, machine), secret);
export const downloadsOf = (settings: ClusterSettings, machine: Machine) =>
  nodeSetupSpec(settings, machine).downloads;
export const downloadsPhase = (settings: ClusterSettings, machine: Machine) =>
  downloads.downloadsPhase(nodeSetupSpec(settings, machine));
export const linksOf = (
  settings: ClusterSettings,
  machine: Machine,
  names: Parameters<typeof downloads.linksOf>[1],
) => downloads.linksOf(nodeSetupSpec(settings, machine).downloads, names);
export const oldVersionsPhase = (settings: ClusterSettings, machine: Machine) =>
  oldVersions(nodeSetupSpec(settings, machine));
export const restartCheck = (settings: ClusterSettings, machine: Machine) =>
  restarts(nodeSetupSpec(settings, machine));
export const setupUndo = (settings: ClusterSettings, machine: Machine) =>
  undo(nodeSetupSpec(settings, machine));
export const hostsLines = (settings: ClusterSettings, machine: Machine) =>
  nodeSetupSpec(settings, machine).hosts.map(({ address, name }) => `${address} ${name}`);
export const hostsScriptFile = (settings: ClusterSettings, machine: Machine) =>
  hostsFile(nodeSetupSpec(settings, machine));
export const apiProxyOf = (settings: ClusterSettings, machine: Machine) => {
  const proxy = nodeSetupSpec(settings, machine).apiProxy;
  return proxy === undefined ? undefined : { address: proxy.address, port: proxy.port };
};
export const apiProxyConfig = (settings: ClusterSettings, machine: Machine) => {
  const proxy = nodeSetupSpec(settings, machine).apiProxy;
  if (proxy === undefined) throw new Error(`no balancer runs on ${machine.name}`);
  return proxyConfig(proxy);
};

export const filesOfNode = (settings: ClusterSettings, machine: Machine, oidcCa?: string) =>
  files.filesOfNode(nodeSpec(settings, machine), oidcCa);
export const nodeDigest = (settings: ClusterSettings, machine: Machine) =>
  member.nodeDigest(nodeSpec(settings, machine));
const identities = new Map<string, NodeIdentity>();
/** Kept: its digest renders all of the node's files, and each test of hosts begins with those of all its machines. */
export function nodeIdentity(settings: ClusterSettings, machine: Machine, cluster: string): NodeIdentity {
  const of = JSON.stringify([settings, machine, cluster]);
  const identity =
    identities.get(of) ??
    member.nodeIdentity(nodeSpec(settings, machine), immutableSettings(settings), cluster);
  identities.set(of, identity);
  return identity;
}
type Script = Parameters<typeof joining.joinScript> extends [unknown, ...infer Rest] ? Rest : never;
type Init = Parameters<typeof joining.initScript> extends [unknown, ...infer Rest] ? Rest : never;
export const initScript = (settings: ClusterSettings, ...rest: Init) =>
  joining.initScript(settings.kubernetesVersion, ...rest);
export const joinScript = (settings: ClusterSettings, ...rest: Script) =>
  joining.joinScript(settings.kubernetesVersion, ...rest);
export const convergeScript = (settings: ClusterSettings, machine: Machine, ...rest: Script) =>
  converging.convergeScript(nodeSpec(settings, machine), ...rest);
export const adoptScript = (settings: ClusterSettings, machine: Machine) =>
  nodes.adoptScript(nodeSpec(settings, machine));
export const drainScript = (settings: ClusterSettings, machine: Machine) =>
  draining.drainScript(nodeSpec(settings, machine));
export const letInScript = (settings: ClusterSettings, machine: Machine) =>
  draining.letInScript(nodeSpec(settings, machine));
export const removeNodeScript = (settings: ClusterSettings, machine: Machine, removal: removing.Removal) =>
  removing.removeNodeScript(nodeSpec(settings, machine), removal);
export const pruneComponentFiles = (settings: ClusterSettings, kept: readonly RenderedFile[]) =>
  fileNames.pruneComponentFiles(settings, kept);

/** The cluster as the steps of all machines together know it. */
export function knownCluster(settings: ClusterSettings): KnownCluster {
  const machines = settings.machines.flatMap((machine) =>
    knownMachines(settings, machine).filter(({ name }) => name === machine.name),
  );
  return { ...clusterPart(settings), machines };
}
