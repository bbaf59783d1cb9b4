import * as pulumi from "@pulumi/pulumi";
import type { AwsClusterInput, MachinesClusterInput } from "../model/settings/input/cluster";
import type { MachineInput, SshInput } from "../model/settings/input/machines";
import {
  LATE_PATHS,
  lateToken,
  lateTokens,
  lateValue,
  mayBeLate,
  putAt,
  withLateValues,
} from "../model/settings/late";
import { SettingsError, type Path, type Problem } from "../model/settings/problems";
import type { ClusterSettings } from "../model/settings/resolved";
import { isToken } from "../model/core/tokens";
import { isLater, notPlain, outputAsText, plainCopy } from "./arguments";
import { ClusterSettingsError, reporting } from "./settingsError";

/** The same keys, of which those with these names may be outputs. */
type WithOutputs<T, K extends keyof T> = {
  [P in keyof T]: P extends K ? pulumi.Input<Exclude<T[P], undefined>> : T[P];
};

/**
 * Your own Linux machine, or one that another provider creates in the same program: its addresses may then be
 * outputs.
 */
export type MachineArgs = WithOutputs<MachineInput, "host" | "hostKey" | "nodeAddress">;

/** A jump host. Its address may be an output. */
export type JumpHostArgs = WithOutputs<SshInput, "host" | "hostKey">;

/** A machine of a pool: its addresses may be outputs. */
export type PoolMachineArgs = Omit<MachineArgs, "role" | "pool">;

/** Settings of a cluster on machines, which the same program may create. */
export interface MachinesClusterArgs extends Omit<MachinesClusterInput, "machines" | "bastion"> {
  /** Machines by name. The name is the machine's identity and the name of its node. */
  machines: Record<string, MachineArgs>;
  /**
   * A jump host for SSH to all machines. It forwards SSH only: the API must be reachable from where `pulumi up` runs.
   *
   * @defaultValue none
   */
  bastion?: JumpHostArgs;
}

/** The settings of a cluster as a program passes them. */
export type ClusterSettingsArgs = MachinesClusterArgs | AwsClusterInput;

type Values = ReadonlyMap<string, string>;

/** A setting that is an output or a promise. */
interface LateSetting {
  readonly path: Path;
  readonly value: pulumi.Output<unknown>;
}

/** Settings as they are written, with a token for each value that comes later. */
export interface TakenSettings {
  readonly plain: unknown;
  readonly late: readonly LateSetting[];
  /** Outputs where only plain values are taken. */
  readonly problems: readonly Problem[];
}

/** The settings with these values, in the order of `late`. One that is not there is no default. */
function written({ plain, late }: TakenSettings, values: readonly unknown[]): unknown {
  const copy = structuredClone(plain);
  late.forEach(({ path }, index) => putAt(copy, path, values[index] ?? null));
  return copy;
}

/**
 * Takes outputs out of settings. What decides which resources there are has to be plain.
 *
 * @param allowed what is taken where an output stands that may not be one
 */
export function takeLate(
  settings: unknown,
  allowed = `a plain value. Only ${LATE_PATHS} and \`secrets\` accept outputs`,
): TakenSettings {
  const late: LateSetting[] = [];
  const problems: Problem[] = [];
  const plain = plainCopy(settings, problems, (value, path) => {
    if (isLater(value)) {
      if (mayBeLate(path)) late.push({ path, value: pulumi.output(value) });
      else problems.push(notPlain(path, value, allowed));
      return { value: lateToken(path) };
    }
    const spoilt = outputAsText(path, value);
    if (spoilt !== undefined) problems.push(spoilt);
    return undefined;
  });
  return { plain, late, problems };
}

let tokensStay = false;

/** From now on nothing waits for late values: tokens stay in what is rendered, for a plan. @returns a function that ends it */
export function keepTokens(): () => void {
  tokensStay = true;
  return () => void (tokensStay = false);
}

/**
 * Late values of a cluster's settings, and what is rendered from them. A step waits for those values alone that its own text
 * has, so that a machine that is not made yet changes nothing in the preview of the others.
 */
