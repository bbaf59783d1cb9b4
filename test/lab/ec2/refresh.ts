/**
 * Instance refresh, the strategy Rolling (Auto Scaling User Guide, "How an instance refresh works"): instances that were there
 * before it are replaced, as many at a time as the percentages leave. With a maximum above all of them a new one starts first; a new
 * one counts once it is in service and its warm-up is over. One that does not come into service is replaced and holds the refresh up.
 *
 * Not simulated: the hour after which AWS gives up, checkpoints, skip matching, rollback, scale-in protection, and standby.
 */
import type { AccountData } from "../../engine/providers/aws/account";
import { running } from "../../engine/providers/aws/addresses";
import { ownerOf } from "../../engine/providers/aws/kinds/scaling";
import { object, Scope } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";
import { instanceIdOf, objectsOf } from "./account";

/** What a refresh does next in one group. */
export type Step =
  | { readonly does: "start"; readonly instances: number }
  | { readonly does: "end"; readonly interfaceId: string }
  | { readonly does: "wait" }
  | { readonly does: "finish" };

/** Since when an instance is in service, in milliseconds since 1970; undefined: it is not. */
export type InService = (instance: string) => number | undefined;

/** Groups that are being refreshed, by name. */
export function refreshing(account: AccountData): [string, Values][] {
  return Object.entries(objectsOf(account, "autoscaling.Group")).filter(
    ([, state]) => state["_refreshing"] === true,
  );
}

export function nextStep(
  account: AccountData,
  region: string,
  group: string,
  state: Values,
  inService: InService,
  now: number,
): Step {
  const scope = new Scope(account, region);
  const owner = ownerOf(group);
  const desired = Number(state["desiredCapacity"] ?? 0);
  const preferences = object(object(state["instanceRefresh"])["preferences"]);
  const percent = (name: string, otherwise: number): number => Number(preferences[name] ?? otherwise);
  const least = Math.ceil((desired * percent("minHealthyPercentage", 90)) / 100);
  const most = Math.ceil((desired * percent("maxHealthyPercentage", 100)) / 100);
  const warmUp = percent("instanceWarmup", 0) * 1000;
  const there = running(scope, owner);
  const leaving = scope.where("interface", { owner }).length - there.length;
  const isNew = (one: Values): boolean => Number(one["_refresh"] ?? 0) >= Number(state["_refreshes"] ?? 0);
  const since = (id: string): number | undefined => inService(instanceIdOf(id, owner));
  const old = there.filter((one) => !isNew(one.state));
  const fresh = there.filter((one) => isNew(one.state));
  const warm = fresh.filter(({ id }) => (since(id) ?? now) + warmUp <= now && since(id) !== undefined);
  if (warm.length < fresh.length || leaving > 0) return { does: "wait" };
  if (there.length < most && fresh.length < desired) return { does: "start", instances: 1 };
  if (old.length === 0) return { does: "finish" };
  const healthy = warm.length + old.filter(({ id }) => since(id) !== undefined).length;
  // An old one that is not in service goes first: it costs nothing.
  const [next] = [...old].sort((a, b) => Number(since(a.id) ?? 0) - Number(since(b.id) ?? 0));
  const ready = since(next.id) === undefined || healthy - 1 >= least;
  return ready ? { does: "end", interfaceId: next.id } : { does: "wait" };
}
