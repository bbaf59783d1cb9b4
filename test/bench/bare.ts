/**
 * The least program that makes the resources of a plan: the SDK and its packages under Pulumi's own mocks, no line of the
 * library. Reads the plan.json that its argument names.
 */
import * as fs from "node:fs";
import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { PlanDocument } from "../../plan/document";
import type { PlannedResource } from "../../plan/resources";

type Constructor = new (
  name: string,
  inputs: never,
  options: pulumi.CustomResourceOptions,
) => pulumi.Resource;

const CLASSES: Readonly<Record<string, unknown>> = {
  "tls:index/privateKey:PrivateKey": tls.PrivateKey,
  "tls:index/selfSignedCert:SelfSignedCert": tls.SelfSignedCert,
  "tls:index/certRequest:CertRequest": tls.CertRequest,
  "tls:index/locallySignedCert:LocallySignedCert": tls.LocallySignedCert,
  "command:local:Command": command.local.Command,
  "pulumi:providers:kubernetes": k8s.Provider,
};

/** `kubernetes:apps/v1:DaemonSet` is `k8s.apps.v1.DaemonSet`; a kind of somebody's own is a custom resource. */
function kubernetesClass(type: string): unknown {
  const [, group = "", kind = ""] = type.split(":");
  const [name = "", version = ""] = group.split("/");
  const groups = k8s as unknown as Record<string, Record<string, Record<string, unknown>> | undefined>;
  return groups[name.split(".")[0] ?? ""]?.[version]?.[kind] ?? k8s.apiextensions.CustomResource;
}

class Component extends pulumi.ComponentResource {
  constructor(type: string, name: string, options: pulumi.ComponentResourceOptions) {
    super(type, name, {}, options);
    this.registerOutputs({});
  }
}

function make(planned: PlannedResource, made: ReadonlyMap<string, pulumi.Resource>): pulumi.Resource {
  const { type, name, inputs, parent, dependsOn } = planned;
  const others = dependsOn.map((other) => made.get(other)).filter((other) => other !== undefined);
  const options = { parent: parent === null ? undefined : made.get(parent), dependsOn: others };
  if (type.startsWith("kubeadm:")) return new Component(type, name, options);
  const constructor = CLASSES[type] ?? kubernetesClass(type);
  const { provider } = planned.options;
  const own =
    provider === undefined ? undefined : (made.get(provider) as pulumi.ProviderResource | undefined);
  return new (constructor as Constructor)(name, inputs as never, { ...options, provider: own });
}

async function main(file: string): Promise<void> {
  const plan = JSON.parse(fs.readFileSync(file, "utf8")) as PlanDocument;
  let count = 0;
  await pulumi.runtime.setMocks(
    {
      newResource: ({ custom, inputs }) => {
        count += 1;
        return { id: custom === false ? "" : undefined, state: inputs as Record<string, unknown> };
      },
      call: () => ({}),
    },
    "pulumi-kubeadm",
    plan.environment,
    true,
  );
  const made = new Map<string, pulumi.Resource>();
  for (const planned of plan.resources) made.set(planned.name, make(planned, made));
  await pulumi.runtime.disconnect();
  if (count !== plan.counts.total)
    throw new Error(`${count} resources were made, the plan has ${plan.counts.total}`);
}

void main(process.argv[2]);
