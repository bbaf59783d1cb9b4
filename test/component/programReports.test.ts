/** What reports say to somebody who has the settings in a program, where no stack file has them. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import "../../aws";
import { IngressRules } from "../../components/addons/ingressRules";
import { Cluster } from "../../components/cluster";
import { Flannel } from "../../components/cni/flannel";
import { Weave } from "../../components/cni/weave";
import { Extras } from "../../components/extras/extras";
import { WorkerPool } from "../../components/machines/workerPool";
import { record } from "../../testing/recorder";
import { smallAws } from "../support/awsInput";
import { metalInput } from "../support/settings";

const settings = metalInput() as { readonly machines: Readonly<Record<string, object>> };
const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n";

function cluster(args: object, name = "shop"): () => Cluster {
  return () => new Cluster(name, args as never);
}

it.each<[string, () => unknown, readonly string[]]>([
  [
    "the component",
    cluster({ settings: { ...settings, cni: "flannel" } }, "blue"),
    ["settings of Cluster blue"],
  ],
  [
    "settings that are missing, as of config.getObject",
    cluster({ settings: undefined }),
    ["settings: is missing", "gives undefined where the stack has no such key"],
  ],
  [
    "settings one level too high",
    cluster({ machines: settings.machines }),
    ["machines: unknown key", "did you mean: settings.machines"],
  ],
  [
    "settings as text, and nothing besides",
    cluster({ settings: JSON.stringify(settings) }),
    ["1 problem", "is text"],
  ],
  [
    "a secret that is not given",
    cluster({ settings, secrets: {} }),
    ['"operator" is not in secrets', "secrets: { operator: config.requireSecret(...) }"],
  ],
  [
    "a secret that is undefined, as of config.getSecret",
    cluster({ settings, secrets: { operator: undefined } }),
    ["1 problem", "secrets.operator: is missing: its value is undefined", "config.getSecret gives undefined"],
  ],
  [
    "a secret that is none",
    cluster({ settings, secrets: { operator: "~/.ssh/id_ed25519" } }),
    ["secrets.operator: [hidden] is used as an SSH key but is not a private key"],
  ],
  [
    "a secret among the settings",
    cluster({ settings: { ...settings, bastion: { host: "192.0.2.1", user: "u", hostKey: "x", key } } }),
    ["put secrets in `secrets`"],
  ],
  [
    "the region, which the program passes on",
    cluster({ settings: smallAws() }),
    ["region: is missing", 'new pulumi.Config("aws").require("region")'],
  ],
  [
    "a resource option of a cluster",
    () => cluster({ settings, provider: new k8s.Provider("own", {}) })(),
    ["provider: a resource option is not an argument", "(name, args, { provider })"],
  ],
  [
    "a resource option of a part",
    () => new Flannel("net", { provider: new k8s.Provider("own", {}) } as never),
    ["provider: a resource option is not an argument", "(name, args, { provider })"],
  ],
  [
    "a resource option of a pool",
    () => new WorkerPool("gpu", { machines: {}, dependsOn: [] } as never),
    ["dependsOn: a resource option is not an argument"],
  ],
  [
    "a resource in place of its output",
    () => new Flannel("net", { podCidr: new k8s.core.v1.ConfigMap("range", {}) } as never),
    ["podCidr: a resource is not a setting", "one of its outputs"],
  ],
  [
    "a resource in place of an address",
    () =>
      cluster({
        settings: {
          machines: { cp1: { ...settings.machines["cp1"], host: new k8s.core.v1.Node("cp1", {}) } },
        },
      })(),
    ["machines.cp1.host: a resource is not a setting"],
  ],
  [
    "what no stack file could have, in a cluster",
    cluster({
      settings: { ...settings, machines: new Map(Object.entries(settings.machines)), protect: () => true },
    }),
    ["machines: a Map is not a setting", "protect: a function is not a setting", "allowed: text, numbers"],
  ],
  [
    "an object inside itself",
    () => {
      const whole: Record<string, unknown> = { ...settings };
      whole["coredns"] = { cache: whole };
      return cluster({ settings: whole })();
    },
    ["1 problem", "coredns.cache: an object contains itself"],
  ],
  [
    "what no stack file could have, in a part",
    () => new Flannel("net", { podCidr: new Date(0), versions: { flannel: Symbol("v0.28.9") } } as never),
    ["podCidr: a Date is not a setting", "versions.flannel: a symbol is not a setting"],
  ],
  [
    "secrets of a part",
    () => new Weave("net", { encryption: { password: "mesh" }, secrets: {} }),
    ['encryption.password: "mesh" is not in secrets', "secrets: { mesh: config.requireSecret(...) }"],
  ],
  [
    "the number of a port in quotes",
    () =>
      new IngressRules("shop", {
        namespace: "shop",
        hosts: { "shop.example.com": { paths: { "/": { service: "web", port: "80" } } } },
      }),
    ["allowed: the port's name, or its number", "did you mean: 80"],
  ],
  [
    "an object of the program by what it is, for want of a file's name",
    () => new Extras("own", { manifests: [{ kind: "Namespace", metadata: { name: "shop" } }] }),
    ['manifests[0]: {"kind":"Namespace","metadata":{"name":"shop"}} has no apiVersion'],
  ],
])("names %s", async (_, program, words) => {
  const failure = await record(program, { preview: true, onWarning: () => undefined, allowEmpty: true }).then(
    () => "nothing was refused",
    (error: unknown) => {
      expect(pulumi.RunError.isInstance(error), String(error)).toBe(true);
      return (error as Error).message;
    },
  );
  for (const text of words) expect(failure).toContain(text);
  expect(failure).not.toMatch(/kubeadm:(cluster|secrets)|settings of stack/);
});
