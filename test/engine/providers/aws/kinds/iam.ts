/** Roles, policies, instance profiles and OpenID Connect providers. */
import { matches } from "../faults";
import type { Kind } from "../kind";
import { refuse, text, texts, type Scope } from "../scope";
import { sameValue, type Values } from "../../shared/values";
import { checkPolicy, compactLength } from "./policyDocument";

const nameForm = /^[\w+=,.@-]+$/;
const nameRule = "must match [\\w+=,.@-]";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters without white space. */
const longestDocument = { managed: 6144, inline: 10_240, trust: 2048 };

function exists(call: string, what: string, name: string): never {
  return refuse(call, "EntityAlreadyExists", `${what} with name ${name} already exists.`);
}

function none(call: string, message: string): never {
  return refuse(call, "NoSuchEntity", message);
}

export const role: Kind = {
  source: "iam/role.go",
  global: true,
  arguments: {
    assumeRolePolicy: "required json",
    description: "",
    forceDetachPolicies: "",
    inlinePolicies: "computed set",
    managedPolicyArns: "computed set",
    maxSessionDuration: "",
    name: "computed replaces",
    namePrefix: "computed replaces",
    path: "replaces",
    permissionsBoundary: "",
  },
  defaults: { forceDetachPolicies: false, maxSessionDuration: 3600, path: "/" },
  tagged: true,
  outputs: ["arn", "createDate", "uniqueId"],
  naming: { argument: "name", longest: 64 },
  refuse: (inputs) => [
    ...matches(inputs, "name", nameForm, nameRule),
    // verify.ValidARN
    ...matches(
      inputs,
      "permissionsBoundary",
      /^arn:aws[\w-]*:\w+:[\w-]*:(\d{12}|aws)?:.+$/,
      "is an invalid ARN",
    ),
  ],
  create: (scope, inputs) => {
    const call = "IAM: CreateRole";
    const name = text(inputs["name"]);
    // Whatever its path: names are unique in an account.
    if (scope.find("iam.Role", name)) exists(call, "Role", name);
    checkPath(call, inputs);
    checkTrust(scope, call, inputs);
    checkBoundary(scope, call, inputs);
    return {
      id: name,
      attributes: {
        arn: scope.arn("iam", `role${text(inputs["path"])}${name}`, "global"),
        uniqueId: `AROA${scope.digits("role").toUpperCase()}`,
        createDate: "2026-01-01T00:00:00Z",
        managedPolicyArns: inputs["managedPolicyArns"] ?? [],
        inlinePolicies: inputs["inlinePolicies"] ?? [],
      },
    };
  },
  update: (scope, _, state, inputs) => {
    if (!sameValue(state["assumeRolePolicy"], inputs["assumeRolePolicy"])) {
      checkTrust(scope, "IAM: UpdateAssumeRolePolicy", inputs);
    }
    if (!sameValue(state["permissionsBoundary"], inputs["permissionsBoundary"])) {
      checkBoundary(scope, "IAM: PutRolePermissionsBoundary", inputs);
    }
    return {};
  },
  // The original reads what is attached and inline, by whomever.
  read: (scope, id) => ({
    managedPolicyArns: scope
      .where("iam.RolePolicyAttachment", { role: id })
      .map(({ state }) => state["policyArn"] ?? ""),
    inlinePolicies: scope
      .where("iam.RolePolicy", { role: id })
      .map(({ state }) => ({ name: state["name"] ?? "", policy: state["policy"] ?? "" })),
  }),
  remove: (scope, id, state) => {
    // DeleteRole of the original takes the role out of its instance profiles, and with forceDetachPolicies the rest.
    for (const profile of scope.where("iam.InstanceProfile", { role: id })) {
      scope.put("iam.InstanceProfile", profile.id, { ...profile.state, role: "" });
    }
    const left = ["iam.RolePolicyAttachment", "iam.RolePolicy"].flatMap((kind) =>
      scope.where(kind, { role: id }).map((own) => ({ kind, id: own.id })),
    );
    if (state["forceDetachPolicies"] === true) for (const own of left) scope.remove(own.kind, own.id);
    else if (left.length > 0) {
      const what = left.some(({ kind }) => kind === "iam.RolePolicy")
        ? "delete policies"
        : "detach all policies";
      refuse("IAM: DeleteRole", "DeleteConflict", `Cannot delete entity, must ${what} first.`);
    }
  },
};

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, Path; /aws-service-role/ is for services alone. */
function checkPath(call: string, inputs: Values): void {
  const path = text(inputs["path"]);
  if (!/^(\/|\/[\x21-\x7e]+\/)$/.test(path) || path.startsWith("/aws-service-role/")) {
    refuse(call, "ValidationError", `The specified value for path is invalid: ${path}`);
  }
}

