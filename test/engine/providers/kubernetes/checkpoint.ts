/**
 * What is stored of an object: the live one, with the inputs and what later calls need beside it (provider.go,
 * checkpointObject, parseCheckpointObject and annotateSecrets).
 */
import {
  containsSecret,
  isObject,
  isSecret,
  plainObject,
  secret,
  type Value,
  type Values,
} from "../shared/values";
import { stringAt, toDashed, toUnderscored, without, type KubeObject } from "./objects";

export interface Checkpoint {
  readonly inputs: KubeObject;
  readonly live: KubeObject;
  readonly initialApiVersion: string;
  readonly fieldManager: string;
}

/** `from` are the inputs as the program gave them: what is secret there is secret in what is stored. */
export function checkpoint(
  { inputs, live, initialApiVersion, fieldManager }: Checkpoint,
  from: Values,
): Values {
  const state = withSecrets(toUnderscored(live), from);
  const stringData = from["stringData"];
  const data = state["data"];
  if (
    live["apiVersion"] === "v1" &&
    live["kind"] === "Secret" &&
    stringData !== undefined &&
    data !== undefined
  ) {
    state["data"] =
      isObject(data) && isObject(stringData) && !isSecret(stringData)
        ? withSecrets(data, stringData)
        : secret(data);
  }
  return {
    ...state,
    __inputs: withSecrets(toUnderscored(inputs), from),
    __initialApiVersion: initialApiVersion,
    __fieldManager: fieldManager,
  };
}

export function parseCheckpoint(state: Values): Checkpoint {
  const all = toDashed(plainObject(state));
  const inputs = all["__inputs"];
  const live = ["__inputs", "__initialApiVersion", "__fieldManager"].reduce<Values>(
    (each, key) => without(each, key),
    all,
  );
  return {
    inputs: isObject(inputs) ? inputs : {},
    live,
    initialApiVersion: stringAt(all, "__initialApiVersion"),
    fieldManager: stringAt(all, "__fieldManager"),
  };
}

/**
 * The values with the secret marks of `from`: objects member by member, a list or a value as a whole. The data of
 * whatever has `kind: Secret` is always secret.
 */
export function withSecrets(values: Values, from: Values): Values {
  if (values["kind"] === "Secret") {
    return Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        key === "data" || key === "stringData" ? secret(value) : value,
      ]),
    );
  }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, marked(value, from[key])]));
}

function marked(value: Value, from: Value | undefined): Value {
  if (isObject(value) && isObject(from) && !isSecret(from)) return withSecrets(value, from);
  return containsSecret(from) ? secret(value) : value;
}
