/** The generated tables of docs/aws.md; `UPDATE_DOCS=1` writes them anew. */
import * as fs from "node:fs";
import * as path from "node:path";
import { it } from "vitest";
import { parse } from "yaml";
import { costTable, rolesTable, rulesTable } from "../../../model/aws/describe";
import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { formatted, read, write } from "../../../scripts/settings/content";
import { expectWritten } from "../../support/written";

const ROOT = path.resolve(__dirname, "../../..");
const FILE = "docs/aws.md";

function settingsOf(environment: string): ClusterSettings {
  const text = fs.readFileSync(path.join(ROOT, `Pulumi.${environment}.yaml`), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  return readCluster(config["kubeadm:cluster"], {
    environment,
    region: config["aws:region"] as string,
  });
}

it("docs/aws.md has the rules, the roles and the cost of the model", async () => {
  const [dev, prod] = [settingsOf("dev"), settingsOf("prod")];
  const tables: Record<string, string> = {
    rules: rulesTable({ dev, prod }),
    roles: rolesTable(prod),
    cost: costTable({ dev, prod }),
  };
  const text = read(FILE);
  const filled = Object.entries(tables).reduce((all, [name, table]) => {
    const start = all.indexOf(`<!-- ${name} -->`);
    const end = all.indexOf(`<!-- end of ${name} -->`);
    if (start < 0 || end < start) throw new Error(`docs/aws.md has no place for ${name}`);
    return `${all.slice(0, start)}<!-- ${name} -->\n\n${table}\n\n${all.slice(end)}`;
  }, text);
  if (process.env.UPDATE_DOCS === "1") write(FILE, await formatted(FILE, filled));
  await expectWritten(FILE, filled);
});
