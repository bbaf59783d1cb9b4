/** The generated tables of docs/aws.md; `UPDATE_DOCS=1` writes them anew. */
import * as fs from "node:fs";
import * as path from "node:path";
import { it } from "vitest";
import { parse } from "yaml";
import { costTable, rolesTable, rulesTable } from "../../../model/aws/describe";
import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { expectTables } from "../../support/written";

const ROOT = path.resolve(__dirname, "../../..");

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
  await expectTables("docs/aws.md", {
    rules: rulesTable({ dev, prod }),
    roles: rolesTable(prod),
    cost: costTable({ dev, prod }),
  });
});
