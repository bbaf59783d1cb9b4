/** Buckets, what governs them, and objects. */
import { createHash } from "node:crypto";
import { matches, notBoth } from "../faults";
import type { Kind } from "../kind";
import { object, refuse, text, texts, type Scope } from "../scope";
import type { Values } from "../../shared/values";
import { checkPolicy, statementsOf } from "./policyDocument";

export const bucket: Kind = {
  source: "s3/bucket.go",
  arguments: {
    bucket: "computed replaces",
    bucketPrefix: "computed replaces",
    forceDestroy: "",
    objectLockEnabled: "computed replaces",
  },
  defaults: { forceDestroy: false },
  tagged: true,
  outputs: ["arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId"],
  naming: { argument: "bucket", longest: 63, lowerCase: true },
  refuse: (inputs) => [
    ...matches(
      inputs,
      "bucket",
      /^[a-z0-9][a-z0-9.-]+[a-z0-9]$/,
      "must be 3 to 63 lowercase letters, numbers, dots and hyphens",
    ),
  ],
  create: (scope, inputs) => {
    const name = text(inputs["bucket"]);
    if (scope.find("s3.Bucket", name)) {
      const what = "Your previous request to create the named bucket succeeded and you already own it.";
      refuse("S3: CreateBucket", "BucketAlreadyOwnedByYou", what);
    }
    return {
      id: name,
      attributes: {
        arn: `arn:aws:s3:::${name}`,
        bucketDomainName: `${name}.s3.amazonaws.com`,
        bucketRegion: scope.region,
        bucketRegionalDomainName: `${name}.s3.${scope.region}.amazonaws.com`,
        hostedZoneId: "Z21DNDUVLTQW6Q",
        objectLockEnabled: inputs["objectLockEnabled"] ?? false,
        // Since April 2023 new buckets block everything public and know no ACLs
        // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html).
        _blocksPublic: true,
        _ownership: "BucketOwnerEnforced",
      },
    };
  },
  remove: (scope, id, state) => {
    const kinds = ["s3.BucketObject", "s3.BucketObjectv2"];
    const inside = kinds.flatMap((kind) =>
      scope.where(kind, { bucket: id }).map((own) => ({ kind, id: own.id })),
    );
    if (inside.length > 0 && state["forceDestroy"] !== true) {
      refuse("S3: DeleteBucket", "BucketNotEmpty", "The bucket you tried to delete is not empty");
    }
    for (const own of inside) scope.remove(own.kind, own.id);
  },
};

function needBucket(scope: Scope, call: string, inputs: Values): Values {
  return (
    scope.find("s3.Bucket", inputs["bucket"]) ??
    refuse(call, "NoSuchBucket", "The specified bucket does not exist")
  );
}

function setOn(scope: Scope, inputs: Values, values: Values): void {
  const found = scope.find("s3.Bucket", inputs["bucket"]);
  if (found) scope.put("s3.Bucket", text(inputs["bucket"]), { ...found, ...values });
}

export const bucketPolicy: Kind = {
  source: "s3/bucket_policy.go",
  arguments: { bucket: "required replaces", policy: "required json" },
  create: (scope, inputs) => {
    putPolicy(scope, inputs);
    return { id: text(inputs["bucket"]) };
  },
  update: (scope, _, __, inputs) => {
    putPolicy(scope, inputs);
    return {};
  },
};

function putPolicy(scope: Scope, inputs: Values): void {
  const call = "S3: PutBucketPolicy";
  const found = needBucket(scope, call, inputs);
  const document = text(inputs["policy"]);
  checkPolicy(scope, call, document, "resource");
  const isPublic = statementsOf(document).some(
    ({ Effect: effect, Principal: principal, Condition: condition }) =>
      effect === "Allow" &&
      condition === undefined &&
      (principal === "*" || object(principal)["AWS"] === "*"),
  );
  // Bucket configurations have an eventual consistency model (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html,
  // "Amazon S3 data consistency model"); PutBucketPolicy soon after PutPublicAccessBlock: terraform-provider-aws issue 31363.
  const settled = scope.changes - Number(found["_accessChanged"] ?? 0) >= (scope.controls.s3Settles ?? 0);
  if (isPublic && (found["_blocksPublic"] === true || !settled)) {
    const what =
      "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
    refuse(call, "AccessDenied", `User is not authorized to perform: s3:PutBucketPolicy ${what}`);
  }
  const arn = text(found["arn"]);
  for (const statement of statementsOf(document)) {
    const resources =
      typeof statement["Resource"] === "string" ? [statement["Resource"]] : texts(statement["Resource"]);
    if (resources.some((entry) => entry !== arn && !entry.startsWith(`${arn}/`))) {
      refuse(call, "MalformedPolicy", "Policy has invalid resource");
    }
  }
}

