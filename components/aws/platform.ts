import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { MISSING, type Connection } from "../../host/protocol";
import { bastionForwards } from "../../model/aws/firewall";
import { awsOf, type AwsCluster } from "../../model/aws/spec";
import { controlPlaneStatements } from "../../model/aws/iam";
import { ISSUER_TOKEN } from "../../model/kubeadm/issuer";
import { API_PORT } from "../../model/network/ports";
import { renderKubeconfig } from "../../model/kubeconfig";
import { IMAGES } from "../../model/aws/images";
import { ETCD_VOLUME_TOKEN } from "../../model/node/volumes";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { AwsImage, AwsPool } from "../../model/aws/settings";
import type { Cloud, CloudAddonsArgs, CloudArgs, NodePool } from "../cloud";
import { healthStep, settledStep, topologyStep, type StepsArgs } from "../machines/steps";
import type { Pki } from "../pki/pki";
import type { Cluster } from "../cluster";
import { checked } from "../part";
import { missingFromAccount } from "./availability";
import { Bastion } from "./bastion";
import { BootFiles } from "./bootFiles";
import { ServiceEndpoints } from "./serviceEndpoints";
import { CloudProvider } from "./cloudProvider";
import { aliasRecords } from "./dns";
import { Endpoint } from "./endpoint";
import { Firewall } from "./firewall";
import { InstanceRole } from "./instanceRole";
import { ETCD_DEVICE, ControlPlaneInstances } from "./controlPlaneInstances";
import { createDestroyGuard, createLeftovers, type LeftoversArgs } from "./leftovers";
import { LoadBalancerController } from "./loadBalancerController";
import { Network, type NetworkArgs } from "./network";
import { PodIdentity, type ClusterIdentity, type PodIdentityArgs } from "./podIdentity";
import { Secrets } from "./secrets";
import { ClusterAutoscaler } from "./clusterAutoscaler";
import { Storage } from "./storage";
import { AwsWorkerPool, type AwsWorkerPoolArgs } from "./workerPool";

export type AwsPlatformArgs = CloudArgs;

/**
 * Everything on AWS that exists before kubeadm runs: network, firewall, secrets, identity, load balancers,
 * bastion, control-plane instances. The parts are components of the cluster.
 */
export class AwsPlatform implements Cloud {
  /** The guard step, which can refuse a run. Everything on AWS waits for it. */
  readonly guard: pulumi.Resource;
  /** VPC, subnets and routes. */
  readonly network: Network;
  /** Security groups and their rules. */
  readonly firewall: Firewall;
  /** Host keys, and the files of control-plane nodes. */
  readonly secrets: Secrets;
  /** IAM roles for service accounts. Undefined with `podIdentity: false`. */
  readonly identity?: PodIdentity;
  /** The load balancers of the API. */
  readonly endpoint: Endpoint;
  /** The bastion, if the settings have one. */
  readonly bastion?: Bastion;
  /** Boot files of pools, if the settings have pools. */
  readonly bootFiles?: BootFiles;
  /** The instances of control-plane nodes. */
  readonly instances: ControlPlaneInstances;
  /** What steps on hosts need besides the settings. */
  readonly steps: Cloud["steps"];
  /** DNS name or address at which people and the program reach the API. */
  readonly accessHost: pulumi.Output<string>;
  /** Everything that must exist before a step connects to a host. */
  readonly ready: readonly pulumi.Resource[];

  private readonly settings: ClusterSettings;
  private pools: readonly AwsWorkerPool[] = [];
  /** What the guard of a destroy knows, once there are add-ons: arguments of leftovers, and what nothing else depends on. */
  private ending: { readonly args: LeftoversArgs; readonly last: readonly pulumi.Resource[] } | undefined;
  /** What a host needs to reach anything: routes, rules, endpoints of services. */
  private readonly wayOut: readonly pulumi.Resource[];

  /** The AWS part of a cluster. @throws Error if it does not run on AWS */
  static of({ cloud }: Cluster): AwsPlatform {
    if (cloud instanceof AwsPlatform) return cloud;
    throw new Error("the cluster does not run on AWS: its settings have no platform: aws");
  }

