/** Secrets Manager and the parameters of Systems Manager. */
import { exactlyOne, matches, notBoth } from "../faults";
import type { Kind } from "../kind";
import { given, refuse, text, texts, type Scope } from "../scope";
import { sameValue, type Values } from "../../shared/values";

/** Names whose secret waits for its end. */
const scheduled = "secretScheduledForDeletion";

export const secret: Kind = {
  source: "secretsmanager/secret.go",
  arguments: {
    description: "",
    forceOverwriteReplicaSecret: "",
    kmsKeyId: "",
    name: "computed replaces",
    namePrefix: "computed replaces",
    policy: "computed json",
    recoveryWindowInDays: "",
  },
  defaults: { forceOverwriteReplicaSecret: false, recoveryWindowInDays: 30 },
  tagged: true,
  outputs: ["arn", "replicas"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => {
    const days = inputs["recoveryWindowInDays"];
    const fault = typeof days === "number" && days !== 0 && (days < 7 || days > 30);
    return [
      ...matches(
        inputs,
        "name",
        /^[0-9A-Za-z/_+=.@!-]+$/,
        "must contain only alphanumeric characters and /_+=.@-",
      ),
      ...(fault
        ? [
            {
              property: "recoveryWindowInDays",
              reason: "recovery_window_in_days must be 0 or between 7 and 30",
            },
          ]
        : []),
    ];
  },
  create: (scope, inputs) => {
    const call = "Secrets Manager: CreateSecret";
    const name = text(inputs["name"]);
    if (scope.where("secretsmanager.Secret", { name }).length > 0) {
      refuse(
        call,
        "ResourceExistsException",
        `The operation failed because the secret ${name} already exists.`,
      );
    }
    if (scope.find(scheduled, name)) {
      const what = "a secret with this name is already scheduled for deletion.";
      refuse(call, "InvalidRequestException", `You can't create this secret because ${what}`);
    }
    const arn = scope.arn("secretsmanager", `secret:${name}-${scope.digits("secret").slice(0, 6)}`);
    return { id: arn, attributes: { arn, policy: inputs["policy"] ?? "", replicas: [] } };
  },
  remove: (scope, id, state) => {
    for (const version of scope.where("secretsmanager.SecretVersion", { secretArn: id })) {
      scope.remove("secretsmanager.SecretVersion", version.id);
    }
    if (state["recoveryWindowInDays"] !== 0) scope.put(scheduled, text(state["name"]), { arn: id });
  },
};

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const longestSecret = 65_536;

export const secretVersion: Kind = {
  source: "secretsmanager/secret_version.go",
  arguments: {
    secretBinary: "replaces secret",
    secretId: "required replaces",
    secretString: "replaces secret",
    versionStages: "computed set",
  },
  outputs: ["arn", "secretArn", "versionId"],
  refuse: (inputs) => notBoth(inputs, "secretString", "secretBinary"),
  create: (scope, inputs) => {
    const call = "Secrets Manager: PutSecretValue";
    const asked = text(inputs["secretId"]);
    const found = scope
      .all("secretsmanager.Secret")
      .find(({ id, state }) => id === asked || state["name"] === asked);
    if (!found) refuse(call, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    const size = Buffer.byteLength(text(inputs["secretString"]) || text(inputs["secretBinary"]));
    if (size === 0)
      refuse(call, "InvalidRequestException", "You must provide either SecretString or SecretBinary.");
    if (size > longestSecret) {
      refuse(
        call,
        "ValidationException",
        `Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to ${longestSecret}`,
      );
    }
    for (const { id, state } of scope.where("secretsmanager.SecretVersion", { secretArn: found.id })) {
      const stages = texts(state["versionStages"]).includes("AWSCURRENT") ? ["AWSPREVIOUS"] : [];
      scope.put("secretsmanager.SecretVersion", id, { ...state, versionStages: stages });
    }
    const versionId = `terraform-${scope.digits("version")}`;
    return {
      id: `${asked}|${versionId}`,
      attributes: {
        arn: found.id,
        secretArn: found.id,
        versionId,
        versionStages: inputs["versionStages"] ?? ["AWSCURRENT"],
      },
    };
  },
};

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
const longestParameter: Readonly<Record<string, number>> = { Standard: 4096, Advanced: 8192 };

export const parameter: Kind = {
  source: "ssm/parameter.go",
  arguments: {
    allowedPattern: "",
    arn: "computed",
    dataType: "computed replaces",
    description: "",
    insecureValue: "computed",
    keyId: "computed",
    name: "required replaces",
    overwrite: "",
    tier: "computed",
    type: "required",
    value: "computed secret",
  },
  tagged: true,
  outputs: ["version"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => [...exactlyOne(inputs, "value", "insecureValue")],
  replaces: (changed, olds, news) =>
    changed.includes("tier") && olds["tier"] === "Advanced" && news["tier"] === "Standard" ? ["tier"] : [],
  recomputed: (changed) => (changed.includes("value") ? ["insecureValue", "version"] : []),
  create: (scope, inputs) => {
    const call = "SSM: PutParameter";
    const name = text(inputs["name"]);
    if (scope.find("ssm.Parameter", name) && inputs["overwrite"] !== true) {
      const what =
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
      refuse(call, "ParameterAlreadyExists", what);
    }
    checkParameter(scope, call, name, inputs);
    const path = name.startsWith("/") ? name : `/${name}`;
    return {
      id: name,
      attributes: {
        arn: scope.arn("ssm", `parameter${path}`),
        dataType: inputs["dataType"] ?? "text",
        keyId: inputs["keyId"] ?? (inputs["type"] === "SecureString" ? "alias/aws/ssm" : ""),
        tier: inputs["tier"] ?? "Standard",
        insecureValue: inputs["insecureValue"] ?? "",
        value: inputs["value"] ?? "",
        version: 1,
      },
    };
  },
  update: (scope, id, state, inputs): Values => {
    const names = ["value", "insecureValue", "description", "type", "keyId", "tier", "allowedPattern"];
    if (names.every((name) => sameValue(state[name], inputs[name]))) return {};
    checkParameter(scope, "SSM: PutParameter", id, inputs);
    return { version: Number(state["version"]) + 1 };
  },
};

function checkParameter(_: Scope, call: string, name: string, inputs: Values): void {
  if (/^\/?(aws|ssm)/i.test(name))
    refuse(call, "AccessDeniedException", `No access to reserved parameter name: ${name}.`);
  if (name.includes("/") && !name.startsWith("/")) {
    refuse(call, "ValidationException", "Parameter name must be a fully qualified name.");
  }
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name)) {
    refuse(
      call,
      "ValidationException",
      "Only a mix of letters, numbers and the following 4 symbols .-_/ are allowed.",
    );
  }
  if (name.split("/").length - 1 > 15) {
    refuse(call, "HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of 15 levels.");
  }
  const value = text(inputs["value"]) || text(inputs["insecureValue"]);
  const tier = text(inputs["tier"]) || "Standard";
  const most = longestParameter[tier] ?? longestParameter["Advanced"];
  if (value.length > most) {
    const what = `${tier} tier parameters support a maximum parameter value of ${most} characters.`;
    refuse(
      call,
      "ValidationException",
      `${what} To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.`,
    );
  }
  const pattern = inputs["allowedPattern"];
  if (given(pattern) && !new RegExp(text(pattern)).test(value)) {
    refuse(
      call,
      "ParameterPatternMismatchException",
      "Parameter value, cannot be validated against allowedPattern",
    );
  }
}
