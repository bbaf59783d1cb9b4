/**
 * Stand-in for the provider plugin of @pulumi/kubernetes 4.34, for tests where the official one is not installed. It talks
 * to a real API server. Rules are those of github.com/pulumi/pulumi-kubernetes, named in each file by the original's file
 * below `provider/pkg`.
 *
 * Left out:
 * - What release.ts says of helm.sh/v3 Release. The component resources that the original serves: helm.sh/v4 Chart,
 *   yaml/v2 ConfigFile and ConfigGroup, kustomize/v2 Directory; the functions behind helm.sh/v3 Chart, yaml and kustomize;
 *   List, Call, schemas.
 * - Client-side apply (enableServerSideApply: false), renderYamlToDirectory, strictMode, kubeClientSettings; `exec` and
 *   `auth-provider` in a kubeconfig. All but strictMode and kubeClientSettings are refused, these two are disregarded.
 * - Checks of inputs against the OpenAPI document, whose findings the original mostly drops; warnings about deprecated and
 *   removed API versions and about helm hooks.
 * - Waits for Job, PersistentVolume, PersistentVolumeClaim and ReplicationController, and for the claims of a Deployment;
 *   `jsonpath=` in pulumi.com/waitFor (refused); pulumi.com/replaceUnready. Waits for a CRD to be established are none of
 *   the original's either: the creation of a custom resource is tried again until its kind is there.
 * - The engine's seed for names and its settings of automatic names: names are random.
 * - Normalization by Go types, see inputs.ts.
 */
import { sdkVersion } from "../shared/launch";
import { serve } from "../shared/serve";
import { KubernetesStandIn } from "./provider";

void serve((engine) => new KubernetesStandIn(engine, sdkVersion("kubernetes")));

// An engine that is killed cannot end its providers.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 2_000).unref();
