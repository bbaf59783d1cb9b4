import { SPEC_VARIABLE, type StepSpec } from "../host/protocol";
import { configFolder } from "../model/kubeadm";
import { filesOfNode } from "../model/lifecycle/files";
import type { NodeSpec } from "../model/lifecycle/spec";
import { preflightScript, renderNode } from "../model/node/render";
import type { NodeSetupSpec, PreflightCheckSpec } from "../model/node/spec";
import type { RenderedFile } from "../model/renderedFile";
import { toYaml } from "../model/yaml";
import { planFile, type PlanFile } from "./planFile";
import type { PlannedResource } from "./resources";
import { userDataFiles } from "./userData";

/**
 * What hosts and cluster get, rendered from what the resources carry: the host program renders the same from the same.
 * Key pairs and encryption keys are not among it; they go by standard input.
 */
export function planFiles(cluster: string, resources: readonly PlannedResource[]): PlanFile[] {
  return [...nodeFiles(resources), ...userDataFiles(resources), ...manifestFiles(cluster, resources)];
}

function nodeFiles(resources: readonly PlannedResource[]): PlanFile[] {
  const specs = resources.map(specOf).filter((spec) => spec !== undefined);
  const look = specs.find((spec) => spec.step === "preflight")?.node;
  return specs.flatMap((spec) => {
    if (spec.step !== "setup" && spec.step !== "node") return [];
    if (spec.step === "setup") return setupFiles(spec.node, look);
    return [
      ...(spec.setup === undefined ? [] : setupFiles(spec.setup.node, look)),
      ...nodeStepFiles(spec.node),
    ];
  });
}

/** What the host program is told to do, where the resource is one of its steps. */
function specOf(resource: PlannedResource): StepSpec | undefined {
  const environment = resource.inputs.environment as Record<string, unknown> | undefined;
  const text = environment?.[SPEC_VARIABLE];
  return typeof text === "string" ? (JSON.parse(text) as StepSpec) : undefined;
}

/** @param look what all machines are looked at for; undefined: nobody looks at them before setup */
function setupFiles(spec: NodeSetupSpec, look: PreflightCheckSpec = spec): PlanFile[] {
  const rendered = renderNode(spec);
  const preflight = preflightScript(look, { ...spec.machine, apiProxyPort: spec.apiProxy?.port });
  const folder = `nodes/${spec.machine.name}`;
  return [
    { path: `${folder}/setup.sh`, content: rendered.setupScript, executable: true },
    { path: `${folder}/cleanup.sh`, content: rendered.cleanupScript, executable: true },
    { path: `${folder}/preflight.sh`, content: preflight, executable: true },
    ...rendered.files.map((file) => hostFile(folder, file)),
  ];
}

function nodeStepFiles(spec: NodeSpec): PlanFile[] {
  return filesOfNode(spec).map((file) => hostFile(`nodes/${spec.machine.name}`, file));
}

/** kubeadm's documents in a folder of their own, everything else by its path on the host. */
function hostFile(folder: string, file: RenderedFile): PlanFile {
  const inside = file.path.startsWith(`${configFolder}/`)
    ? `kubeadm/${file.path.slice(configFolder.length + 1)}`
    : `files${file.path}`;
  return planFile(`${folder}/${inside}`, file);
}

const RELEASE = "kubernetes:helm.sh/v3:Release";

/** One file per add-on, its objects in the order they are made; of a Helm release, what Helm is told. */
function manifestFiles(cluster: string, resources: readonly PlannedResource[]): PlanFile[] {
  const addons = resources.filter((one) => /^kubeadm:(index|aws):(?!Cluster$)/.test(one.type));
  return addons.flatMap((addon) => {
    const documents = resources
      .filter((one) => one.parent === addon.name && one.type.startsWith("kubernetes:"))
      .flatMap((one) => {
        if (one.type === RELEASE) return [releaseOf(one.inputs)];
        return "kind" in one.inputs ? [withoutAdvice(one.inputs)] : [];
      });
    if (documents.length === 0) return [];
    const name = addon.name.startsWith(`${cluster}-`) ? addon.name.slice(cluster.length + 1) : addon.name;
    return [{ path: `manifests/${name}.yaml`, content: toYaml(...documents) }];
  });
}

/** What a chart is made of only the cluster shows: its version, its source and its values are the plan's part. */
function releaseOf(inputs: PlannedResource["inputs"]): Record<string, unknown> {
  const { name, namespace, createNamespace, chart, version, repositoryOpts, values } = inputs;
  const repository = (repositoryOpts as { repo?: string } | undefined)?.repo;
  return {
    helmRelease: name,
    namespace,
    ...(createNamespace === true ? { createNamespace } : {}),
    chart,
    ...(version === undefined ? {} : { version }),
    ...(repository === undefined ? {} : { repository }),
    values: values ?? {},
  };
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
