/** `docs/plan.svg`, the picture of README: that of the plan page of `prod`. `UPDATE_DOCS=1` writes it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readCluster } from "../../../model/settings/parse";
import { picture } from "../../../plan/html/picture";
import { STYLE } from "../../../plan/html/style";

const ROOT = path.resolve(__dirname, "../../..");
const FILE = path.join(ROOT, "docs/plan.svg");
/** The lines of the page's style that a drawing needs by itself. */
const DRAWN = /^(:root|@media \(prefers-color-scheme|  --|svg |\.control-plane|\.services)/;

it("docs/plan.svg is the picture of the plan page", () => {
  const { config } = parse(fs.readFileSync(path.join(ROOT, "Pulumi.prod.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const settings = readCluster(config["kubeadm:cluster"], {
    environment: "prod",
    region: config["aws:region"] as string,
  });
  const drawing = /<svg[\s\S]*?<\/svg>/.exec(picture(settings).text)?.[0] ?? "";
  const style = STYLE.split("\n").filter((line) => DRAWN.test(line));
  const expected = drawing.replace(
    /<svg([\s\S]*?)>/,
    `<svg xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif"$1>\n<style>\n${style.join("\n")}\n</style>`,
  );
  if (process.env["UPDATE_DOCS"] === "1") fs.writeFileSync(FILE, `${expected}\n`);
  expect(fs.readFileSync(FILE, "utf8")).toBe(`${expected}\n`);
});
