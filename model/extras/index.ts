import { hosts, resources } from "../settings/effect";
import { adviseExtras } from "./advise";
import type { ExtrasInput } from "./settings";
import { resolveExtras } from "./resolve";
import { extrasShape } from "./schema";
import { validateExtras } from "./validate";

/** Your own manifests, charts and static pods: everything that the settings know about them. */
export const extras = {
  shape: extrasShape,
  effects: [
    resources(["manifests[].**", "charts.**"], "the objects and releases; removed ones are deleted"),
    hosts(["staticPods.**"], ["node everywhere"], "the kubelet restarts the pod on its machines"),
  ],
  resolve: resolveExtras,
  validate: validateExtras,
  advise: adviseExtras,
  secrets: ({ charts }: ExtrasInput) =>
    Object.entries(charts ?? {}).flatMap(([chart, { secretValues = {} }]) =>
      Object.entries(secretValues).map(([value, name]) => ({
        path: ["charts", chart, "secretValues", value],
        name,
      })),
    ),
};