  constructor(name: string, args: AwsPlatformArgs, given: pulumi.CustomResourceOptions) {
    const { settings, pki } = args;
    this.settings = settings;
    const own = awsOf(settings);
    const { clusterId } = pki;
    const values = { [MISSING]: missingFromAccount(settings, given) };
    this.guard = topologyStep(`${name}-control-plane-guard`, { settings, clusterId, values }, given);
    const opts = pulumi.mergeOptions(given, { dependsOn: [this.guard] });
    const { vpcId, subnetIds, routes } = (this.network = new Network(
      `${name}-network`,
      checked<NetworkArgs, AwsCluster>(settings),
      opts,
    ));
    const { groupIds, rules } = (this.firewall = new Firewall(`${name}-firewall`, { settings, vpcId }, opts));
    this.secrets = new Secrets(`${name}-secrets`, { settings, sshKey: args.secrets[own.ssh.key] }, opts);
    if (own.podIdentity !== undefined)
      this.identity = new PodIdentity(
        `${name}-identity`,
        checked<PodIdentityArgs, ClusterIdentity>({
          cluster: settings,
          serviceAccountKey: pki.serviceAccountKey,
          after: routes,
          answers: args.answers,
        }),
        opts,
      );
    this.endpoint = new Endpoint(
      `${name}-endpoint`,
      { settings, vpcId, subnetIds, groupIds, after: routes },
      opts,
    );
    const services =
      own.vpc.endpoints === undefined
        ? []
        : new ServiceEndpoints(`${name}-services`, { settings, vpcId, subnetIds, groupIds }, opts).ready;
    this.wayOut = [...routes, ...rules, ...services];
    const after = [...this.wayOut, this.secrets.hostKey.version];
    if (own.bastion !== undefined)
      this.bastion = new Bastion(
        `${name}-bastion`,
        {
          settings,
          subnetIds,
          groupIds,
          keyName: this.secrets.keyName,
          after: [
            ...this.wayOut,
            ...(this.secrets.bastionHostKey ? [this.secrets.bastionHostKey.version] : []),
          ],
        },
        opts,
      );
    if (own.pools.length > 0) this.bootFiles = new BootFiles(`${name}-boot`, { settings }, opts);
    const health = this.createHealth(name, pki, opts);
    const role = new InstanceRole(
      `${name}-control-plane-identity`,
      {
        settings,
        part: "control-plane",
        statements: controlPlaneStatements(settings),
        policyArns: own.controlPlane.attached.policyArns,
      },
      opts,
    );
    this.instances = new ControlPlaneInstances(
      `${name}-instances`,
      {
        settings,
        subnetIds,
        groupIds,
        endpoint: this.endpoint,
        role,
        keyName: this.secrets.keyName,
        after: [...after, ...health],
        settled: (called, machine, publicIp, more) => {
          const connections = { [machine.name]: this.connection(this.sshHost(machine.name, publicIp)) };
          const { clusterId } = pki;
          const reach = { settings, sshKeys: {}, clusterId, connections, ...this.throughBastion() };
          return settledStep(called, reach, machine, own.controlPlane.instanceType, more);
        },
      },
      opts,
    );
    this.accessHost = this.findAccessHost();
    this.steps = this.stepsArgs([this.guard, ...health]);
    this.ready = [
      this.guard,
      ...this.instances.ready,
      ...this.endpoint.ready,
      ...(this.bastion?.ready ?? []),
      ...(this.identity ? [this.identity.ready] : []),
      ...this.createRecord(name, opts),
    ];
  }

  /** The pools, which need the control plane. */
  createPools(
    name: string,
    steps: StepsArgs,
    nodeSteps: readonly pulumi.Resource[],
    given: ReadonlyMap<string, NodePool>,
    opts: pulumi.ComponentResourceOptions,
  ): Record<string, AwsWorkerPool> {
    const { subnetIds } = this.network;
    const { groupIds } = this.firewall;
    const after = [...nodeSteps, ...this.wayOut, ...this.endpoint.ready];
    const { bootFiles } = this;
    if (bootFiles === undefined) return {};
    const { pools } = awsOf(this.settings);
    const made = pools.map((spec): [AwsPool, AwsWorkerPool] => {
      const pool = given.get(spec.name);
      if (pool instanceof AwsWorkerPool) return [spec, pool];
      const own = pulumi.mergeOptions(opts, { dependsOn: [this.guard] });
      return [
        spec,
        new AwsWorkerPool(`${name}-pool-${spec.name}`, checked<AwsWorkerPoolArgs, string>(spec.name), own),
      ];
    });
    const { parent } = opts;
    const shared = { ...steps, subnetIds, groupIds, bootFiles, after, parent };
    this.pools = made.map(([, component]) => component);
    for (const [pool, component] of made)
      component.createNodes({ ...shared, pool, dependsOn: given.has(pool.name) ? [this.guard] : [] });
    return Object.fromEntries(made.map(([{ name: called }, component]) => [called, component]));
  }

