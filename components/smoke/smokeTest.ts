import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { parseArguments } from "../../model/settings/alone";
import { SMOKE_DEFAULTS, SMOKE_STEPS, type SmokeOptions } from "../../model/smoke/options";
import { partOf, type Samples } from "../part";

/** Environment variable with the options in JSON; free of secrets. */
export const SMOKE_VARIABLE = "KUBEADM_SMOKE";

/** Arguments of `SmokeTest`. */
export interface SmokeTestArgs {
  /**
   * A kubeconfig with permission to create namespaces, run commands in etcd's pod and read nodes, such as
   * `cluster.kubeconfig`.
   */
  readonly kubeconfig: pulumi.Input<string>;
  /**
   * What to test with. A change runs the test again.
   *
   * @defaultValue `SMOKE_DEFAULTS`
   */
  readonly options?: Partial<SmokeOptions>;
  /**
   * Values that run the test again when they change, such as the cluster's version.
   *
   * @defaultValue none
   */
  readonly triggers?: readonly pulumi.Input<string>[];
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  kubeconfig: z.string(),
  options: z
    .strictObject({
      image: z.string().min(1),
      server: z.string().min(1),
      port: count.max(65535),
      path: z.string(),
      replicas: count,
      timeout: count,
      nodePort: z.boolean(),
      skip: z.array(z.enum(SMOKE_STEPS)),
    })
    .partial()
    .optional(),
  triggers: z.array(z.string()).optional(),
});
const SAMPLES: Samples = { kubeconfig: () => "", triggers: () => [], "triggers.*": () => "" };

/**
 * Uses the cluster as people do, during `up`: a Secret encrypted in etcd, a Deployment, logs, exec, port-forward, a
 * Service and DNS. It deletes what it created. If a step fails, `up` fails. Make it depend on the cluster. It runs on
 * the machine that runs Pulumi, which must reach the API. A preview runs nothing.
 *
 * ```ts
 * new SmokeTest("smoke", { kubeconfig: cluster.kubeconfig }, { dependsOn: [cluster] });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class SmokeTest extends pulumi.ComponentResource {
  /** One line of JSON for each step. */
  readonly results: pulumi.Output<string>;

  constructor(name: string, args: SmokeTestArgs, opts?: pulumi.ComponentResourceOptions) {
    partOf("SmokeTest", name, args, SAMPLES, (given, title) => parseArguments(title, given, schema));
    super("kubeadm:index:SmokeTest", name, {}, opts);
    const options: SmokeOptions = { ...SMOKE_DEFAULTS, ...args.options };
    const run = new command.local.Command(
      `${name}-run`,
      {
        interpreter: ["node", "-e"],
        create: 'require("pulumi-kubeadm/smoke").step()',
        environment: { [SMOKE_VARIABLE]: JSON.stringify(options) },
        // Credentials go by standard input alone: neither a command line nor the environment shows them.
        stdin: pulumi.secret(args.kubeconfig),
        triggers: [...(args.triggers ?? [])],
      },
      { parent: this },
    );
    this.results = run.stdout;
    this.registerOutputs({ results: this.results });
  }
}
