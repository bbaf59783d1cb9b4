/**
 * `npm run update -- checksums|charts|instances [--write]`: what upstream has that the library does not know yet.
 *
 * - `checksums` reads upstream's checksum files; `--write` puts new rows into `model/checksums.ts`.
 * - `charts` names newer releases of pinned charts. Their values may have changed, so that a person pins them.
 * - `instances` compares the installed `@pulumi/aws` with `model/aws/instanceFamilies.ts`: update the package first.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { InstanceType } from "@pulumi/aws/types/enums/ec2";
import { CHARTS } from "../../model/charts";
import { CHECKSUMS } from "../../model/checksums";
import { newChart } from "./charts";
import { checksumsOf, newVersions, SERVERS, withRows, type Table } from "./checksums";
import { missingTypes } from "./instances";

const CHECKSUMS_FILE = path.resolve(__dirname, "../../model/checksums.ts");

async function checksums(write: boolean): Promise<void> {
  for (const [name, known] of Object.entries(CHECKSUMS)) {
    const versions = await newVersions(name, Object.keys(known), SERVERS);
    const rows: Record<string, Table[string]> = {};
    for (const version of versions) {
      rows[version] = await checksumsOf(name, version, SERVERS);
      console.log(`${name} ${version}: amd64 ${rows[version].amd64}, arm64 ${rows[version].arm64}`);
    }
    if (write && versions.length > 0)
      fs.writeFileSync(CHECKSUMS_FILE, withRows(fs.readFileSync(CHECKSUMS_FILE, "utf8"), name, rows));
  }
}

async function charts(): Promise<void> {
  for (const [name, pinned] of Object.entries(CHARTS)) {
    const found = await newChart(name, pinned);
    if (found !== undefined)
      console.log(
        `${name}: ${pinned.version} -> ${found.version} (${pinned.appVersion} -> ${found.appVersion})`,
      );
  }
}

async function main([what, ...options]: readonly string[]): Promise<void> {
  if (what === "checksums") return checksums(options.includes("--write"));
  if (what === "charts") return charts();
  if (what === "instances")
    return missingTypes(Object.values(InstanceType)).forEach((line) => console.log(line));
  console.error("Usage: npm run update -- checksums|charts|instances [--write]");
  process.exitCode = 2;
}

void main(process.argv.slice(2));
