/** Kubernetes' suffixes (apimachinery, pkg/api/resource/quantity.go) as factors of a thousandth. */
const FACTORS: Readonly<Record<string, bigint>> = {
  m: 1n,
  "": 1000n,
  k: 10n ** 6n,
  M: 10n ** 9n,
  G: 10n ** 12n,
  T: 10n ** 15n,
  P: 10n ** 18n,
  E: 10n ** 21n,
  Ki: 1000n << 10n,
  Mi: 1000n << 20n,
  Gi: 1000n << 30n,
  Ti: 1000n << 40n,
  Pi: 1000n << 50n,
  Ei: 1000n << 60n,
};

/** A quantity in thousandths, rounded up as Kubernetes does; undefined when it is none. */
export function thousandths(text: string): bigint | undefined {
  const match = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)$/.exec(text);
  const [, whole = "", fraction = "", suffix = ""] = match ?? [];
  const factor = FACTORS[suffix];
  if (match === null || factor === undefined) return undefined;
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * factor;
  return (scaled + scale - 1n) / scale;
}

/**
 * Negative, zero or positive as `left` is less than, equal to or more than `right`; undefined when one is not a quantity.
 */
export function compareQuantities(left: string, right: string): number | undefined {
  const [a, b] = [thousandths(left), thousandths(right)];
  if (a === undefined || b === undefined) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}
