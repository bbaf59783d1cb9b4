import * as pulumi from "@pulumi/pulumi";
import { isToken } from "../model/core/tokens";
import { pathText, show, type Problem } from "../model/settings/problems";
import type { ClusterSettings } from "../model/settings/resolved";

/** What only one cluster can have. */
interface Claim {
  readonly key: string;
  readonly path: string;
  readonly value: string;
  /** What is wrong with it in another cluster, before the words that say where it is already. */
  readonly message: string;
  readonly allowed: string;
}

interface Owner {
  readonly cluster: object;
  /** Where it is, for the reports of others. */
  readonly place: string;
}

/** By the program, which its stack stands for: a test may run several in one process. */
const programs = new WeakMap<object, Map<string, Owner>>();

/**
 * Takes the hosts of a cluster, or on AWS its name, for this cluster alone: two clusters on one host would undo each other's work at
 * every run. Clusters of other stacks are not known here.
 *
 * @param title of the cluster, for reports
 * @returns a function that says what another cluster of the program has already, and otherwise takes it. It may be called again when
 * more of the settings is known
 */
export function claims(title: string): (settings: ClusterSettings) => Problem[] {
  const cluster = {};
  const program = pulumi.runtime.getStackResource() as object | undefined;
  // Tests with mocks have no stack, and nobody says where a program ends.
  if (program === undefined) return () => [];
  const owners = programs.get(program) ?? new Map<string, Owner>();
  programs.set(program, owners);
  return (settings) => {
    const wanted = settings.platform === "aws" ? nameOf(settings) : hostsOf(settings);
    const problems = wanted.flatMap(({ key, path, value, message, allowed }): Problem[] => {
      const owner = owners.get(key);
      if (owner === undefined || owner.cluster === cluster) return [];
      return [{ path, value, message: `${message} ${owner.place}`, allowed }];
    });
    if (problems.length > 0) return problems;
    for (const { key, path } of wanted) owners.set(key, { cluster, place: `${path} of ${title}` });
    return [];
  };
}

/** Behind different bastions one private address may be two hosts; what is not known yet is taken when it is. */
function hostsOf({ machines, bastion }: ClusterSettings): Claim[] {
  const way = bastion === undefined ? "" : `${bastion.host}:${bastion.port}`;
  return machines
    .filter(({ ssh }) => !isToken(ssh.host) && !isToken(way))
    .map(({ name, ssh: { host, port } }) => ({
      key: `host ${way} ${host}:${port}`.toLowerCase(),
      path: pathText(["machines", name, "host"]),
      value: show(host),
      message: `and port ${port} are also those of`,
      allowed: "one cluster for each host",
    }));
}

/** Roles, parameters and tags carry the name. */
function nameOf({ name, aws }: ClusterSettings): Claim[] {
  if (aws === undefined) return [];
  return [
    {
      key: `aws ${aws.region} ${name}`,
      path: "name",
      value: show(name),
      message: `names everything on AWS in ${aws.region}, as does`,
      allowed: "another `name` in the settings of one of the two clusters",
    },
  ];
}
