import { sourceOf, type StateSource } from "../doctor/source";
import { parseSnapshotName } from "../model/etcd/backup/names";
import { parseWords, UsageError } from "../model/commandLine";

/** Which snapshot is rehearsed: the newest at the target, one of its names, or a file that somebody fetched as it is. */
export type Wanted =
  | { readonly kind: "newest" }
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "file"; readonly file: string };

export interface Arguments {
  readonly source: StateSource;
  readonly wanted: Wanted;
  /** Folder with etcd, etcdutl and kube-apiserver; undefined: they are downloaded once. */
  readonly bin?: string;
  readonly json: boolean;
}

export const USAGE = `Usage: npx pulumi-kubeadm rehearse <environment> [options]
       npm run rehearse -- <environment> ...    the same, in a clone of the library

Restores a snapshot of etcd into a separate etcd and API server on this machine, reads every object, and decrypts every
Secret. It listens on loopback alone, removes everything it made, and changes nothing in the cluster or on its hosts.

  <environment>        the stack: its state, with the keys in it, is asked of Pulumi
  --state FILE         what pulumi stack export --show-secrets printed; - reads standard input
  --snapshot NAME      this snapshot instead of the newest
  --file FILE          a snapshot that was copied from the target, still encrypted, under its own name
  --bin DIR            etcd, etcdutl and kube-apiserver of the snapshot's versions; otherwise they are downloaded once
  --json               prints the result as JSON
  --help               print this

Exit status: 0 the snapshot can be restored, 1 it can, with the problems named, 2 it cannot, or wrong usage.
`;

/** @throws UsageError; undefined when help is asked for */
export function parseArguments(words: readonly string[]): Arguments | undefined {
  const { values, positionals } = parseWords(words, {
    state: { type: "string" },
    snapshot: { type: "string" },
    file: { type: "string" },
    bin: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return undefined;
  const source = sourceOf(positionals, values.state);
  if (values.snapshot !== undefined && values.file !== undefined)
    throw new UsageError("--snapshot or --file, not both");
  if (values.snapshot !== undefined && parseSnapshotName(values.snapshot) === undefined)
    throw new UsageError(
      `--snapshot ${values.snapshot} is not the name of a snapshot, such as etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k1.36.4.snapshot`,
    );
  return {
    source,
    wanted:
      values.snapshot !== undefined
        ? { kind: "named", name: values.snapshot }
        : values.file !== undefined
          ? { kind: "file", file: values.file }
          : { kind: "newest" },
    ...(values.bin === undefined ? {} : { bin: values.bin }),
    json: values.json ?? false,
  };
}
