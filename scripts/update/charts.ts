import { parse } from "yaml";
import { compareVersions } from "../../model/versions";
import { read } from "./checksums";

/** A chart as the library pins it. */
export interface Pinned {
  readonly version: string;
  readonly appVersion: string;
  readonly repository: string;
}

export interface NewChart {
  readonly version: string;
  readonly appVersion: string;
}

interface Index {
  readonly entries?: Readonly<
    Record<string, readonly { readonly version: string; readonly appVersion?: string }[]>
  >;
}

const bare = (version: string): string => version.replace(/^v/, "");

/**
 * The newest release of a chart in its repository's index; undefined when the library pins it. Prereleases are left out.
 * @throws Error when the repository does not have the chart
 */
export async function newChart(name: string, pinned: Pinned): Promise<NewChart | undefined> {
  const address = `${pinned.repository}/index.yaml`;
  const { entries = {} } = parse(await read(address)) as Index;
  const releases = (entries[name] ?? []).filter(({ version }) => /^v?\d+\.\d+\.\d+$/.test(version));
  const [newest] = [...releases].sort((one, other) =>
    compareVersions(bare(other.version), bare(one.version)),
  );
  if (newest === undefined) throw new Error(`${address}: no release of ${name}`);
  if (compareVersions(bare(newest.version), bare(pinned.version)) <= 0) return undefined;
  return { version: newest.version, appVersion: newest.appVersion ?? "" };
}
