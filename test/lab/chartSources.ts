/** Charts for labs, as folders: nothing is fetched from outside. */
import * as fs from "node:fs";
import * as path from "node:path";
import { moduleFolder } from "../support/goBuild";
import { buildVersion } from "../support/toolchain";

/** The stand-in for Traefik's chart, with the CRDs of Traefik's own, in this folder. */
export async function traefikChart(folder: string): Promise<string> {
  const source = await moduleFolder("github.com/traefik/traefik/v3", `v${buildVersion("traefik")}`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.cpSync(path.join(__dirname, "charts", "traefik"), folder, { recursive: true });
  fs.mkdirSync(path.join(folder, "crds"));
  const definitions = "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml";
  fs.writeFileSync(
    path.join(folder, "crds", "traefik.yaml"),
    fs.readFileSync(path.join(source, definitions)),
  );
  return folder;
}
