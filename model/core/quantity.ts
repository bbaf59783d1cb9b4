/** Kubernetes' suffixes (apimachinery, pkg/api/resource/quantity.go) as factors of a billionth. */
const FACTORS: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 10n ** 3n,
  m: 10n ** 6n,
  "": 10n ** 9n,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  P: 10n ** 24n,
  E: 10n ** 27n,
  Ki: (10n ** 9n) << 10n,
  Mi: (10n ** 9n) << 20n,
  Gi: (10n ** 9n) << 30n,
  Ti: (10n ** 9n) << 40n,
  Pi: (10n ** 9n) << 50n,
  Ei: (10n ** 9n) << 60n,
};
/** The last power of ten that a quantity can hold: it ends at 2^63 - 1. */
const MOST_DIGITS = 18;

/** A quantity in billionths, rounded up as Kubernetes does; undefined when it is none. Negative ones are none here. */
export function billionths(text: string): bigint | undefined {
  const match = /^(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,3})|([a-zA-Z]*))$/.exec(text);
  const [, number = "", power = "0", suffix = ""] = match ?? [];
  const factor = FACTORS[suffix];
  const exponent = Number(power);
  if (match === null || factor === undefined || Math.abs(exponent) > MOST_DIGITS) return undefined;
  const [whole = "", fraction = ""] = number.split(".");
  const scaled = BigInt(whole + fraction) * factor * 10n ** BigInt(Math.max(exponent, 0));
  const divisor = 10n ** BigInt(fraction.length + Math.max(-exponent, 0));
  return (scaled + divisor - 1n) / divisor;
}

/**
 * Negative, zero or positive as `left` is less than, equal to or more than `right`; undefined when one is not a quantity.
 */
export function compareQuantities(left: string, right: string): number | undefined {
  const [a, b] = [billionths(left), billionths(right)];
  if (a === undefined || b === undefined) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}
