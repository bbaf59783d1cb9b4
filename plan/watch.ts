import { secretCommand } from "../model/settings/storedSecrets";
import { immutableSettings } from "../model/settings/specs";
import { nodeCapacity } from "../model/network/clusterNetwork";
import { quotaUse } from "../model/aws/quotas";
import type { ClusterSettings } from "../model/settings/resolved";
import type { EnvironmentConfig } from "./config";
import type { Reachability } from "../model/reach/reach";
import { counted, fromTo, nodesOf } from "./counts";
import type { Recording } from "./program";
import type { PlannedCertificate } from "./certificates";
import type { PlannedResource } from "./resources";

export type WatchKind =
  "blocked" | "todo" | "advisory" | "fixed" | "protected" | "ignored" | "capacity" | "renewal";

/** Something a person should know before `pulumi up`. */
export interface WatchItem {
  readonly kind: WatchKind;
  readonly text: string;
  /** Names that belong to it, such as resources. */
  readonly names?: readonly string[];
  /** A line for the shell. */
  readonly command?: string;
}

export function watchItems(
  config: EnvironmentConfig,
  { settings, withSecrets }: Pick<Recording, "settings" | "withSecrets">,
  resources: readonly PlannedResource[],
  certificates: readonly PlannedCertificate[],
  reachability: Reachability,
): WatchItem[] {
  return [
    ...blockedItems(reachability),
    ...(withSecrets === undefined ? secretItems(config, settings) : ownSecretItems(settings, withSecrets)),
    ...settings.advisories.map((text): WatchItem => ({ kind: "advisory", text })),
    ...unusedItem(reachability),
    fixedItem(settings),
    ...protectedItem(resources),
    ...ignoredItems(resources),
    capacityItem(settings),
    ...accountItems(settings),
    ...renewalItems(certificates),
  ];
}

function blockedItems({ flows }: Reachability): WatchItem[] {
  return flows.flatMap(({ reason, what, blocked }) =>
    blocked.map(({ from, to, why, ways }): WatchItem => ({
      kind: "blocked",
      text: `${reason}: ${what} from ${from} to ${to}${ways > 1 ? ` (and ${ways - 1} more)` : ""} does not arrive: ${why}`,
    })),
  );
}

function unusedItem({ unused }: Reachability): WatchItem[] {
  if (unused.length === 0) return [];
  return [
    {
      kind: "advisory",
      text: `No flow uses ${counted(unused.length, "rule")}: remove what was added by hand, or name it in firewall.allow`,
      names: unused.map(({ rule }) => rule),
    },
  ];
}

/** Secrets that the settings refer to and nobody has set, or that cannot be read without the passphrase. */
export function missingSecrets(config: EnvironmentConfig, settings: ClusterSettings): readonly string[] {
  const { secretNames } = config;
  return secretNames === undefined ? [] : settings.secretNames.filter((name) => !secretNames.includes(name));
}

function secretItems(config: EnvironmentConfig, settings: ClusterSettings): WatchItem[] {
  const missing = missingSecrets(config, settings);
  const items = missing.map((name): WatchItem => ({
    kind: "todo",
    text: `Secret ${name} is not set; pulumi up fails without it`,
    command: secretCommand(name),
  }));
  const unread = settings.secretNames.filter((name) => !missing.includes(name));
  if (unread.length === 0 || config.secrets !== undefined) return items;
  const text = "Secrets are encrypted and were not checked: a plan does not decrypt them";
  return [...items, { kind: "advisory", text, names: unread }];
}

/** Of a program of one's own, which alone knows where its secrets come from. */
function ownSecretItems({ secretNames }: ClusterSettings, given: boolean): WatchItem[] {
  if (given || secretNames.length === 0) return [];
  const text = "The program gives its Cluster no secrets, and the settings name some: hosts refuse the login";
  return [{ kind: "todo", text, names: secretNames }];
}

function fixedItem(settings: ClusterSettings): WatchItem {
  const { podCidr, serviceCidr, endpoint } = immutableSettings(settings);
  return {
    kind: "fixed",
    text: `Fixed once the cluster is created: pods ${podCidr}, services ${serviceCidr}, endpoint ${endpoint}`,
  };
}

function protectedItem(resources: readonly PlannedResource[]): WatchItem[] {
  const names = resources.filter((one) => one.options.protect === true).map((one) => one.name);
  // The settings' own advisory speaks of a cluster without protection.
  if (names.length === 0) return [];
  return [
    {
      kind: "protected",
      text: `${names.length} resources are protected: pulumi destroy fails until protect is false`,
      names,
    },
  ];
}

/** One item for each property and reason, however many resources it is about. */
function ignoredItems(resources: readonly PlannedResource[]): WatchItem[] {
  const names = new Map<string, string[]>();
  for (const resource of resources) {
    for (const { property, reason } of resource.options.ignoreChanges ?? []) {
      const text = `Changes of ${property} are ignored: ${reason}`;
      names.set(text, [...(names.get(text) ?? []), resource.name]);
    }
  }
  return [...names].map(([text, of]) => ({ kind: "ignored", text, names: of }));
}

function capacityItem(settings: ClusterSettings): WatchItem {
  const { network } = settings;
  const slices = nodeCapacity(network.podCidr, network.nodeCidrMaskSize);
  return {
    kind: "capacity",
    text:
      `${fromTo(...nodesOf(settings))} of ${network.maxNodes} nodes in use; ${network.podCidr} has ${slices} slices of /${network.nodeCidrMaskSize}, ` +
      `and a node runs up to ${network.podsPerNode} pods`,
  };
}

/** What the account has to have, which a plan without one cannot ask. */
function accountItems({ aws }: ClusterSettings): WatchItem[] {
  if (aws === undefined) return [];
  const zones: WatchItem = {
    kind: "capacity",
    text:
      `pulumi preview and up ask AWS whether the account has ${aws.vpc.zones.join(", ")}, and these the instance types; ` +
      "a plan calls no API",
  };
  const quotas = quotaUse(aws).map((use): WatchItem => {
    const short =
      use.to > use.newAccount ? `; a new account has ${use.newAccount}, so request more first` : "";
    return {
      kind: "capacity",
      text: `Quota of ${use.name}: ${fromTo(use.from, use.to)}, on top of everything else in ${aws.region}${short}`,
      command: `aws service-quotas get-service-quota --region ${aws.region} --service-code ec2 --quota-code ${use.code}`,
    };
  });
  return [zones, ...quotas];
}

function renewalItems(certificates: readonly PlannedCertificate[]): WatchItem[] {
  return certificates
    .filter((one) => one.renewed.startsWith("by pulumi up"))
    .map((one) => ({
      kind: "renewal" as const,
      text: `${one.name} expires ${one.validDays} days after it is created and is renewed ${one.renewed}`,
    }));
}
