/**
 * helm.sh/v3 Release (provider/helm_release.go), by Helm's own command.
 *
 * Left out: dependencyUpdate, keyring and verify, lint, postrender, takeOwnership, valueYamlFiles (all refused); user names
 * and passwords of repositories (refused: they would stand on a command line); the provider's helmReleaseSettings (Helm's
 * environment variables count). An import does not look for the chart in the program's folder or in Helm's repositories.
 */
import { randomBytes } from "node:crypto";
import {
  InitializationFailed,
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  type Engine,
  type ReadRequest,
  type ReadResult,
  type UpdateRequest,
} from "../shared/provider";
import { containsUnknown, plainObject, type Values } from "../shared/values";
import { withSecrets } from "./checkpoint";
import type { Cluster } from "./cluster";
import { chartMetadata, findRelease, helm, withValues, type HelmTarget } from "./helm";
import { parseId, stringAt } from "./objects";
import { messageOf } from "./operations";
import { gone } from "./reading";
import {
  chartArguments,
  previewState,
  refuseLeftOut,
  releaseDiff,
  releaseInputs,
  releaseState,
  storedInputs,
  timeoutOf,
  waitArguments,
} from "./releaseState";

export class Releases {
  constructor(
    private readonly engine: Engine,
    private readonly cluster: Cluster,
  ) {}

  async check(request: CheckRequest): Promise<CheckResult> {
    const { news, olds, name, urn } = request;
    const given = plainObject(news);
    refuseLeftOut(given);
    for (const field of ["username", "password"])
      if (stringAt(given, "repositoryOpts", field) !== "")
        throw new Error(`the stand-in for Release knows no repositoryOpts.${field}`);
    const autoname = `${name}-${randomBytes(4).toString("hex")}`;
    const inputs = releaseInputs(given, plainObject(olds), autoname, this.cluster.defaultNamespace);
    if (given["allowNullValues"] === true)
      await this.engine.log(
        "warning",
        "`allowNullValues` is deprecated and has no effect; null values in Helm chart values are preserved by default.",
        { urn },
      );
    if (!containsUnknown(given)) {
      try {
        const chart = await chartMetadata(inputs, this.cluster.cancel.signal);
        inputs["version"] = stringAt(chart, "version");
      } catch (error) {
        const reason = `${messageOf(error)}; check the chart name and repository configuration.`;
        return { inputs: withSecrets(inputs, news), failures: [{ property: "chart", reason }] };
      }
    }
    return { inputs: withSecrets(inputs, news) };
  }

  diff({ olds, news, ignoreChanges }: DiffRequest): DiffResult {
    return { detailed: releaseDiff(olds, news, ignoreChanges) };
  }

  async create({ properties, preview, urn }: CreateRequest): Promise<{ id: string; properties: Values }> {
    if (preview) return { id: "", properties: previewState(properties) };
    this.assertReachable("create");
    const release = plainObject(properties);
    const name = stringAt(release, "name");
    const namespace = stringAt(release, "namespace");
    const id = `${namespace}/${name}`;
    const flags = [
      ...(release["createNamespace"] === true ? ["--create-namespace"] : []),
      ...(release["disableWebhooks"] === true ? ["--no-hooks"] : []),
      ...(release["replace"] === true ? ["--replace"] : []),
      ...(release["skipCrds"] === true ? ["--skip-crds"] : []),
    ];
    const args = ["install", name, ...chartArguments(release), "--namespace", namespace];
    const taken = (await findRelease(name, namespace, this.target)) !== undefined;
    try {
      await withValues([...args, ...flags, ...waitArguments(release)], release, this.target);
    } catch (error) {
      const found = taken ? undefined : await findRelease(name, namespace, this.target);
      if (found === undefined) throw error;
      await this.engine.log(
        "warning",
        `Helm release "${name}" was created but has a failed status. ` +
          `Use the \`helm\` command to investigate the error, correct it, then retry. Reason: ${messageOf(error)}`,
        { urn },
      );
      throw new InitializationFailed(id, releaseState(properties, found, release["values"]), properties, [
        `Helm release "${id}" was created, but failed to initialize completely. Use Helm CLI to investigate: ` +
          `failed to become available within allocated timeout. Error: Helm Release ${id}: ${messageOf(error)}`,
      ]);
    }
    return { id, properties: await this.stateNow(properties, namespace, name) };
  }

