import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ADDON_KEYS } from "../../../model/addons";

const ROOT = join(__dirname, "../../..");

/** Where an add-on may be named: its folder, the registry and its types, what people write, and its component. */
const ITS_OWN = /^(model\/addons\/|model\/settings\/(input|renamed|elsewhere)\b|components\/addons\/)/;

/** Other files that name one, and why. */
const OTHERS: Readonly<Record<string, string>> = {
  "model/tenants/network.ts": "tenants open to the ingress controller",
  "model/tenants/alone.ts": "tenants open to the ingress controller",
  "model/tenants/validateNetwork.ts": "tenants open to the ingress controller",
  "model/tenants/resolve.ts": "a network policy's `ingress` is another thing",
  "model/aws/loadBalancers/validate.ts":
    "AWS Load Balancer Controller may be the default of Ingresses as well",
  "plan/html/parts.ts": "a network policy's `ingress` is another thing",
  "plan/html/aws.ts": "a security group's `ingress` is another thing",
};

/** Keys of add-ons that the code of a file names: as identifiers and as words by themselves, in no comment and no sentence. */
function namedIn(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const keys = ADDON_KEYS.filter((key) => text.includes(key));
  if (keys.length === 0) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) found.add(node.name.text);
    if (ts.isBindingElement(node)) found.add((node.propertyName ?? node.name).getText(source));
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const [, part] = /\/addons\/([^/]+)\//.exec(node.moduleSpecifier.text) ?? [];
      if (part !== undefined) found.add(part);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return keys.filter((key) => found.has(key));
}

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`);
}

describe("an add-on", () => {
  const naming = ["model", "components", "host", "plan", "policy"]
    .flatMap(filesOf)
    .filter((file) => !ITS_OWN.test(file))
    .map((file) => ({ file, keys: namedIn(file) }));

  it("is found where it is named", () => {
    expect(namedIn("components/addons/index.ts")).toEqual(expect.arrayContaining(["metallb", "ingress"]));
    expect(namedIn("model/tenants/network.ts")).toEqual(["ingress"]);
  });

  it.each(ADDON_KEYS)("%s is named by no file but its own", (key) => {
    const others = naming.filter(({ file, keys }) => keys.includes(key) && OTHERS[file] === undefined);
    expect(others.map(({ file }) => file)).toEqual([]);
  });
});
