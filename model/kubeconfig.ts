import { isIP } from "node:net";
import { toYaml } from "./yaml";

/** How the API is reached. */
export interface ApiAccess {
  /** Name of the cluster. */
  readonly name: string;
  /** Where people reach the API. */
  readonly access: { readonly host: string; readonly port: number };
  /** Its name or address in the API servers' certificates. */
  readonly endpoint: { readonly host: string };
}

export interface Credentials {
  /** PEM. */
  readonly caCertificate: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * A kubeconfig for people and programs outside the cluster. The name that is verified is the endpoint's, which every
 * API server has in its certificate, so the address may be any that leads to one.
 */
export function renderKubeconfig(
  settings: ApiAccess,
  credentials: Credentials,
  /** Where the API is reached; default: what the settings say. */
  host = settings.access.host,
): string {
  const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
  const { name, access, endpoint } = settings;
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: `https://${host}:${access.port}`,
          "tls-server-name": isIP(endpoint.host) === 0 ? endpoint.host : "kubernetes",
          "certificate-authority-data": base64(credentials.caCertificate),
        },
      },
    ],
    users: [
      {
        name: `${name}-admin`,
        user: {
          "client-certificate-data": base64(credentials.certificate),
          "client-key-data": base64(credentials.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    "current-context": name,
  });
}
