import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { renderKubeconfig } from "../model/kubeconfig";
import { unknownKeys } from "../model/settings/alone";
import { readCluster } from "../model/settings/parse";
import { reportedWith, SettingsError, type Path, type Problem } from "../model/settings/problems";
import type { ClusterNetwork, ClusterSettings } from "../model/settings/resolved";
import { type ClusterInput, SETTINGS_KEYS } from "../model/settings/schema/cluster";
import { claims } from "./claims";
import { createAddons, type Addons } from "./addons";
import { createCloud, type Cloud, type NodePool } from "./cloud";
import { createCni, type MadeCni } from "./cni";
import { readWithLate, type ClusterSettingsArgs, type LateSettings } from "./late";
import type { Extras } from "./extras/extras";
import { clusterCreated } from "./observer";
import { inProgram, isOfStackFile } from "./origin";
import { projectFiles } from "./extras/projectFiles";
import { createPeople, type People } from "./tenants";
import type { Tenant } from "./tenants/tenant";
import type { ProjectFiles } from "../model/extras/files";
import { ControlPlane } from "./kubeadm/controlPlane";
import { filesOfControlPlane } from "./kubeadm/controlPlaneFiles";
import { LoadBalancer } from "./machines/loadBalancer";
import { firewallStep, preflightStep, type StepsArgs } from "./machines/steps";
import {
  poolsOf,
  STEP_TYPE,
  WorkerPool,
  type PoolOfSettings,
  type WorkerPoolArgs,
} from "./machines/workerPool";
import { checked } from "./part";
import { Pki } from "./pki/pki";
import {
  keysOfPools,
  locatingPools,
  poolResources,
  takePools,
  withPools,
  type SettingsWithPools,
} from "./pools";
import { knownSecrets, secretsByName, type Secrets } from "./secrets";

/** Arguments of `Cluster`. */
export interface ClusterArgs {
  /**
   * The settings as written under `kubeadm:cluster`. Plain values, because they determine which resources exist,
   * except for addresses and host keys of machines that the same program creates, which may be outputs:
   * `machines.<name>.host`, `hostKey` and `nodeAddress`, `bastion.host` and `hostKey`. Outputs are checked when
   * they resolve, before any step touches a host.
   */
  readonly settings: ClusterSettingsArgs;
  /**
   * Secrets by the names that the settings use, or one output with all of them, such as `config.requireSecretObject`
   * returns. The library checks names and plain strings together with the settings, and cannot check the values of
   * outputs. Undefined means unknown, as in a plan without the passphrase; a warning then lists the names that the
   * settings use.
   */
  readonly secrets?: pulumi.Input<Secrets>;
  /**
   * Pools of workers that the program creates: `WorkerPool`, or on AWS `AwsWorkerPool`, besides those in the settings.
   *
   * @defaultValue none
   */
  readonly pools?: readonly NodePool[];
  /**
   * Name of the environment. It is the cluster's name if the settings have none.
   *
   * @defaultValue the stack's name
   */
  readonly environment?: string;
  /** AWS region, the stack's `aws:region`. Required with `platform: aws`. */
  readonly region?: string;
  /**
   * Reads the files that `manifests`, `charts` and `staticPods` name.
   *
   * @defaultValue files of the program's folder
   */
  readonly files?: ProjectFiles;
}

/**
 * A Kubernetes cluster, from typed settings to Ready nodes.
 *
 * ```ts
 * new Cluster("shop", {
 *   settings: {
 *     machines: {
 *       cp1: {
 *         role: "controlPlane",
 *         host: "192.0.2.11",
 *         user: "ubuntu",
 *         hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr",
 *         key: "operator",
 *       },
 *     },
 *   },
 *   secrets: { operator: config.requireSecret("operatorKey") },
 * });
 * ```
 *
 * @throws ClusterSettingsError before the first resource, with every problem of the settings at once
 */
