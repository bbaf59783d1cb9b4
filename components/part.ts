import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../model/kubernetes";
import { reportedWith, type Path, type Problem } from "../model/settings/problems";
import { isLater, notPlain, outputAsText, plainCopy } from "./arguments";
import { manifestResources, type LateObject } from "./kubernetes/manifest";
import { inProgram } from "./origin";
import { knownSecrets, secretsByName, type Secrets } from "./secrets";
import { reporting } from "./settingsError";

/** A value, or an output of it at any depth. */
export type Later<T> = T extends readonly (infer E)[]
  ? pulumi.Input<readonly Later<E>[]>
  : T extends object
    ? pulumi.Input<{ [K in keyof T]: Later<T[K]> }>
    : pulumi.Input<T>;

/** Arguments of which those with these names may be outputs. */
export type WithInputs<T, K extends keyof T> = Omit<T, K> & { [P in K]: Later<NonNullable<T[P]>> };

/** Arguments that were checked with a cluster's settings: nothing is checked twice. */
export class Checked<S> {
  constructor(readonly spec: S) {}
}

/**
 * What a component takes in place of the arguments `A` where the spec was checked already. Constructors declare what people write, and
 * nothing else: beside a second type the compiler does not say which key is meant by a misspelt one.
 */
export function checked<A extends object, S>(spec: S): A {
  return new Checked(spec) as unknown as A;
}

/** Arguments, or what `checked` made in their place. */
export function orChecked<A extends object, S>(args: A): A | Checked<S> {
  return args;
}

/** What a component is made from. */
export interface Part<S> {
  /** Plain, with samples where outputs stand: what there is follows from it. */
  readonly shape: S;
  /** With the outputs' values, checked again when they are known. */
  readonly spec: S | pulumi.Output<S>;
}

/**
 * Arguments that may be outputs, by their path with `*` for any key or index and `**` at its end for any path, and a value that passes the checks in their
 * stead until they are known. The number makes samples differ where two alike would be refused.
 */
export type Samples = Readonly<Record<string, (number: number) => unknown>>;

/**
 * Checks the arguments of a component that is used by itself.
 *
 * @param parse of the model; throws a SettingsError with the title as what it is about
 * @throws ClusterSettingsError with every problem, before a resource is registered
 */
export function partOf<S>(
  component: string,
  name: string,
  args: object | Checked<S> | undefined,
  samples: Samples,
  parse: (given: unknown, title: string) => S,
): Part<S> {
  if (args instanceof Checked) return { shape: args.spec, spec: args.spec };
  const title = `${component} ${name}`;
  const parsed = (given: unknown, before: readonly Problem[] = []): S =>
    reporting(() => inProgram(title, () => reportedWith(before, title, () => parse(given, title))));
  const { plain, late, problems } = sampled(args ?? {}, samples);
  const shape = parsed(plain, problems);
  const later: pulumi.Output<unknown> = pulumi.output<object>(args ?? {});
  return { shape, spec: late === 0 ? shape : later.apply((given) => parsed(given)) };
}

/** Arguments that refer to secrets by name. */
export interface SecretsArg {
  /**
   * Secrets by the names that the other arguments use, or one output with all of them, such as
   * `config.requireSecretObject` returns.
   *
   * @defaultValue none
   */
  secrets?: pulumi.Input<Secrets>;
}

/** A part with the secrets that it names. */
export interface SecretPart<S> extends Part<S> {
  /** Value of a secret, by its name. */
  readonly secret: (name: string) => pulumi.Input<string>;
}

/** As `partOf`; secrets are not settings: the values go where a component puts them, and nowhere else. */
export function secretPartOf<S>(
  component: string,
  name: string,
  args: object | Checked<S & SecretsArg> | undefined,
  samples: Samples,
  parse: (given: unknown, title: string, secrets: Readonly<Record<string, unknown>> | undefined) => S,
): SecretPart<S> {
  const { secrets = {}, ...given }: SecretsArg = args instanceof Checked ? args.spec : { ...args };
  const checked = args instanceof Checked ? args : given;
  return {
    ...partOf<S>(component, name, checked, samples, (raw, title) => parse(raw, title, knownSecrets(secrets))),
    secret: (called) => secretsByName(secrets, [called])[called] ?? "",
  };
}

/** What a part is rendered to, plain where all of it is known. */
export function rendered<S, R>({ spec }: Part<S>, render: (spec: S) => R): pulumi.Input<R> {
  return pulumi.Output.isInstance(spec) ? spec.apply(render) : render(spec);
}

/** The objects of a part: names and kinds are known at once, what is in them when the outputs are. */
export function partResources<S>(
  prefix: string,
  part: Part<S>,
  render: (spec: S) => readonly KubernetesObject[],
  opts: pulumi.CustomResourceOptions,
  nameOf?: Parameters<typeof manifestResources>[3],
): pulumi.CustomResource[] {
  const objects = render(part.shape);
  const { spec } = part;
  if (!pulumi.Output.isInstance(spec)) return manifestResources(prefix, objects, opts, nameOf);
  const later = (object: KubernetesObject, index: number): LateObject => {
    const field = (key: string) => spec.apply((known) => render(known)[index]?.[key]);
    const { apiVersion, kind, metadata, ...fields } = object;
    const annotations = Object.keys(metadata.annotations ?? {}).map((key) => {
      return [key, spec.apply((known) => render(known)[index]?.metadata.annotations?.[key] ?? "")] as const;
    });
    return {
      apiVersion,
      kind,
      metadata: { ...metadata, annotations: Object.fromEntries(annotations) },
      ...Object.fromEntries(Object.keys(fields).map((key) => [key, field(key)])),
    };
  };
  return manifestResources(prefix, objects.map(later), opts, nameOf);
}

interface Sampled {
  /** undefined where an output stands that may not be one. */
  readonly plain: unknown;
  /** How many outputs have a sample. */
  readonly late: number;
  readonly problems: readonly Problem[];
}

function sampled(args: object, samples: Samples): Sampled {
  const problems: Problem[] = [];
  let late = 0;
  const plain = plainCopy(args, problems, (value, path) => {
    const spoilt = outputAsText(path, value);
    if (spoilt !== undefined) problems.push(spoilt);
    if (!isLater(value)) return spoilt && { value: undefined };
    const sample = Object.entries(samples).find(([pattern]) => fits(pattern, path));
    if (sample !== undefined) return { value: sample[1]((late += 1)) };
    problems.push(notPlain(path, value, `outputs for ${Object.keys(samples).join(", ")}`));
    return { value: undefined };
  });
  return { plain, late, problems };
}

function fits(pattern: string, path: Path): boolean {
  const [head = "", below] = pattern.split(".**");
  const parts = head.split(".");
  return (
    (below === undefined ? parts.length === path.length : parts.length < path.length) &&
    parts.every((part, index) => part === "*" || part === String(path[index]))
  );
}
