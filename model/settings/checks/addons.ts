import { ADDON_KEYS, addonOf, usedAddons, type AddonKey } from "../../addons";
import type { AddonSurroundings } from "../../addons/domain";
import { isInside, plainPath, type ProjectFiles } from "../../extras/files";
import { DEFAULTS } from "../defaults";
import { pick, type Draft, type Facts } from "../draft";
import type { Problems } from "../problems";
import { cniOf, windowsPool } from "./cni";
import { ownerOfTcp } from "./hostPorts";
import { selectorFits } from "./selectors";

/** Every add-on, by its own checks. */
export function validateAddons(facts: Facts, problems: Problems): void {
  for (const key of ADDON_KEYS) checkAddon(key)(facts, problems);
}

/** An add-on's own keys. */
export function checkAddon(key: AddonKey): (facts: Facts, problems: Problems) => void {
  return (facts, problems) => {
    const input = draftOf(facts, key);
    if (input !== undefined) addonOf(key).validate?.(input, surroundingsOf(facts, key), problems);
  };
}

/** An add-on as it is written; undefined where it is not there, or was rejected. */
export function draftOf({ input }: Facts, key: AddonKey): Draft<object> | undefined {
  const { always } = addonOf(key);
  return input[key] ?? (always === true && !(key in input) ? {} : undefined);
}

function surroundingsOf(facts: Facts, own: AddonKey): AddonSurroundings {
  const { settings, refused } = facts;
  const cni = cniOf(facts);
  const giving = usedAddons(settings.addons).flatMap(
    ({ domain, settings: one }) => domain.pools?.(one) ?? [],
  );
  // What was rejected may give some.
  const maybe = ADDON_KEYS.some((key) => addonOf(key).pools !== undefined && refused(key));
  return {
    platform: facts.aws === undefined ? "machines" : "aws",
    clusterDomain: pick(facts.input.network ?? {}, "clusterDomain", DEFAULTS.clusterDomain),
    pods: facts.pods,
    services: facts.services,
    peers: facts.peers,
    nodePortRange: facts.nodePortRange,
    machines: facts.machines,
    windowsPool: windowsPool(facts.input),
    addresses: addressesOf(facts),
    routers: cni?.domain.routers(cni.settled) ?? [],
    givesAddresses: maybe || giving.length > 0,
    pools: maybe ? undefined : giving,
    ownerOfTcp: (port) => ownerOfTcp(facts, port, own),
    checkSelector: (selector, path, why, problems) => selectorFits(facts, selector, path, why, problems),
  };
}

function addressesOf({ input, machines, endpoint, awsFacts }: Facts): AddonSurroundings["addresses"] {
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
    [input.access?.host, "the API's address for people"],
    [input.bastion?.host, "the bastion's address"],
  ];
  return all.flatMap(([text, what]) => (text === undefined ? [] : [{ text, what }]));
}

/** Files of the project that add-ons are taken from are there; paths outside of it nobody looks at. */
export function addonFilesAreThere(facts: Facts, files: ProjectFiles, problems: Problems): void {
  for (const key of ADDON_KEYS) {
    const input = draftOf(facts, key);
    if (input === undefined) continue;
    for (const { path, file, allowed } of addonOf(key).files?.(input) ?? []) {
      if (file === undefined || !isInside(file) || files.read(plainPath(file)) !== undefined) continue;
      problems.add(path, file, "is not a file of the project", { allowed });
    }
  }
}
