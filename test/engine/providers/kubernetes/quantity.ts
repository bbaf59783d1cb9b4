/** Amounts such as "500m" or "1Gi" compared by value (k8s.io/apimachinery/pkg/api/resource/quantity.go). */
import type { Value } from "../shared/values";

/** Fields whose members are quantities, by the name of the field that holds them. */
const holders = new Set([
  "limits", // containers' resources, pods
  "requests",
  "hard", // ResourceQuota
  "default", // LimitRange
  "defaultRequest",
  "max",
  "min",
  "maxLimitRequestRatio",
  "capacity", // PersistentVolume, Node
  "allocatable",
  "overhead",
]);
const fields = new Set(["sizeLimit", "divisor"]);

const factors: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 10n ** 9n],
  u: [1n, 10n ** 6n],
  m: [1n, 1000n],
  "": [1n, 1n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
};

export function isQuantityField(path: readonly string[]): boolean {
  return fields.has(path.at(-1) ?? "") || holders.has(path.at(-2) ?? "");
}

export function sameQuantity(a: Value, b: Value): boolean {
  const [first, second] = [nanos(a), nanos(b)];
  return first !== undefined && first === second;
}

/** Amount in units of 1e-9, the finest that Kubernetes keeps; what is finer is rounded up, as there. */
function nanos(value: Value): bigint | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/.exec(
    String(value),
  );
  if (!match || (match[2] === "" && !match[3])) return undefined;
  const [, sign, whole = "", fraction = "", exponent, suffix = ""] = match;
  const [up, down] = factors[suffix];
  const power = BigInt(exponent ? Number(exponent.slice(1)) : 0);
  const scaled = BigInt(whole + fraction) * up * 10n ** 9n * (power > 0n ? 10n ** power : 1n);
  const divisor = down * 10n ** BigInt(fraction.length) * (power < 0n ? 10n ** -power : 1n);
  const amount = (scaled + divisor - 1n) / divisor;
  return sign === "-" ? -amount : amount;
}
