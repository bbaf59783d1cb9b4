import { isToken } from "../core/tokens";
import { formatAddress, parseAddress } from "../network/addresses";

/**
 * IPv4 addresses sorted and in few bytes each: by network of 256, as `10.40.0.11-13,21`. A host's specification has those of all
 * machines. What stands for an address that is not known yet stays as it is, at the end.
 */
export function shortAddresses(addresses: readonly string[]): string[] {
  const unknown = addresses.filter(isToken);
  const numbers = addresses
    .filter((address) => !isToken(address))
    .map((address) => {
      const number = parseAddress(address);
      if (number === undefined) throw new RangeError(`${address} is not an IPv4 address`);
      return number;
    });
  const sorted = [...new Set(numbers)].sort((one, other) => one - other);
  const networks = new Map<number, [from: number, to: number][]>();
  for (const number of sorted) {
    const [network, host] = [Math.floor(number / 256), number % 256];
    const runs = networks.get(network) ?? [];
    const last = runs.at(-1);
    if (last?.[1] === host - 1) last[1] = host;
    else runs.push([host, host]);
    networks.set(network, runs);
  }
  const short = [...networks].map(([network, runs]) => {
    const hosts = runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
    return `${formatAddress(network * 256).replace(/\d+$/, "")}${hosts}`;
  });
  return [...short, ...unknown];
}

/** The addresses that `shortAddresses` made short, sorted. */
export function longAddresses(short: readonly string[]): string[] {
  return short.flatMap((line) => {
    if (isToken(line)) return [line];
    const at = line.lastIndexOf(".") + 1;
    return line
      .slice(at)
      .split(",")
      .flatMap((run) => {
        const [from = "", to = from] = run.split("-");
        return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) =>
          line.slice(0, at).concat(String(Number(from) + index)),
        );
      });
  });
}