  readonly createDnsRecords = aliasRecords;

  /** The cloud controller manager before everything that needs addresses or volumes, then storage. */
  createAddons(
    name: string,
    { init, cni, steps, nodes }: CloudAddonsArgs,
    opts: pulumi.ComponentResourceOptions,
  ): readonly pulumi.Resource[] {
    const { settings, identity } = this;
    const shared = { settings, init, ...(identity ? { identity } : {}) };
    const controller = new CloudProvider(
      `${name}-cloud-provider`,
      shared,
      pulumi.mergeOptions(opts, { dependsOn: [cni] }),
    );
    const storage =
      awsOf(settings).storage &&
      new Storage(`${name}-storage`, shared, pulumi.mergeOptions(opts, { dependsOn: [controller] }));
    const { clusterAutoscaler: autoscaler, loadBalancerController } = awsOf(settings);
    const loadBalancers =
      loadBalancerController &&
      new LoadBalancerController(
        `${name}-load-balancers`,
        { ...shared, controller: loadBalancerController, vpcId: this.network.vpcId },
        pulumi.mergeOptions(opts, { dependsOn: [controller] }),
      );
    const scaler =
      autoscaler &&
      new ClusterAutoscaler(
        `${name}-autoscaler`,
        { ...shared, autoscaler },
        pulumi.mergeOptions(opts, { dependsOn: [controller] }),
      );
    const { parent } = opts;
    this.createLeftovers(
      name,
      { steps, controller, storage, loadBalancers, nodes },
      parent ? { parent } : {},
      scaler ? [scaler] : [],
    );
    // Its webhook decides about every new Service, so whoever creates one comes after it.
    return loadBalancers === undefined ? [controller] : [controller, loadBalancers];
  }

  /**
   * It needs all of AWS, so that a destroy which it refuses has deleted nothing: not the hook of a group, nor the way to S3, nor the keys by
   * which AWS knows the controllers.
   */
  createLeftovers(
    name: string,
    given: LeftoversArgs,
    opts: pulumi.CustomResourceOptions,
    others: readonly pulumi.Resource[] = [],
  ): void {
    const keys = this.identity === undefined ? [] : [this.identity.keys];
    const args = { ...given, nodes: [...given.nodes, this.network, ...this.pools, ...keys] };
    const step = createLeftovers(`${name}-leftovers`, args, opts);
    this.ending = { args, last: [step, ...others] };
  }

  createDestroyGuard(
    name: string,
    all: readonly pulumi.Resource[],
    opts: pulumi.CustomResourceOptions,
  ): void {
    const { ending } = this;
    if (ending === undefined) throw new Error("the guard of a destroy comes after the add-ons");
    createDestroyGuard(`${name}-destroy-guard`, ending.args, [...ending.last, ...all], opts);
  }

  private stepsArgs(guards: readonly pulumi.Resource[]): AwsPlatform["steps"] {
    const { settings, instances } = this;
    const values: Record<string, pulumi.Output<string>> = this.identity === undefined
      ? {}
      : { [ISSUER_TOKEN]: this.identity.issuer };
    return {
      connections: Object.fromEntries(
        settings.machines.map((machine) => [
          machine.name,
          this.connection(this.sshHost(machine.name, instances.publicIps[machine.name])),
        ]),
      ),
      ...this.throughBastion(),
      values,
      instances: Object.fromEntries(
        Object.entries(instances.instances).map(([name, instance]) => [name, instance.id]),
      ),
      machineValues: this.volumeIds(),
      guards,
    };
  }

  /**
   * Before instances, so that none is ended or stopped while another node is away: it asks the API by an address that depends
   * on no instance. One node alone is never replaced.
   */
  private createHealth(name: string, pki: Pki, opts: pulumi.CustomResourceOptions): pulumi.Resource[] {
    const { settings, endpoint, bastion } = this;
    const own = awsOf(settings);
    const host =
      endpoint.public?.dnsName ?? (bastionForwards(own) ? bastion?.publicIp : endpoint.internal?.dnsName);
    if (own.controlPlane.instances.length < 2 || host === undefined) return [];
    const kubeconfig = pulumi.secret(
      pulumi
        .all([pki.cluster.certificate, pki.adminCertificate, pki.adminKey, host])
        .apply(([caCertificate, certificate, key, address]) =>
          renderKubeconfig(
            { ...settings, access: { ...settings.access, port: API_PORT } },
            { caCertificate, certificate, key },
            address,
          ),
        ),
    );
    return [
      healthStep(
        `${name}-control-plane-health`,
        { settings, clusterId: pki.clusterId, kubeconfig },
        pulumi.mergeOptions(opts, { dependsOn: [...endpoint.ready, ...(bastion?.ready ?? [])] }),
      ),
    ];
  }

