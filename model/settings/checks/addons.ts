import { ADDON_KEYS, addonOf, servicePools, usedAddons, type AddonKey } from "../../addons";
import type { AddonSurroundings } from "../../addons/domain";
import { isInside, plainPath, type ProjectFiles } from "../../extras/files";
import { domainOf } from "../../cni";
import { windowsPool } from "../../windows/releases";
import type { Checked } from "../checked";
import type { Problems } from "../problems";
import { ownerOfTcp } from "./hostPorts";
import { writtenMachines } from "./machines";
import { selectorFits } from "./selectors";

/** Every add-on, by its own checks. */
export function validateAddons(checked: Checked, problems: Problems): void {
  for (const key of ADDON_KEYS) checkAddon(key)(checked, problems);
}

/** An add-on's own keys. */
export function checkAddon(key: AddonKey): (checked: Checked, problems: Problems) => void {
  return (checked, problems) => {
    const settings = checked.settings.addons[key];
    const input = writtenAddon(checked, key);
    if (settings === undefined || input === undefined) return;
    addonOf(key).validate?.(input, settings, surroundingsOf(checked, key), problems);
  };
}

/** An add-on as it is written; undefined where it is not there, or was rejected. */
export function writtenAddon({ written, refused }: Checked, key: AddonKey): object | undefined {
  const { always } = addonOf(key);
  return written[key] ?? (always === true && !refused(key) ? {} : undefined);
}

function surroundingsOf(checked: Checked, own: AddonKey): AddonSurroundings {
  const { settings, refused } = checked;
  const giving = servicePools(settings.addons);
  // What was rejected may give some.
  const maybe = ADDON_KEYS.some((key) => addonOf(key).pools !== undefined && refused(key));
  return {
    refused,
    platform: settings.platform,
    clusterDomain: refused("network.clusterDomain") ? undefined : settings.network.clusterDomain,
    pods: checked.pods,
    services: checked.services,
    peers: checked.peers,
    nodePortRange: refused("network.nodePortRange") ? undefined : settings.network.nodePortRange,
    machines:
      settings.platform === "aws"
        ? settings.machines.map(({ name, role, architecture }) => ({ name, role, architecture }))
        : writtenMachines(checked),
    windowsPool: windowsPool(settings),
    addresses: addressesOf(checked),
    routers: refused("cni.kind") ? [] : (domainOf(settings.cni.kind).routers?.(settings.cni) ?? []),
    givesAddresses: maybe || giving.length > 0,
    pools: maybe ? undefined : giving,
    ownerOfTcp: (port) => ownerOfTcp(checked, port, own),
    checkSelector: (selector, path, why, problems) => selectorFits(checked, selector, path, why, problems),
  };
}

function addressesOf(checked: Checked): AddonSurroundings["addresses"] {
  const { written, settings, endpoint } = checked;
  const all: [string | undefined, string][] = [
    ...writtenMachines(checked).flatMap(({ name, nodeAddress, host }): [string | undefined, string][] => [
      [nodeAddress, `the address of machine ${name}`],
      [host, `the SSH address of machine ${name}`],
    ]),
    ...(settings.aws?.controlPlane.instances ?? []).map(({ name, address }): [string, string] => [
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
export function addonFilesAreThere(checked: Checked, files: ProjectFiles, problems: Problems): void {
  for (const { domain, settings } of usedAddons(checked.settings.addons)) {
    for (const { path, file, allowed } of domain.files?.(settings) ?? []) {
      if (!isInside(file) || files.read(plainPath(file)) !== undefined) continue;
      problems.add(path, file, "is not a file of the project", { allowed });
    }
  }
}
