/** `npm run cis`: prints the script that checks one host by the CIS Kubernetes Benchmark. Run the script on the host as root. */
import { cisScript } from "../model/cis/script";

const USAGE = `Usage: npx pulumi-kubeadm cis | ssh HOST sudo -n bash -s
       npm run -s cis | ...    the same, in a clone of the library

Prints the script that checks a host by the CIS Kubernetes Benchmark. It changes nothing, and prints a line for each check.

Exit status of the script: 0 all checks pass or are left for a reason, 1 a check fails.
`;

/** @returns the exit status */
export function main(words: readonly string[]): Promise<number> {
  const help = words.includes("--help") || words.includes("-h");
  if (!help && words.length > 0) {
    process.stderr.write(`error: unknown argument ${words[0] ?? ""}\n\n${USAGE}`);
    return Promise.resolve(2);
  }
  process.stdout.write(help ? USAGE : cisScript());
  return Promise.resolve(0);
}

if (require.main === module) void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