  /** The volume of each control-plane node's etcd, which its setup looks for by this id. */
  private volumeIds(): NonNullable<StepsArgs["machineValues"]> {
    if (awsOf(this.settings).controlPlane.etcdVolume === undefined) return {};
    return Object.fromEntries(
      Object.entries(this.instances.instances).map(([name, instance]) => [
        name,
        {
          // An instance that was started before the settings had a volume has none.
          [ETCD_VOLUME_TOKEN]: instance.ebsBlockDevices.apply(
            (devices: readonly Device[] | undefined) =>
              devices?.find((one) => one.deviceName === ETCD_DEVICE)?.volumeId ?? "",
          ),
        },
      ]),
    );
  }

  /** Where SSH to a control-plane node goes. */
  private sshHost(name: string, publicIp: pulumi.Output<string> | undefined): pulumi.Input<string> {
    const own = awsOf(this.settings);
    const place = own.controlPlane.instances.find((controlPlaneNode) => controlPlaneNode.name === name);
    if (place === undefined || publicIp === undefined)
      throw new RangeError(`${name} is not a control-plane node`);
    return own.access.connectVia === "direct" ? publicIp : place.address;
  }

  /** How a control-plane node is logged on to. */
  private connection(host: pulumi.Input<string>): pulumi.Output<Connection> {
    return this.open(host, awsOf(this.settings).controlPlane.image, this.secrets.hostKey.publicKey);
  }

  private throughBastion(): Pick<StepsArgs, "bastion"> {
    const { bastion, secrets } = this;
    const own = awsOf(this.settings).bastion;
    return own && bastion && secrets.bastionHostKey
      ? { bastion: this.open(bastion.publicIp, own.image, secrets.bastionHostKey.publicKey) }
      : {};
  }

  private open(
    host: pulumi.Input<string>,
    image: AwsImage,
    hostKey: pulumi.Input<string>,
  ): pulumi.Output<Connection> {
    return pulumi.secret(
      pulumi.all([host, hostKey, this.secrets.sshKey]).apply(([address, key, privateKey]): Connection => ({
        host: address,
        port: SSH_PORT,
        user: IMAGES[image.os].user,
        hostKey: key,
        privateKey,
      })),
    );
  }

  private findAccessHost(): pulumi.Output<string> {
    const { access, aws: own } = { access: this.settings.access, aws: awsOf(this.settings) };
    if (access.host !== "") return pulumi.output(access.host);
    if (own.endpoint.dns !== undefined) return pulumi.output(own.endpoint.dns.name);
    if (this.endpoint.public !== undefined) return this.endpoint.public.dnsName;
    // Its name, which instances of the VPC resolve to the private address.
    if (this.instances.address !== undefined) return this.instances.address.publicDns;
    if (bastionForwards(own) && this.bastion !== undefined) return this.bastion.publicIp;
    return this.endpoint.internal?.dnsName ?? pulumi.output(own.endpoint.addresses[0]?.address ?? "");
  }

  private createRecord(name: string, opts: pulumi.CustomResourceOptions): pulumi.Resource[] {
    const { dns, addresses } = awsOf(this.settings).endpoint;
    if (dns === undefined) return [];
    const balancer = this.endpoint.public ?? this.endpoint.internal;
    const fixed = this.instances.address?.publicIp;
    const target: Pick<aws.route53.RecordArgs, "aliases" | "records" | "ttl"> =
      balancer === undefined
        ? {
            records: fixed === undefined ? addresses.map(({ address }) => address) : [fixed],
            ttl: RECORD_SECONDS,
          }
        : { aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false }] };
    return [
      new aws.route53.Record(
        `${name}-record`,
        { zoneId: dns.zoneId, name: dns.name, type: "A", ...target },
        opts,
      ),
    ];
  }
}

type Device = aws.types.output.ec2.InstanceEbsBlockDevice;

const SSH_PORT = 22;
/** Seconds that resolvers keep the record. */
const RECORD_SECONDS = 60;
