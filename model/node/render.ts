import type { RenderedFile } from "../renderedFile";
import { apiProxyFiles, apiProxyModules, apiProxyPhase } from "./apiProxy";
import { preflightOnlyChecks } from "./checks";
import { cleanupScript, rememberFound } from "./cleanup";
import { containerdFiles, containerdPhase } from "./containerd";
import { downloadsFiles, downloadsPhase, proxyVariables } from "./downloads";
import { leavingFile } from "./leaving";
import { firewallFiles, firewallPhase, firewallSshPorts, foreignFirewalls } from "./firewall";
import { hostsPhase, hostsScriptFile } from "./hosts";
import { kernelFiles, kernelPhase, reservedPortsFile } from "./kernel";
import { oldVersionsPhase } from "./oldVersions";
import { crictlFile, kubeletFiles, kubeletPhase } from "./kubelet";
import { needsOf, osCheck, osProfileOf, packagesPhase } from "./os";
import { containerdUnit, kubeletUnit, nodeScript } from "./paths";
import { hostReport, preflightChecks } from "./preflight";
import { dropUnwanted, fileFunctions, prelude, putFile } from "./prelude";
import { proxyEnvironmentFile, setupSecretFiles } from "./setupSecrets";
import type { CheckedMachine, NodeSetupSpec, PreflightCheckSpec } from "./spec";
import { swapPhase } from "./swap";
import { systemFiles, systemPhase } from "./system";
import { timePhase } from "./time";
import { volumesPhase } from "./volumes";

export type { RenderedFile } from "../renderedFile";
export type { HostReport } from "./preflight";

export interface RenderedNode {
  /** What setup puts on the host; no secret is among it. */
  readonly files: readonly RenderedFile[];
  /** Makes a bare host ready for kubeadm; run again, it changes only what differs. Self-contained. */
  readonly setupScript: string;
  /** Takes back what setup did, on a host that has left its cluster. */
  readonly cleanupScript: string;
}

/**
 * Node setup of one machine: the same for every platform. A load balancer gets nginx and nothing of Kubernetes.
 * @param secret files with secrets that came by standard input (`setupSecretFiles`)
 */
export function renderNode(spec: NodeSetupSpec, secret: readonly RenderedFile[] = []): RenderedNode {
  const files = filesOf(spec);
  return { files, setupScript: setupScript(spec, files, secret), cleanupScript: cleanupScript() };
}

/**
 * Setup's checks alone, and what is looked at only before the first setup. Prints the host's facts as one line
 * `##report ` with `HostReport` in JSON; changes nothing.
 */
export function preflightScript(spec: PreflightCheckSpec, machine: CheckedMachine): string {
  return [
    prelude(),
    osCheck(machine),
    "phase preflight\n",
    preflightChecks(spec, machine, machine.apiProxyPort),
    hostReport(),
    preflightOnlyChecks(spec.resolvConf, machine),
    "check_first\nreport_facts\nreport_problems\n",
  ].join("");
}

function setupScript(
  spec: NodeSetupSpec,
  files: readonly RenderedFile[],
  secret: readonly RenderedFile[],
): string {
  const { machine, apiProxy, firewall } = spec;
  const node = machine.role !== "loadBalancer";
  const paths = [...files, ...setupSecretFiles(spec, machine.role)].map((file) => file.path);
  if (apiProxy !== undefined) paths.push(apiProxyModules);
  if (firewall !== undefined) paths.push(firewallSshPorts, leavingFile);
  if (node) paths.push(reservedPortsFile);
  const environment = proxyVariables(spec).map(([name, value]) => `${name}=${value}`);
  const needs = needsOf({
    node,
    apiProxy: apiProxy !== undefined,
    firewall: firewall !== undefined,
    ...(spec.commands === undefined ? {} : { commands: spec.commands }),
  });
  return [
    prelude(),
    osCheck(machine),
    "phase preflight\n",
    preflightChecks(spec, machine, apiProxy?.port),
    "check_first\nreport_problems\n",
    fileFunctions(),
    ...(node ? [rememberFound()] : []),
    osProfileOf(machine),
    nodeScript("proxy", { proxy_variables: environment }),
    dropUnwanted(paths),
    proxyPart(secret),
    packagesPhase(needs, spec.packages),
    "check_later\n",
    foreignFirewalls(spec),
    timePhase(),
    ...(node ? nodePhases(spec) : []),
    ...(firewall === undefined ? [] : [firewallPhase(firewall, firewallFiles(spec, firewall))]),
    ...(node ? [hostsPhase(hostsScriptFile(spec))] : []),
    ...(apiProxy === undefined ? [] : [apiProxyPhase(apiProxyFiles(apiProxy))]),
    ...(node
      ? [
          containerdPhase(
            spec,
            secret.filter((file) => file.path !== proxyEnvironmentFile),
          ),
          kubeletPhase(spec),
          oldVersionsPhase(spec),
        ]
      : []),
    nodeScript("finish"),
  ].join("");
}

/** A proxy's variables with its password: units read them from the file, and so does what follows in this script. */
function proxyPart(secret: readonly RenderedFile[]): string {
  const file = secret.find(({ path }) => path === proxyEnvironmentFile);
  if (file === undefined) return "";
  return `${putFile(file, containerdUnit, kubeletUnit)}${nodeScript("proxy-file", { proxy_file: proxyEnvironmentFile })}`;
}

function nodePhases(spec: NodeSetupSpec): string[] {
  return [
    kernelPhase(spec),
    swapPhase(spec),
    systemPhase(systemFiles(spec)),
    volumesPhase(spec),
    downloadsPhase(spec),
  ];
}

/** Every file that setup may put on the host, sorted by path; some only where the service they are for is there. */
function filesOf(spec: NodeSetupSpec): RenderedFile[] {
  const { apiProxy, firewall } = spec;
  const files: RenderedFile[] = [];
  if (spec.machine.role !== "loadBalancer") {
    const kernel = kernelFiles(spec);
    const containerd = containerdFiles(spec);
    files.push(kernel.modules, kernel.sysctls, hostsScriptFile(spec), crictlFile());
    files.push(...systemFiles(spec).map(({ file }) => file), ...downloadsFiles(spec));
    files.push(...containerd.service, ...containerd.registries, ...kubeletFiles(spec));
  }
  if (apiProxy !== undefined) files.push(...apiProxyFiles(apiProxy));
  if (firewall !== undefined) files.push(...firewallFiles(spec, firewall));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
