import { SPEC_VARIABLE, type StepSpec } from "../host/protocol";
import { configFolder } from "../model/kubeadm";
import { memberFiles } from "../model/membership/files";
import { renderNode } from "../model/node/render";
import type { RenderedFile } from "../model/renderedFile";
import type { Machine } from "../model/settings/resolved";
import { toYaml } from "../model/yaml";
import type { PlannedResource } from "./resources";

/** A file of the plan, its path relative to the plan's folder. */
export interface PlanFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/**
 * What hosts and cluster get, rendered from what the resources carry: the host program renders the same from the same.
 * Key pairs and encryption keys are not among it; they go by standard input.
 */
export function planFiles(cluster: string, resources: readonly PlannedResource[]): PlanFile[] {
  return [...nodeFiles(resources), ...manifestFiles(cluster, resources)];
}

function nodeFiles(resources: readonly PlannedResource[]): PlanFile[] {
  return resources.flatMap((resource) => {
    const spec = specOf(resource);
    if (spec === undefined || !("machine" in spec)) return [];
    const machine = spec.settings.machines.find((one) => one.name === spec.machine);
    if (machine === undefined) return [];
    return spec.step === "setup"
      ? setupFiles(spec.settings, machine)
      : membershipFiles(spec.settings, machine);
  });
}

/** What the host program is told to do, where the resource is one of its steps. */
export function specOf(resource: PlannedResource): StepSpec | undefined {
  const environment = resource.inputs.environment as Record<string, unknown> | undefined;
  const text = environment?.[SPEC_VARIABLE];
  return typeof text === "string" ? (JSON.parse(text) as StepSpec) : undefined;
}

function setupFiles(settings: StepSpec["settings"], machine: Machine): PlanFile[] {
  const rendered = renderNode(settings, machine);
  const folder = `nodes/${machine.name}`;
  return [
    { path: `${folder}/setup.sh`, content: rendered.setupScript, executable: true },
    { path: `${folder}/cleanup.sh`, content: rendered.cleanupScript, executable: true },
    { path: `${folder}/preflight.sh`, content: rendered.preflightScript, executable: true },
    ...rendered.files.map((file) => hostFile(folder, file)),
  ];
}

function membershipFiles(settings: StepSpec["settings"], machine: Machine): PlanFile[] {
  return memberFiles(settings, machine).map((file) => hostFile(`nodes/${machine.name}`, file));
}

/** kubeadm's documents in a folder of their own, everything else by its path on the host. */
function hostFile(folder: string, file: RenderedFile): PlanFile {
  const inside = file.path.startsWith(`${configFolder}/`)
    ? `kubeadm/${file.path.slice(configFolder.length + 1)}`
    : `files${file.path}`;
  const executable = (Number.parseInt(file.mode, 8) & 0o111) !== 0;
  return { path: `${folder}/${inside}`, content: file.content, ...(executable ? { executable } : {}) };
}

/** One file per add-on, its objects in the order they are made. */
function manifestFiles(cluster: string, resources: readonly PlannedResource[]): PlanFile[] {
  const addons = resources.filter((one) => /^kubeadm:(cni|addons|tenants|own):/.test(one.type));
  return addons.flatMap((addon) => {
    const objects = resources.filter(
      (one) => one.parent === addon.name && one.type.startsWith("kubernetes:") && "kind" in one.inputs,
    );
    if (objects.length === 0) return [];
    const name = addon.name.startsWith(`${cluster}-`) ? addon.name.slice(cluster.length + 1) : addon.name;
    return [
      { path: `manifests/${name}.yaml`, content: toYaml(...objects.map((one) => withoutAdvice(one.inputs))) },
    ];
  });
}

/** Annotations that tell the Pulumi provider how to go about it say nothing to kubectl. */
function withoutAdvice(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { annotations, ...metadata } = object.metadata as { annotations?: Record<string, string> };
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !key.startsWith("pulumi.com/"));
  return {
    ...object,
    metadata: { ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}), ...metadata },
  };
}
