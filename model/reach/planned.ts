/** A resource of a plan, as far as the way of a packet depends on it. */
export interface ReachResource {
  /** One of a kind in the plan. */
  readonly name: string;
  /** Type token: `aws:ec2/route:Route`. */
  readonly type: string;
  /** Type token of the component it is in; "" for none. */
  readonly parentType: string;
  /** As the provider gets them; what is not known yet is any text. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the resources that the value of an input comes from, by the input. */
  readonly references: Readonly<Record<string, readonly string[]>>;
}

/** What an input names: the resources its value comes from, or the ids that are written in it. */
export function namedBy({ inputs, references }: ReachResource, input: string): readonly string[] {
  const found = references[input] ?? [];
  const written = [inputs[input]].flat(2).filter(isId);
  return [...found, ...written.filter((id) => !found.includes(id))];
}

/** Ids of AWS as `subnet-0a1b2c3d`; what is not known yet has another form. */
function isId(value: unknown): value is string {
  return typeof value === "string" && /^[a-z]+-[0-9a-f]{8,17}$/.test(value);
}

export function oneNamedBy(resource: ReachResource, input: string): string | undefined {
  return namedBy(resource, input)[0];
}

export function textOf({ inputs }: ReachResource, input: string): string | undefined {
  const value = inputs[input];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function numberOf({ inputs }: ReachResource, input: string): number | undefined {
  const value = inputs[input];
  return typeof value === "number" ? value : undefined;
}
