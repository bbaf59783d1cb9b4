import { sh } from "../text";
import type { RenderedFile } from "../renderedFile";
import type { ClusterSettings, Machine } from "../settings/resolved";
import { apiProxyFiles, apiProxyModules, apiProxyOf, apiProxyPhase } from "./apiProxy";
import { preflightOnlyChecks } from "./checks";
import { cleanupScript, rememberFound } from "./cleanup";
import { containerdFiles, containerdPhase, containerdUnit } from "./containerd";
import { downloadsPhase, proxyVariables } from "./downloads";
import { leavingFile } from "./leaving";
import { firewallFiles, firewallPhase, firewallSshPorts, foreignFirewalls } from "./firewall";
import { hostsPhase, hostsScriptFile } from "./hosts";
import { kernelFiles, kernelPhase, reservedPortsFile } from "./kernel";
import { oldVersionsPhase } from "./oldVersions";
import { crictlFile, kubeletFiles, kubeletPhase, kubeletUnit } from "./kubelet";
import { needsOf, osCheck, osFactsOf, packagesPhase } from "./os";
import { factsReport, preflightChecks } from "./preflight";
import { dropUnwanted, fileFunctions, prelude, putFile } from "./prelude";
import { proxyEnvironmentFile, setupSecretFiles } from "./setupSecrets";
import { swapPhase } from "./swap";
import { systemFiles, systemPhase } from "./system";
import { timePhase } from "./time";
import { volumesPhase } from "./volumes";

export type { RenderedFile } from "../renderedFile";
export type { HostFacts } from "./preflight";

export interface RenderedNode {
  /** What setup puts on the host; no secret is among it. */
  readonly files: readonly RenderedFile[];
  /** Makes a bare host ready for kubeadm; run again, it changes only what differs. Self-contained. */
  readonly setupScript: string;
  /** Takes back what setup did, on a host that has left its cluster. */
  readonly cleanupScript: string;
  /** Setup's checks alone. Prints the host's facts as one line `##facts ` with `HostFacts` in JSON; changes nothing. */
  readonly preflightScript: string;
}

/**
 * Node setup of one machine: the same for every platform. A load balancer gets nginx and nothing of Kubernetes. The
 * values are those of `parseCluster` and are not checked again.
 */
/** @param secret files with secrets that came by standard input (`setupSecretFiles`) */
export function renderNode(
  settings: ClusterSettings,
  machine: Machine,
  secret: readonly RenderedFile[] = [],
): RenderedNode {
  return {
    files: filesOf(settings, machine),
    setupScript: setupScript(settings, machine, secret),
    cleanupScript: cleanupScript(),
    preflightScript: preflightScript(settings, machine),
  };
}

function preflightScript(settings: ClusterSettings, machine: Machine): string {
  return [
    prelude(`Looks at ${machine.name} without changing it.`),
    osCheck(machine),
    "phase preflight\n",
    preflightChecks(settings, machine),
    factsReport(),
    preflightOnlyChecks(settings, machine),
    "check_host\nif command -v ip >/dev/null; then check_network; fi\nreport_facts\nreport_problems\n",
  ].join("");
}

function setupScript(settings: ClusterSettings, machine: Machine, secret: readonly RenderedFile[]): string {
  const node = machine.role !== "loadBalancer";
  const proxy = apiProxyOf(settings, machine);
  const firewall = settings.firewall === "nftables";
  const paths = [...filesOf(settings, machine), ...setupSecretFiles(settings, machine.role)].map(
    (file) => file.path,
  );
  if (proxy !== undefined) paths.push(apiProxyModules);
  if (firewall) paths.push(firewallSshPorts, leavingFile);
  if (node) paths.push(reservedPortsFile);
  const environment = proxyVariables(settings).map(([name, value]) => `export ${name}=${sh(value)}\n`);
  const needs = needsOf({ node, apiProxy: proxy !== undefined, firewall });
  return [
    prelude(`Node setup of ${machine.name} (${machine.role}).`),
    osCheck(machine),
    "phase preflight\n",
    preflightChecks(settings, machine),
    // Where the `ip` command is still to be installed, the network is looked at after that.
    "check_host\nip_was_there=no\nif command -v ip >/dev/null; then\n  ip_was_there=yes\n  check_network\nfi\nreport_problems\n",
    fileFunctions(),
    ...(node ? [rememberFound()] : []),
    osFactsOf(machine),
    ...environment,
    dropUnwanted(paths),
    proxyPart(secret),
    packagesPhase(needs),
    'if [ "$ip_was_there" = no ]; then\n  check_network\n  report_problems\nfi\n',
    foreignFirewalls(settings, machine),
    timePhase(),
    ...(node ? nodePhases(settings, machine) : []),
    ...(firewall ? [firewallPhase(settings, firewallFiles(settings, machine))] : []),
    ...(node ? [hostsPhase(hostsScriptFile(settings, machine))] : []),
    ...(proxy === undefined ? [] : [apiProxyPhase(apiProxyFiles(settings, proxy))]),
    ...(node
      ? [
          containerdPhase(
            settings,
            machine,
            secret.filter((file) => file.path !== proxyEnvironmentFile),
          ),
          kubeletPhase(settings),
          oldVersionsPhase(settings, machine),
        ]
      : []),
    '\nphase finished\nreload_units\n# Marks of units that this setup no longer has.\nrm -f "$pending"/*\n',
  ].join("");
}

/** A proxy's variables with its password: units read them from the file, and so does what follows in this script. */
function proxyPart(secret: readonly RenderedFile[]): string {
  const file = secret.find(({ path }) => path === proxyEnvironmentFile);
  if (file === undefined) return "";
  return `${putFile(file, containerdUnit, kubeletUnit)}set -a\n# shellcheck source=/dev/null\n. ${proxyEnvironmentFile}\nset +a\n`;
}

function nodePhases(settings: ClusterSettings, machine: Machine): string[] {
  return [
    kernelPhase(settings),
    swapPhase(settings),
    systemPhase(systemFiles(settings, machine)),
    volumesPhase(settings, machine),
    downloadsPhase(settings, machine),
  ];
}

/** Every file that setup may put on the host, sorted by path; some only where the service they are for is there. */
function filesOf(settings: ClusterSettings, machine: Machine): RenderedFile[] {
  const proxy = apiProxyOf(settings, machine);
  const files: RenderedFile[] = [];
  if (machine.role !== "loadBalancer") {
    const kernel = kernelFiles(settings);
    const containerd = containerdFiles(settings, machine);
    files.push(kernel.modules, kernel.sysctls, hostsScriptFile(settings, machine), crictlFile());
    files.push(...systemFiles(settings, machine).map(({ file }) => file));
    files.push(...containerd.service, ...containerd.registries, ...kubeletFiles(settings));
  }
  if (proxy !== undefined) files.push(...apiProxyFiles(settings, proxy));
  if (settings.firewall === "nftables") files.push(...firewallFiles(settings, machine));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
