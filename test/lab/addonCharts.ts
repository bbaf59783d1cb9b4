/** Charts of add-ons for a lab: MetalLB's from its Go module, and the stand-in for Traefik's. */
import * as path from "node:path";
import { moduleFolder } from "../support/goBuild";
import { buildVersion } from "../support/toolchain";
import { traefikChart } from "./chartSources";
import type { LabCluster } from "./cluster";
import type { Settings } from "./environment";
import { webImage } from "./images";
import { addonRegistries, registryUrl } from "./registry";

/** The settings with the registries of add-ons and the folders of their charts. */
export async function withAddonSources(cluster: LabCluster): Promise<Settings> {
  const { images, helm } = cluster.settings;
  const mirrors = Object.fromEntries(addonRegistries.map((registry) => [registry, [registryUrl]]));
  const metallb = await moduleFolder("go.universe.tf/metallb", `v${buildVersion("metallb")}`);
  const traefik = await traefikChart(cluster.lab.folder("charts", "traefik"));
  return {
    ...cluster.settings,
    images: { ...images, mirrors: { ...images?.mirrors, ...mirrors } },
    helm: { ...helm, sources: { metallb: path.join(metallb, "charts", "metallb"), traefik } },
  };
}

/** MetalLB and Traefik behind an address of its. */
export function balancedIngress(address: string): Pick<Settings, "metallb" | "ingress"> {
  return {
    metallb: { pools: { lan: { addresses: [`${address}-10.40.0.250`] } } },
    ingress: {
      kind: "traefik",
      image: `docker.io/library/traefik:v${buildVersion("traefik")}`,
      expose: { type: "loadBalancer", address },
      defaultBackend: { image: webImage, port: 8080 },
    },
  };
}