export const bucketPublicAccessBlock: Kind = {
  source: "s3/bucket_public_access_block.go",
  arguments: {
    bucket: "required replaces",
    blockPublicAcls: "",
    blockPublicPolicy: "",
    ignorePublicAcls: "",
    restrictPublicBuckets: "",
    skipDestroy: "",
  },
  defaults: {
    blockPublicAcls: false,
    blockPublicPolicy: false,
    ignorePublicAcls: false,
    restrictPublicBuckets: false,
  },
  create: (scope, inputs) => {
    needBucket(scope, "S3: PutPublicAccessBlock", inputs);
    setOn(scope, inputs, {
      _blocksPublic: inputs["blockPublicPolicy"] ?? false,
      _accessChanged: scope.changes,
    });
    return { id: text(inputs["bucket"]) };
  },
  update: (scope, _, __, inputs) => {
    setOn(scope, inputs, {
      _blocksPublic: inputs["blockPublicPolicy"] ?? false,
      _accessChanged: scope.changes,
    });
    return {};
  },
  remove: (scope, _, state) => setOn(scope, state, { _blocksPublic: false }),
};

export const bucketOwnershipControls: Kind = {
  source: "s3/bucket_ownership_controls.go",
  arguments: { bucket: "required replaces", rule: "required" },
  create: (scope, inputs) => {
    needBucket(scope, "S3: PutBucketOwnershipControls", inputs);
    setOn(scope, inputs, { _ownership: object(inputs["rule"])["objectOwnership"] ?? "" });
    return { id: text(inputs["bucket"]) };
  },
  update: (scope, _, __, inputs) => {
    setOn(scope, inputs, { _ownership: object(inputs["rule"])["objectOwnership"] ?? "" });
    return {};
  },
};

export const bucketServerSideEncryptionConfiguration: Kind = {
  source: "s3/bucket_server_side_encryption_configuration.go",
  arguments: { bucket: "required replaces", expectedBucketOwner: "replaces", rules: "required set" },
  create: (scope, inputs) => {
    needBucket(scope, "S3: PutBucketEncryption", inputs);
    return { id: text(inputs["bucket"]) };
  },
};

function objectKind(source: string, idOf: (bucket: string, key: string) => string): Kind {
  return {
    source,
    arguments: {
      acl: "computed",
      bucket: "required replaces",
      bucketKeyEnabled: "computed",
      cacheControl: "",
      content: "",
      contentBase64: "",
      contentType: "computed",
      etag: "computed",
      forceDestroy: "",
      key: "replaces",
      kmsKeyId: "computed",
      serverSideEncryption: "computed",
      source: "",
      sourceHash: "",
      storageClass: "computed",
    },
    defaults: { forceDestroy: false },
    tagged: true,
    outputs: ["arn", "versionId"],
    naming: { argument: "key", longest: 1024, plain: true },
    refuse: (inputs) => [
      ...notBoth(inputs, "content", "contentBase64"),
      ...notBoth(inputs, "content", "source"),
      ...notBoth(inputs, "source", "contentBase64"),
    ],
    create: (scope, inputs) => {
      put(scope, inputs);
      const [name, key] = [text(inputs["bucket"]), text(inputs["key"])];
      return {
        id: idOf(name, key),
        attributes: { arn: `arn:aws:s3:::${name}/${key}`, versionId: "", ...read(inputs) },
      };
    },
    update: (scope, _, state, inputs): Values => {
      put(scope, inputs);
      const sent = ["content", "contentBase64", "source"].some(
        (name) => JSON.stringify(state[name]) !== JSON.stringify(inputs[name]),
      );
      return sent ? { etag: etagOf(inputs) } : {};
    },
    // hasObjectContentChanges: what makes it another version.
    recomputed: (changed) => (changed.some((name) => versioned.includes(name)) ? ["versionId"] : []),
  };
}

const versioned = [
  ...["bucketKeyEnabled", "cacheControl", "content", "contentBase64", "contentType", "etag", "kmsKeyId"],
  ...["serverSideEncryption", "source", "sourceHash", "storageClass"],
];

function put(scope: Scope, inputs: Values): void {
  const call = "S3: PutObject";
  const found = needBucket(scope, call, inputs);
  const acl = text(inputs["acl"]);
  if (acl !== "" && acl !== "private" && found["_ownership"] === "BucketOwnerEnforced") {
    refuse(call, "AccessControlListNotSupported", "The bucket does not allow ACLs");
  }
}

function read(inputs: Values): Values {
  return {
    acl: inputs["acl"] ?? "private",
    bucketKeyEnabled: inputs["bucketKeyEnabled"] ?? false,
    contentType: inputs["contentType"] ?? "application/octet-stream",
    etag: etagOf(inputs),
    serverSideEncryption: inputs["serverSideEncryption"] ?? "AES256",
    storageClass: inputs["storageClass"] ?? "STANDARD",
  };
}

/** MD5 of what was uploaded at once; an asset stands for its content by the hash that the engine gave it. */
function etagOf(inputs: Values): string {
  const body = text(inputs["contentBase64"])
    ? Buffer.from(text(inputs["contentBase64"]), "base64")
    : text(inputs["content"]) || JSON.stringify(inputs["source"] ?? "");
  return createHash("md5").update(body).digest("hex");
}

// s3/bucket_object.go has the key as its id; s3/object.go has had the bucket before it since 6.0.
export const bucketObject = objectKind("s3/bucket_object.go", (_, key) => key);
export const bucketObjectV2 = objectKind("s3/object.go", (name, key) => `${name}/${key}`);
