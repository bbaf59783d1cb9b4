import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { owned } from "./manifest";

/** A Secret whose texts stay secret in the state. */
export function secretResource(
  name: string,
  object: { readonly name: string; readonly namespace: string; readonly type?: string },
  texts: Readonly<Record<string, pulumi.Input<string>>>,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  const { type, ...metadata } = object;
  const stringData = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, pulumi.secret(text)]),
  );
  return new k8s.core.v1.Secret(
    name,
    {
      metadata: owned({ apiVersion: "v1", kind: "Secret", metadata }).metadata,
      ...(type === undefined ? {} : { type }),
      stringData,
    },
    { ...opts, additionalSecretOutputs: ["data", "stringData"] },
  );
}