export class Cluster extends pulumi.ComponentResource {
  /** The settings with all defaults filled in. `${machines.<name>.host}` stands in for an address that is an output. */
  readonly settings: ClusterSettings;
  /** All address ranges of the cluster, and everything derived from them. */
  readonly network: ClusterNetwork;
  /**
   * The administrator's kubeconfig (group `kubeadm:cluster-admins`); secret. It resolves when `kubeadm init` is done.
   */
  readonly kubeconfig: pulumi.Output<string>;
  /** The address at which nodes reach the API, as `host:port`. */
  readonly endpoint: string;
  /** Kubernetes provider for your own resources in this cluster. */
  readonly provider: k8s.Provider;
  /** The control-plane nodes: their setups, init, and their node steps. */
  readonly controlPlane: ControlPlane;
  /** Worker pools by name. */
  readonly workerPools: Readonly<Record<string, NodePool>>;
  /** What the cloud adds: on AWS an `AwsPlatform` from `pulumi-kubeadm/aws`. Undefined on your own machines. */
  readonly cloud: Cloud | undefined;
  /** The add-ons. An add-on that the settings do not install is undefined. */
  readonly addons: Addons;
  /** Tenants by name. Each has a `kubeconfig`. */
  readonly tenants: Readonly<Record<string, Tenant>>;
  /** Your own manifests and charts. Undefined if the settings have none. */
  readonly extras: Extras | undefined;
  /**
   * Kubeconfig for people who log in through `oidc`. It contains no credentials and is not secret. Undefined without
   * `oidc`.
   */
  readonly oidcKubeconfig: pulumi.Output<string> | undefined;
  /** Certificate of the cluster CA, in PEM. */
  readonly caCertificate: pulumi.Output<string>;
  /** The CAs, the service-account key, and the administrator's credentials. */
  readonly pki: Pki;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings, late, given } = parse(name, args);
    super("kubeadm:index:Cluster", name, {}, opts);
    this.settings = settings;
    this.network = settings.network;
    this.endpoint = `${settings.endpoint.host}:${settings.endpoint.port}`;
    for (const advisory of advisoriesOf(settings, args)) void pulumi.log.warn(advisory, this);
    const secrets = secretsByName(args.secrets, settings.secretNames);
    takePools(given);

    const { rotation } = settings.certificates;
    this.pki = new Pki(
      `${name}-pki`,
      { protect: settings.protect, ...(rotation === undefined ? {} : { rotation }) },
      { parent: this },
    );
    this.caCertificate = this.pki.cluster.certificate;
    const controlPlaneFiles = filesOfControlPlane(settings, this.pki, secrets);
    const { pki } = this;
    const [answers, answer] = pulumi.deferredOutput<unknown>();
    this.cloud = createCloud(name, { settings, pki, secrets, answers }, { parent: this });
    const common: StepsArgs = {
      ...this.steps(secrets, controlPlaneFiles),
      machineKeys: keysOfPools(given),
      late,
      ...this.cloud?.steps,
    };
    const preflight = preflightStep(`${name}-preflight`, common, {
      parent: this,
      dependsOn: [...(this.cloud?.ready ?? [])],
    });
    const steps: StepsArgs = { ...common, guards: this.guards(name, common, preflight) };
    const before = this.createLoadBalancer(name, steps, preflight);
    this.controlPlane = new ControlPlane(
      `${name}-control-plane`,
      { ...steps, after: before },
      { parent: this },
    );
    answer(this.controlPlane.answers);
    this.workerPools = this.createWorkerPools(name, steps, poolResources(given), [
      ...before,
      ...this.controlPlane.setups,
    ]);

    this.kubeconfig = this.createKubeconfig(late);
    this.provider = this.createProvider(name);
    const cni = this.createCni(name, secrets);
    this.addons = this.createAddons(name, secrets, steps, cni.network);
    const people = this.createPeople(name, secrets, late);
    this.tenants = people.tenants;
    this.extras = people.extras;
    this.oidcKubeconfig = people.oidcKubeconfig;
    const inside = [
      this.pki,
      this.provider,
      cni.network,
      ...(cni.others ?? []),
      ...this.madeAddons(),
      ...people.all,
    ];
    this.cloud?.createDestroyGuard(name, [...before, ...inside], { parent: this });
    this.registerOutputs({
      kubeconfig: this.kubeconfig,
      endpoint: this.endpoint,
      caCertificate: this.caCertificate,
      oidcKubeconfig: this.oidcKubeconfig,
    });
    clusterCreated(this, args);
  }

  private steps(secrets: Secrets, controlPlaneFiles: StepsArgs["controlPlaneFiles"]): StepsArgs {
    return {
      settings: this.settings,
      sshKeys: secrets,
      clusterId: this.pki.clusterId,
      controlPlaneFiles,
    };
  }

  /** What node steps wait for, and leave before. */
  private guards(name: string, steps: StepsArgs, preflight: pulumi.Resource): pulumi.Resource[] {
    const given = [...(steps.guards ?? [])];
    if (this.settings.firewall !== "nftables") return given;
    return [...given, firewallStep(`${name}-firewall`, steps, { parent: this, dependsOn: [preflight] })];
  }

  private createLoadBalancer(name: string, steps: StepsArgs, preflight: pulumi.Resource): pulumi.Resource[] {
    if (!this.settings.machines.some((machine) => machine.role === "loadBalancer")) return [preflight];
    const balancer = new LoadBalancer(
      `${name}-load-balancer`,
      { ...steps, after: [preflight] },
      { parent: this },
    );
    return [preflight, ...balancer.setups];
  }

  private createWorkerPools(
    name: string,
    steps: StepsArgs,
    given: ReadonlyMap<string, NodePool>,
    after: readonly pulumi.Resource[],
  ): Readonly<Record<string, NodePool>> {
    const controlPlaneNodes = this.controlPlane.nodeSteps;
    if (this.cloud !== undefined)
      return this.cloud.createPools(name, steps, controlPlaneNodes, given, { parent: this });
    const provider = this.getProvider(STEP_TYPE);
    const pools = poolsOf(this.settings, [...given.keys()]).map((spec): [string, WorkerPool] => {
      const pool = given.get(spec.pool);
      return [
        spec.pool,
        pool instanceof WorkerPool
          ? pool
          : new WorkerPool(`${name}-pool-${spec.pool}`, checked<WorkerPoolArgs, PoolOfSettings>(spec), {
              parent: this,
            }),
      ];
    });
    for (const [, pool] of pools) pool.createSteps({ ...steps, after, controlPlaneNodes, provider });
    return Object.fromEntries(pools);
  }

  /** Waits for init: a provider that finds no API when it starts stays without one. */
  private createKubeconfig(late: LateSettings | undefined): pulumi.Output<string> {
    const { settings, pki } = this;
    const { host: written } = settings.access;
    return pulumi.secret(
      pulumi
        .all([
          pki.cluster.certificate,
          pki.adminCertificate,
          pki.adminKey,
          this.cloud?.accessHost ?? late?.resolve(written) ?? written,
          this.controlPlane.answers,
        ])
        .apply(([caCertificate, certificate, key, host]) =>
          renderKubeconfig(settings, { caCertificate, certificate, key }, host),
        ),
    );
  }

  private createProvider(name: string): k8s.Provider {
    return new k8s.Provider(
      `${name}-kubernetes`,
      {
        kubeconfig: this.kubeconfig,
        // Without it a renewed certificate would look like another cluster, and replace all that is in this one.
        clusterIdentifier: `kubeadm:${pulumi.getProject()}:${pulumi.getStack()}:${name}`,
        enableServerSideApply: true,
        enableConfigMapMutable: true,
        enableSecretMutable: true,
        // A run that was cut off has made objects that the state does not know; the next one takes them over.
        upsertExistingObjects: true,
      },
      { parent: this },
    );
  }

  private nodesReady(): pulumi.Resource[] {
    return [
      ...this.controlPlane.nodeSteps,
      ...Object.values(this.workerPools).flatMap((pool) => pool.nodesReady),
    ];
  }

  private createCni(name: string, secrets: Secrets): MadeCni {
    const { settings, provider } = this;
    return createCni(
      name,
      { settings, secrets, nodes: this.nodesReady() },
      // What lives in the cluster ends with it: destroy must not ask an API that may be gone.
      { parent: this, provider, deletedWith: this.controlPlane.init },
    );
  }

  private createAddons(name: string, secrets: Secrets, steps: StepsArgs, cni: pulumi.Resource): Addons {
    const opts: pulumi.ComponentResourceOptions = { parent: this, provider: this.provider };
    const { init } = this.controlPlane;
    const { settings, cloud, provider } = this;
    const nodes = this.nodesReady();
    // A cloud's controller goes before DNS: nodes that wait for it take no pods.
    const ofCloud = cloud?.createAddons(name, { init, cni, steps, nodes }, { parent: this, provider }) ?? [];
    const createDnsRecords = cloud?.createDnsRecords;
    return createAddons(
      name,
      { settings, secrets, after: [cni, ...ofCloud], nodes, init, createDnsRecords },
      opts,
    );
  }

  private madeAddons(): pulumi.Resource[] {
    return Object.values<pulumi.Resource | undefined>({ ...this.addons }).filter(
      (addon) => addon !== undefined,
    );
  }

  /** Tenants, your own manifests and roles: they come when everything else exists. */
  private createPeople(name: string, secrets: Secrets, late: LateSettings | undefined): People {
    const { settings, pki, kubeconfig } = this;
    const before = [...this.nodesReady(), ...this.madeAddons()];
    return createPeople(
      name,
      { settings, late, authority: pki.cluster, kubeconfig, secrets },
      { parent: this, provider: this.provider, deletedWith: this.controlPlane.init, dependsOn: before },
    );
  }
}

