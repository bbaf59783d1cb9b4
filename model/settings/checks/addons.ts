import { ADDON_KEYS, addonOf, servicePools, usedAddons, type AddonKey } from "../../addons";
import type { AddonSurroundings } from "../../addons/domain";
import { isInside, plainPath, type ProjectFiles } from "../../extras/files";
import { domainOf } from "../../cni";
import { windowsPool } from "../../windows/releases";
import type { Facts } from "../draft";
import type { Problems } from "../problems";
import { ownerOfTcp } from "./hostPorts";
import { selectorFits } from "./selectors";

/** Every add-on, by its own checks. */
export function validateAddons(facts: Facts, problems: Problems): void {
  for (const key of ADDON_KEYS) checkAddon(key)(facts, problems);
}

/** An add-on's own keys. */
export function checkAddon(key: AddonKey): (facts: Facts, problems: Problems) => void {
  return (facts, problems) => {
    const settings = facts.settings.addons[key];
    const input = writtenAddon(facts, key);
    if (settings === undefined || input === undefined) return;
    addonOf(key).validate?.(input, settings, surroundingsOf(facts, key), problems);
  };
}

/** An add-on as it is written; undefined where it is not there, or was rejected. */
export function writtenAddon({ written, refused }: Facts, key: AddonKey): object | undefined {
  const { always } = addonOf(key);
  return written[key] ?? (always === true && !refused(key) ? {} : undefined);
}

function surroundingsOf(facts: Facts, own: AddonKey): AddonSurroundings {
  const { settings, refused } = facts;
  const giving = servicePools(settings.addons);
  // What was rejected may give some.
  const maybe = ADDON_KEYS.some((key) => addonOf(key).pools !== undefined && refused(key));
  return {
    refused,
    platform: facts.aws === undefined ? "machines" : "aws",
    clusterDomain: refused("network.clusterDomain") ? undefined : settings.network.clusterDomain,
    pods: facts.pods,
    services: facts.services,
    peers: facts.peers,
    nodePortRange: facts.nodePortRange,
    machines: facts.machines,
    windowsPool: windowsPool(settings),
    addresses: addressesOf(facts),
    routers: refused("cni.kind") ? [] : (domainOf(settings.cni.kind).routers?.(settings.cni) ?? []),
    givesAddresses: maybe || giving.length > 0,
    pools: maybe ? undefined : giving,
    ownerOfTcp: (port) => ownerOfTcp(facts, port, own),
    checkSelector: (selector, path, why, problems) => selectorFits(facts, selector, path, why, problems),
  };
}

function addressesOf({
  written,
  settings,
  machines,
  endpoint,
  awsFacts,
}: Facts): AddonSurroundings["addresses"] {
  const all: [string | undefined, string][] = [
    ...machines.flatMap(({ name, nodeAddress, host }): [string | undefined, string][] => [
      [nodeAddress, `the address of machine ${name}`],
      [host, `the SSH address of machine ${name}`],
    ]),
    ...(awsFacts?.controlPlaneNodes ?? []).map(({ name, address }): [string, string] => [
      address,
      `the address of control-plane node ${name}`,
    ]),
    [endpoint.host, "the API's endpoint"],
    [written.access?.host, "the API's address for people"],
    [settings.bastion?.host, "the bastion's address"],
  ];
  return all.flatMap(([text, what]) => (text === undefined ? [] : [{ text, what }]));
}

/** Files of the project that add-ons are taken from are there; paths outside of it nobody looks at. */
export function addonFilesAreThere(facts: Facts, files: ProjectFiles, problems: Problems): void {
  for (const { domain, settings } of usedAddons(facts.settings.addons)) {
    for (const { path, file, allowed } of domain.files?.(settings) ?? []) {
      if (!isInside(file) || files.read(plainPath(file)) !== undefined) continue;
      problems.add(path, file, "is not a file of the project", { allowed });
    }
  }
}