  async update({ olds, news, preview }: UpdateRequest): Promise<Values> {
    if (preview) return previewState(news);
    this.assertReachable("update");
    const release = plainObject(news);
    const name = stringAt(release, "name");
    const namespace = stringAt(plainObject(olds), "namespace");
    const id = `${namespace}/${name}`;
    const flags = [
      ...(release["disableCRDHooks"] === true ? ["--no-hooks"] : []),
      ...(release["forceUpdate"] === true ? ["--force"] : []),
      ...(release["resetValues"] === true ? ["--reset-values"] : []),
      ...(release["reuseValues"] === true ? ["--reuse-values"] : []),
      ...(release["recreatePods"] === true ? ["--recreate-pods"] : []),
      ...(release["cleanupOnFail"] === true ? ["--cleanup-on-fail"] : []),
      "--history-max",
      String(Number(release["maxHistory"] ?? 0)),
    ];
    const args = ["upgrade", name, ...chartArguments(release), "--namespace", namespace];
    try {
      await withValues([...args, ...flags, ...waitArguments(release)], release, this.target);
    } catch (error) {
      const found = await findRelease(name, namespace, this.target);
      // Helm looks at everything before it writes a revision: where none was written, nothing was changed.
      if (found === undefined || found.revision === revisionOf(olds)) throw error;
      throw new InitializationFailed(id, releaseState(news, found, release["values"]), news, [
        `Helm release "${id}" failed to initialize completely. Use Helm CLI to investigate: error running update: ` +
          `failed to become available within allocated timeout. Error: Helm Release ${id}: ${messageOf(error)}`,
      ]);
    }
    return this.stateNow(news, namespace, name);
  }

  async read({ id, properties, inputs }: ReadRequest): Promise<ReadResult> {
    const state = plainObject(properties);
    const { namespace, name } =
      Object.keys(state).length === 0
        ? parseId(id)
        : { namespace: stringAt(state, "namespace"), name: stringAt(state, "name") };
    const live = await findRelease(name, namespace || this.cluster.defaultNamespace, this.target);
    if (live === undefined) return gone;
    const stored = storedInputs(properties);
    const found =
      stored === undefined
        ? releaseInputs(
            {
              name,
              namespace: live.namespace,
              chart: live.chart,
              version: live.version,
              values: live.values,
            },
            {},
            name,
            live.namespace,
          )
        : withSecrets(stored, inputs);
    return { id, properties: releaseState(found, live, state["values"]), inputs: found };
  }

  async delete({ properties, urn }: DeleteRequest): Promise<void> {
    const { unreachable } = this.cluster;
    if (unreachable !== undefined)
      throw new Error(`can't delete Helm Release with unreachable cluster. Reason: "${unreachable}"`);
    const release = plainObject(properties);
    const waits = release["atomic"] === true || release["skipAwait"] !== true;
    const wait = waits ? ["--wait", "--timeout", timeoutOf(release)] : [];
    const said = await helm(
      ["uninstall", stringAt(release, "name"), "--namespace", stringAt(release, "namespace"), ...wait],
      this.target,
    );
    // What Helm keeps by annotation; its last line says that it is done.
    const info = said.trim().split("\n").slice(0, -1).join("\n").trim();
    if (info !== "")
      await this.engine.log("warning", `Helm uninstall returned information: "${info}"`, { urn });
  }

  private get target(): HelmTarget {
    return { kubeconfig: this.cluster.kubeconfigText, cancelled: this.cluster.cancel.signal };
  }

  private async stateNow(inputs: Values, namespace: string, name: string): Promise<Values> {
    const live = await findRelease(name, namespace, this.target);
    if (live === undefined) throw new Error(`Helm release ${namespace}/${name} is gone`);
    return releaseState(inputs, live, plainObject(inputs)["values"]);
  }

  private assertReachable(verb: string): void {
    if (this.cluster.unreachable !== undefined)
      throw new Error(`can't ${verb} Helm Release with unreachable cluster: ${this.cluster.unreachable}`);
  }
}

function revisionOf(state: Values): number {
  const status = plainObject(state)["status"];
  return Number((status as Values | undefined)?.["revision"] ?? 0);
}