/** Those of the settings, and secrets that nobody gave: without them hosts refuse the login. */
function advisoriesOf({ advisories, secretNames }: ClusterSettings, { secrets }: ClusterArgs): string[] {
  const forgotten = secrets === undefined && secretNames.length > 0;
  return [
    ...advisories,
    ...(forgotten ? [`no secrets are given, and the settings name ${secretNames.join(", ")}`] : []),
  ];
}

const ARGUMENTS = ["settings", "secrets", "pools", "environment", "region", "files"];

function parse(
  name: string,
  args: ClusterArgs | undefined,
): ReturnType<typeof readWithLate> & { readonly given: SettingsWithPools } {
  // A program that no compiler has checked may give nothing.
  const { settings = {} as ClusterInput, region, ...more }: Partial<ClusterArgs> = { ...args };
  const { environment = pulumi.getStack(), files = projectFiles() } = more;
  const ofFile = isOfStackFile(args);
  const title = ofFile ? environment : `Cluster ${name}`;
  const unknown = unknownArguments(args);
  const given = withPools(settings, more.pools);
  const { keysElsewhere } = given;
  const claimed = claims(title);
  const readAll = (written: unknown, late: readonly Path[]): ClusterSettings => {
    if (args?.settings === undefined || args.settings === null)
      throw new SettingsError([...unknown, NO_SETTINGS], title);
    const secrets = knownSecrets(more.secrets, title);
    const secretsAt = ofFile ? undefined : "secrets";
    return locatingPools(given, title, () => {
      const read = reportedWith([...unknown, ...given.problems], title, () =>
        readCluster(written, { environment, region, files, secrets, secretsAt, late, keysElsewhere }),
      );
      return reportedWith(claimed(read), title, () => read);
    });
  };
  const read = readWithLate(given.settings, title, (written, late) =>
    ofFile ? readAll(written, late) : inProgram(title, () => readAll(written, late)),
  );
  return { ...read, given };
}

const NO_SETTINGS: Problem = {
  path: "settings",
  value: "undefined",
  message: "is missing",
  allowed: "the settings of a cluster; `config.getObject` gives undefined where the stack has no such key",
};

/** Settings are one level deeper, which is easily forgotten. */
function unknownArguments(args: ClusterArgs | undefined): Problem[] {
  return unknownKeys({ ...args }, ARGUMENTS).map((problem) =>
    SETTINGS_KEYS.has(problem.path) ? { ...problem, nearest: `settings.${problem.path}` } : problem,
  );
}
