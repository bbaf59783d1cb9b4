import type { Switched } from "../../core/enabled";
import { resources } from "../../settings/effect";
import type { AddonDomain } from "../domain";
import { gatewayApiSchema } from "./schema";
import { resolveGatewayApi, type GatewayApiInput, type GatewayApiSettings } from "./settings";

const GROUP = "gateway.networking.k8s.io";

export const gatewayApi = {
  schema: gatewayApiSchema,
  parts: { "": { charts: {}, crdGroups: [GROUP] } },
  effects: [resources(["gatewayApi.**"], "its definitions; they stay when you remove the setting")],
  resolve: resolveGatewayApi,
  advise: (_, __, others) =>
    others.includes(GROUP)
      ? []
      : ["gatewayApi installs its definitions, but nothing in these settings implements them"],
  summary: ({ source }) => ({ name: "Gateway API", addresses: [], about: [`definitions from ${source}`] }),
  files: ({ source }) => [
    {
      path: ["gatewayApi", "source"],
      file: source,
      allowed: "a URL, or the path of a file with the definitions",
    },
  ],
} as const satisfies AddonDomain<GatewayApiInput & Switched, GatewayApiSettings>;