export class LateSettings {
  /** With all values. Tokens stay where `problems` says that they do not fit. */
  readonly whole: pulumi.Output<ClusterSettings>;
  /**
   * What is wrong with the settings now that all values are known, as a report; "": nothing. Preflight fails with it. An error in
   * an apply would do in a program of the CLI, and hang an inline program of the Automation API.
   */
  readonly problems: pulumi.Output<string>;
  /** Names of the machines that the same program makes, in the order of the settings. */
  readonly created: readonly string[];
  private readonly outputs: ReadonlyMap<string, pulumi.Output<string>>;
  /** With what most steps have: addresses of all machines but workers. */
  private readonly shared: pulumi.Output<ClusterSettings>;
  private readonly ofShared: ReadonlySet<string>;

  /**
   * @param settings resolved from `taken`, with its tokens
   * @param check what is wrong with settings as they are written, as a report; "": nothing
   */
  constructor(
    private readonly settings: ClusterSettings,
    taken: TakenSettings,
    check: (written: unknown) => string,
  ) {
    const { late } = taken;
    const tokens = late.map(({ path }) => lateToken(path));
    this.outputs = new Map(
      late.map(({ path, value }) => [
        lateToken(path),
        // A value that the checks refuse stays a token, so that nothing else fails before preflight says so.
        tokensStay
          ? pulumi.output(lateToken(path))
          : value.apply((known) => lateValue(path, known) ?? lateToken(path)),
      ]),
    );
    const problems = pulumi.all(tokensStay ? [] : late.map(({ value }) => value)).apply((known) => {
      const report = known.length === 0 ? "" : check(written(taken, known));
      // A preview runs no step that could fail with it.
      if (report !== "" && pulumi.runtime.isDryRun()) void pulumi.log.error(report);
      return report;
    });
    this.problems = problems;
    this.whole = problems.apply((report) =>
      this.values(tokens).apply((values) => (report === "" ? withLateValues(settings, values) : settings)),
    );
    this.created = settings.machines.filter(({ ssh }) => isToken(ssh.host)).map(({ name }) => name);
    const workers = settings.machines.filter((machine) => machine.role === "worker");
    const ofWorkers = new Set(lateTokens(workers));
    const shared = tokens.filter((token) => !ofWorkers.has(token));
    this.ofShared = new Set(shared);
    this.shared = this.values(shared).apply((values) => withLateValues(settings, values));
  }

  /** Text or data with the values in place of its tokens. */
  resolve<T>(given: T): pulumi.Output<T> {
    return this.values(lateTokens(given)).apply((values) =>
      withLateValues<unknown>(given, values),
    ) as pulumi.Output<T>;
  }

  /** What is rendered for one machine, or for the cluster, when the values that it has are known. */
  render<M, R>(machine: M, make: (settings: ClusterSettings, machine: M) => R): pulumi.Input<R> {
    const tokens = lateTokens(make(this.settings, machine));
    if (tokens.length === 0) return make(this.settings, machine);
    const own = lateTokens(machine);
    const fits = tokens.every((token) => this.ofShared.has(token) || own.includes(token));
    const settings = fits ? this.shared : this.whole;
    // Not pulumi.all, which would copy the settings for each machine.
    return settings.apply<R>((known) =>
      this.values(own).apply((values) => make(known, withLateValues(machine, values))),
    );
  }

  private values(tokens: readonly string[]): pulumi.Output<Values> {
    const known = tokens.map((token) => this.outputs.get(token) ?? token);
    return pulumi
      .all(known)
      .apply((values) => new Map(tokens.map((token, index) => [token, values[index] ?? token])));
  }
}

/**
 * Reads settings of which some values come later.
 *
 * @param read reads settings as they are written; at the paths stand tokens
 * @throws what `read` throws, and ClusterSettingsError for outputs where only plain values are taken
 */
export function readWithLate(
  given: unknown,
  environment: string,
  read: (written: unknown, late: readonly Path[]) => ClusterSettings,
): { readonly settings: ClusterSettings; readonly late?: LateSettings } {
  const taken = takeLate(given);
  if (taken.problems.length > 0)
    throw new ClusterSettingsError(new SettingsError(taken.problems, environment));
  const paths = taken.late.map(({ path }) => path);
  const settings = reporting(() => read(taken.plain, paths));
  if (paths.length === 0) return { settings };
  const check = (written: unknown): string => {
    try {
      read(written, []);
      return "";
    } catch (error) {
      if (error instanceof SettingsError) return error.message;
      throw error;
    }
  };
  return { settings, late: new LateSettings(settings, taken, check) };
}
