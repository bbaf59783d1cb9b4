/** JSON Schemas of settings, generated from the schemas that check them. */
import { z } from "zod";

import { CHARTS, type ChartName } from "../../model/charts";
import { awsCluster, machinesCluster } from "../../model/settings/schema/cluster";
import { patternOfSchema, takenBySchema } from "../../model/settings/schema/primitives";
import type { Platform } from "../../model/settings/resolved";
import { eachComment, type Comment } from "./comments";

/** As much of a JSON Schema (draft 7) as settings use. */
export interface Json {
  type?: string;
  description?: string;
  const?: unknown;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  required?: readonly string[];
  properties?: Record<string, Json>;
  patternProperties?: Record<string, Json | boolean>;
  additionalProperties?: Json | boolean;
  items?: Json;
  anyOf?: Json[];
  oneOf?: Json[];
  [keyword: string]: unknown;
}

/** A schema with what the documentation says of each key besides. */
export interface Described {
  readonly schema: Json;
  /** By key of the schema. */
  readonly defaults: ReadonlyMap<Json, string>;
  /** What a text may be, in words. */
  readonly taken: ReadonlyMap<Json, string>;
  /** Keys without a doc comment. */
  readonly undocumented: readonly string[];
}

const SCHEMAS = { machines: machinesCluster, aws: awsCluster } as const;
const TYPES = { machines: "MachinesClusterInput", aws: "AwsClusterInput" } as const;

export type Clusters = Readonly<Record<Platform, Described>>;

export function describedClusters(): Clusters {
  return { machines: clusterSchema("machines"), aws: clusterSchema("aws") };
}

/** The schema of the object under `kubeadm:cluster`, with the doc comments of its input type. */
function clusterSchema(platform: Platform): Described {
  const schema = z.toJSONSchema(SCHEMAS[platform], {
    target: "draft-7",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const words = takenBySchema(zodSchema);
      if (words !== undefined) jsonSchema.$comment = words;
      const pattern = patternOfSchema(zodSchema);
      if (pattern !== undefined) jsonSchema.pattern = pattern;
      // That there is nothing by default says nothing.
      if (["{}", "[]"].includes(JSON.stringify(jsonSchema.default))) delete jsonSchema.default;
    },
  }) as Json;
  delete schema["$schema"];
  const taken = new Map<Json, string>();
  collectWords(schema, taken);
  const defaults = new Map<Json, string>();
  const undocumented: string[] = [];
  eachComment(TYPES[platform], schema, (key, comment, at) => {
    const { text, defaultValue } = commentOfChart(at) ?? comment;
    if (text === "") undocumented.push(at);
    if (defaultValue !== undefined) defaults.set(key, defaultValue);
    const parts = [text, defaultValue === undefined ? "" : `Default: ${defaultValue}`];
    const description = parts.filter((part) => part !== "").join("\n\n");
    if (description !== "") key.description = description;
  });
  return { schema, defaults, taken, undocumented };
}

/** Keys by chart are those of a Record, which has no comments. */
function commentOfChart(at: string): Comment | undefined {
  const [, key, chart] = /^helm\.(sources|versions)\.(.+)$/.exec(at) ?? [];
  if (chart === undefined) return undefined;
  const { version, repository } = CHARTS[chart as ChartName];
  return key === "versions"
    ? { text: `Version of chart \`${chart}\`.`, defaultValue: `\`${version}\`` }
    : { text: `Source of chart \`${chart}\`.`, defaultValue: `\`${repository}\`` };
}

function collectWords(json: unknown, taken: Map<Json, string>): void {
  if (json === null || typeof json !== "object") return;
  const { $comment: words } = json as Json;
  if (typeof words === "string") taken.set(json as Json, words);
  delete (json as Json)["$comment"];
  for (const inner of Object.values(json)) collectWords(inner, taken);
}

const SECURE: Json = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** The schema of `Pulumi.<stack>.yaml`, for editors. */
export function stackSchema({ machines, aws }: Clusters): Json {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack file of pulumi-kubeadm",
    type: "object",
    properties: {
      config: {
        type: "object",
        description: "Configuration of the stack.",
        properties: {
          "kubeadm:cluster": {
            type: "object",
            description: "Settings of the cluster.",
            if: { properties: { platform: { const: "aws" } }, required: ["platform"] },
            then: { $ref: "#/definitions/aws" },
            else: { $ref: "#/definitions/machines" },
          },
          "kubeadm:secrets": {
            description:
              "Secrets by the names that settings refer to, each encrypted: " +
              "pulumi config set --secret --path 'kubeadm:secrets.<name>'",
            anyOf: [SECURE, { type: "object", additionalProperties: SECURE }],
          },
          "aws:region": { type: "string", description: "AWS region, as eu-central-1." },
        },
        patternProperties: { "^kubeadm:(?!(cluster|secrets)$)": false },
      },
      environment: { description: "Pulumi ESC environments." },
      encryptionsalt: { type: "string" },
      encryptedkey: { type: "string" },
      secretsprovider: { type: "string" },
    },
    additionalProperties: false,
    definitions: definitions(machines.schema, aws.schema),
  };
}

/** The two platforms' schemas. What both have in common stands once. */
function definitions(machines: Json, aws: Json): Record<string, Json> {
  const common = Object.entries(machines.properties ?? {}).filter(
    ([key, json]) => JSON.stringify(json) === JSON.stringify(aws.properties?.[key]),
  );
  const references = Object.fromEntries(
    common.map(([key]) => [key, { $ref: `#/definitions/common.${key}` }]),
  );
  const referring = (platform: Json): Json => ({
    ...platform,
    properties: { ...platform.properties, ...references },
  });
  return {
    machines: referring(machines),
    aws: referring(aws),
    ...Object.fromEntries(common.map(([key, json]) => [`common.${key}`, json])),
  };
}
