/** The four resources of the provider. */
import { detailedDiff, topLevel, type DetailedDiff, type DiffKind } from "../shared/diff";
import type {
  CheckFailure,
  CheckRequest,
  CheckResult,
  CreateRequest,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  StandIn,
  UpdateRequest,
} from "../shared/provider";
import { containsUnknown, plain, plainObject, textOf, unknown, type Values } from "../shared/values";
import { isDue, plannedReadiness } from "./renewal";
import { attributes, kindOf, outputs, withDefaults, type Kind } from "./schema";

/** requireReplaceIfStateContainsPEMString, common.go. */
const pemText = /^-----BEGIN [A-Za-z ]+-----\n(.|\s)+\n-----END [A-Za-z ]+-----\n?$/;

export class TlsStandIn implements StandIn {
  readonly version = "5.6.1";

  /** The bridge hands the inputs back as they are; defaults come with the plan. */
  check({ type, news }: CheckRequest): CheckResult {
    return { inputs: news, failures: failuresOf(kindOf(type), news) };
  }

  diff({ type, olds, news }: DiffRequest): DiffResult {
    const kind = kindOf(type);
    const state = plainObject(olds);
    const planned = withDefaults(kind, plainObject(news));
    const before = withDefaults(kind, state);
    const detailed: DetailedDiff = {};
    for (const [path, change] of Object.entries(detailedDiff(before, planned))) {
      detailed[path] = replaces(kind, topLevel(path), state) ? (`${change}-replace` as DiffKind) : change;
    }
    if (hasValidity(kind)) {
      const ready = plannedReadiness(planned);
      if ((state["readyForRenewal"] ?? false) !== ready) detailed["readyForRenewal"] = "update";
      if (isDue(state, planned["earlyRenewalHours"])) detailed["readyForRenewal"] = "update-replace";
    }
    if (kind === "privateKey" && Object.keys(detailed).length > 0) {
      // Computed without UseStateForUnknown (resource_private_key.go): unknown, and so different, with any change.
      for (const name of outputs.privateKey.filter((output) => textOf(state[output]) !== ""))
        detailed[name] = "update";
    }
    return { detailed, namesOnly: true };
  }

  async create({ type, properties, preview }: CreateRequest): Promise<{ id: string; properties: Values }> {
    const kind = kindOf(type);
    const planned = plannedState(kind, properties);
    if (preview) {
      // Optional and computed at once, without a default: known once it is made.
      const open = hasValidity(kind) && !("maxPathLength" in planned) ? ["maxPathLength"] : [];
      const unknowns = Object.fromEntries([...outputs[kind], ...open].map((name) => [name, unknown]));
      return { id: "", properties: { ...planned, ...unknowns } };
    }
    const made = await make(kind, plainObject(planned));
    return { id: textOf(made["id"]), properties: { ...planned, ...made } };
  }

  /** Nothing outside the state to look at; certificates say whether they are due (modifyStateIfCertificateReadyForRenewal). */
  read({ type, id, properties, inputs }: ReadRequest): ReadResult {
    const kind = kindOf(type);
    const due =
      hasValidity(kind) && isDue(plainObject(properties), plain(properties["earlyRenewalHours"] ?? 0));
    return { id, inputs, properties: due ? { ...properties, readyForRenewal: true } : properties };
  }

  /** common.go, updatedUsingPlan: only what does not replace gets here, and is copied. */
  update({ type, olds, news }: UpdateRequest): Values {
    const kind = kindOf(type);
    const kept = outputs[kind].map((name) => [name, olds[name] ?? null] as const);
    return { ...plannedState(kind, news), ...Object.fromEntries(kept.filter(([, value]) => value !== null)) };
  }

  delete(): void {
    // Nothing but the state knows of a key or a certificate.
  }
}

function hasValidity(kind: Kind): boolean {
  return kind === "selfSignedCert" || kind === "locallySignedCert";
}

/** Arguments with defaults, marks kept, and the planned readiness. */
function plannedState(kind: Kind, inputs: Values): Values {
  const planned = withDefaults(kind, inputs);
  return hasValidity(kind)
    ? { ...planned, readyForRenewal: plannedReadiness(plainObject(planned)) }
    : planned;
}

function replaces(kind: Kind, name: string, state: Values): boolean {
  const rule = attributes[kind][name]?.replace ?? "never";
  return rule === "always" || (rule === "pem" && pemText.test(textOf(state[name])));
}

function failuresOf(kind: Kind, news: Values): CheckFailure[] {
  const known = attributes[kind];
  const strange = Object.keys(news)
    .filter((name) => !(name in known) && !name.startsWith("__"))
    .map((property) => ({
      property,
      reason: `${property} is no argument that the stand-in for "tls" takes`,
    }));
  const wrong = Object.entries(known).flatMap(([property, attribute]) => {
    const value = plain(news[property] ?? null);
    if (value === null) return attribute.required ? [{ property, reason: `${property} is required` }] : [];
    const fault = containsUnknown(value) ? undefined : attribute.refuse?.(value);
    return fault === undefined ? [] : [{ property, reason: `${property} ${fault}` }];
  });
  return [...strange, ...wrong];
}

async function make(kind: Kind, inputs: Values): Promise<Values> {
  // Loaded when the first one is made: most operations of the engine make none, and start faster without.
  const keys = await import("./keys.js");
  if (kind === "privateKey") return keys.keyOutputs(keys.generateKey(inputs));
  const certificates = await import("./certificates.js");
  if (kind === "locallySignedCert") {
    const { key, algorithm } = keys.parseKey(textOf(inputs["caPrivateKeyPem"]));
    return { ...(await certificates.locallySigned(inputs, key)), caKeyAlgorithm: algorithm };
  }
  const { key, algorithm } = keys.parseKey(textOf(inputs["privateKeyPem"]));
  if (kind === "selfSignedCert")
    return { ...(await certificates.selfSigned(inputs, key)), keyAlgorithm: algorithm };
  return { ...(await certificates.certRequest(inputs, key)), keyAlgorithm: algorithm };
}