/** A managed policy of the account or of AWS. */
function isAttachable(scope: Scope, arn: string): boolean {
  const isAws = /^arn:aws[\w-]*:iam::aws:policy\/[\w/+=,.@-]+$/.test(arn);
  return isAws || scope.find("iam.Policy", arn) !== undefined;
}

function checkBoundary(scope: Scope, call: string, inputs: Values): void {
  const arn = text(inputs["permissionsBoundary"]);
  if (arn !== "" && !isAttachable(scope, arn))
    none(call, `Scope ARN: ${arn} does not exist or is not attachable.`);
}

function checkTrust(scope: Scope, call: string, inputs: Values): void {
  const document = text(inputs["assumeRolePolicy"]);
  checkPolicy(scope, call, document, "trust");
  if (compactLength(document) > longestDocument.trust) {
    refuse(call, "LimitExceeded", `Cannot exceed quota for ACLSizePerRole: ${longestDocument.trust}`);
  }
}

export const rolePolicy: Kind = {
  source: "iam/role_policy.go",
  global: true,
  arguments: {
    name: "computed replaces",
    namePrefix: "computed replaces",
    policy: "required json",
    role: "required replaces",
  },
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => matches(inputs, "name", nameForm, nameRule),
  create: (scope, inputs) => {
    checkInline(scope, inputs, undefined);
    return { id: `${text(inputs["role"])}:${text(inputs["name"])}` };
  },
  update: (scope, id, _, inputs) => {
    checkInline(scope, inputs, id);
    return {};
  },
};

function checkInline(scope: Scope, inputs: Values, id: string | undefined): void {
  const call = "IAM: PutRolePolicy";
  const role = text(inputs["role"]);
  if (!scope.find("iam.Role", role)) none(call, `The role with name ${role} cannot be found.`);
  checkPolicy(scope, call, text(inputs["policy"]), "identity");
  const others = scope.where("iam.RolePolicy", { role }).filter((other) => other.id !== id);
  const documents = [inputs, ...others.map(({ state }) => state)].map(({ policy = "" }) =>
    compactLength(text(policy)),
  );
  if (documents.reduce((sum, length) => sum + length, 0) > longestDocument.inline) {
    refuse(
      call,
      "LimitExceeded",
      `Maximum policy size of ${longestDocument.inline} bytes exceeded for role ${role}`,
    );
  }
}

export const policy: Kind = {
  source: "iam/policy.go",
  global: true,
  arguments: {
    description: "replaces",
    name: "computed replaces",
    namePrefix: "computed replaces",
    path: "replaces",
    policy: "required json",
  },
  defaults: { path: "/" },
  tagged: true,
  outputs: ["arn", "attachmentCount", "policyId"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => matches(inputs, "name", nameForm, nameRule),
  create: (scope, inputs) => {
    const call = "IAM: CreatePolicy";
    const name = text(inputs["name"]);
    const arn = scope.arn("iam", `policy${text(inputs["path"])}${name}`, "global");
    if (scope.find("iam.Policy", arn))
      refuse(
        call,
        "EntityAlreadyExists",
        `A policy called ${name} already exists. Duplicate names are not allowed.`,
      );
    checkManaged(scope, call, text(inputs["policy"]));
    return {
      id: arn,
      attributes: { arn, policyId: `ANPA${scope.digits("policy").toUpperCase()}`, attachmentCount: 0 },
    };
  },
  update: (scope, _, state, inputs) => {
    if (!sameValue(state["policy"], inputs["policy"]))
      checkManaged(scope, "IAM: CreatePolicyVersion", text(inputs["policy"]));
    return {};
  },
  read: (scope, id) => ({
    attachmentCount: scope.where("iam.RolePolicyAttachment", { policyArn: id }).length,
  }),
  remove: (scope, id) => {
    const uses = [
      ...scope.where("iam.RolePolicyAttachment", { policyArn: id }),
      ...scope.where("iam.Role", { permissionsBoundary: id }),
    ];
    if (uses.length > 0)
      refuse("IAM: DeletePolicy", "DeleteConflict", "Cannot delete a policy attached to entities.");
  },
};

function checkManaged(scope: Scope, call: string, document: string): void {
  checkPolicy(scope, call, document, "identity");
  if (compactLength(document) > longestDocument.managed) {
    refuse(call, "LimitExceeded", `Cannot exceed quota for PolicySize: ${longestDocument.managed}`);
  }
}

export const rolePolicyAttachment: Kind = {
  source: "iam/role_policy_attachment.go",
  global: true,
  // Made before the old one goes, the same attachment would go with it.
  deletedFirst: true,
  arguments: { policyArn: "required replaces", role: "required replaces" },
  create: (scope, inputs) => {
    const call = "IAM: AttachRolePolicy";
    const [role, arn] = [text(inputs["role"]), text(inputs["policyArn"])];
    if (!scope.find("iam.Role", role)) none(call, `The role with name ${role} cannot be found.`);
    if (!isAttachable(scope, arn)) none(call, `Policy ${arn} does not exist or is not attachable.`);
    if (scope.where("iam.RolePolicyAttachment", { role }).length >= scope.quota("policiesPerRole")) {
      refuse(
        call,
        "LimitExceeded",
        `Cannot exceed quota for PoliciesPerRole: ${scope.quota("policiesPerRole")}`,
      );
    }
    return { id: `${role}-${scope.digits("attachment")}` };
  },
};

export const instanceProfile: Kind = {
  source: "iam/instance_profile.go",
  global: true,
  arguments: { name: "computed replaces", namePrefix: "computed replaces", path: "replaces", role: "" },
  defaults: { path: "/" },
  tagged: true,
  outputs: ["arn", "createDate", "uniqueId"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => matches(inputs, "name", nameForm, nameRule),
  create: (scope, inputs) => {
    const name = text(inputs["name"]);
    if (scope.find("iam.InstanceProfile", name))
      exists("IAM: CreateInstanceProfile", "Instance Profile", name);
    checkPath("IAM: CreateInstanceProfile", inputs);
    checkRole(scope, inputs);
    return {
      id: name,
      attributes: {
        arn: scope.arn("iam", `instance-profile${text(inputs["path"])}${name}`, "global"),
        uniqueId: `AIPA${scope.digits("profile").toUpperCase()}`,
        createDate: "2026-01-01T00:00:00Z",
      },
    };
  },
  update: (scope, _, __, inputs) => {
    checkRole(scope, inputs);
    return {};
  },
};

function checkRole(scope: Scope, inputs: Values): void {
  const role = text(inputs["role"]);
  if (role !== "" && !scope.find("iam.Role", role)) {
    none("IAM: AddRoleToInstanceProfile", `The role with name ${role} cannot be found.`);
  }
}

export const openIdConnectProvider: Kind = {
  source: "iam/openid_connect_provider.go",
  global: true,
  arguments: { clientIdLists: "required set", thumbprintLists: "computed", url: "required replaces" },
  tagged: true,
  outputs: ["arn"],
  refuse: (inputs) => matches(inputs, "url", /^https:\/\//, "must begin with https://"),
  create: (scope, inputs) => {
    const call = "IAM: CreateOpenIDConnectProvider";
    const host = text(inputs["url"]).replace("https://", "");
    const arn = scope.arn("iam", `oidc-provider/${host}`, "global");
    if (scope.find("iam.OpenIdConnectProvider", arn)) {
      refuse(call, "EntityAlreadyExists", `Provider with url ${text(inputs["url"])} already exists.`);
    }
    const thumbprints = texts(inputs["thumbprintLists"]);
    if (thumbprints.some((entry) => !/^[0-9a-f]{40}$/i.test(entry))) {
      refuse(call, "InvalidInput", "Thumbprint must be 40 hexadecimal characters");
    }
    return {
      id: arn,
      attributes: { arn, thumbprintLists: thumbprints.length > 0 ? thumbprints : ["0".repeat(40)] },
    };
  },
};
