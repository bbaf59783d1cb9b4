import type { RenderedFile } from "../renderedFile";
import type { MachineRole, ProxySettings } from "../settings/resolved";
import { certsFolder, registryFiles, registrySecrets } from "./registries";
import type { NodeSetupSpec } from "./spec";

/** Variables of the proxy with its user and password; read by units and by setup, and by root alone. */
export const proxyEnvironmentFile = "/etc/pulumi-kubeadm/proxy.env";

/** Files with secrets that setup puts on a host; they come by standard input. */
export function setupSecretFiles(
  spec: Pick<NodeSetupSpec, "images" | "proxy">,
  role: MachineRole,
  values: Readonly<Record<string, string>> = {},
): RenderedFile[] {
  const { proxy } = spec;
  return [
    ...(proxy?.credentials === undefined
      ? []
      : [
          {
            path: proxyEnvironmentFile,
            mode: "0600",
            content: proxyEnvironment(proxy, values[proxy.credentials] ?? ""),
          },
        ]),
    ...(role === "loadBalancer" ? [] : registryFiles(spec, values).secret),
  ];
}

/** Names of the secrets in those files. */
export function setupSecretNames(spec: Pick<NodeSetupSpec, "images" | "proxy">): string[] {
  const { proxy } = spec;
  return [...(proxy?.credentials === undefined ? [] : [proxy.credentials]), ...registrySecrets(spec)];
}

/** Whether a file that came by standard input is setup's. */
export function isSetupSecret(path: string): boolean {
  return path === proxyEnvironmentFile || path.startsWith(`${certsFolder}/`);
}

/** As systemd's EnvironmentFile and a shell both read it: what is in quotes is percent-encoded, and neither changes it. */
function proxyEnvironment(proxy: ProxySettings, credentials: string): string {
  const variables: [string, string | undefined][] = [
    ["HTTP_PROXY", withCredentials(proxy.http, credentials)],
    ["HTTPS_PROXY", withCredentials(proxy.https, credentials)],
    ["NO_PROXY", proxy.noProxy.length === 0 ? undefined : proxy.noProxy.join(",")],
  ];
  return variables
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}="${value}"\n`, `${name.toLowerCase()}="${value}"\n`],
    )
    .join("");
}

function withCredentials(url: string | undefined, credentials: string): string | undefined {
  const colon = credentials.indexOf(":");
  return url?.replace(
    "://",
    `://${encode(credentials.slice(0, colon))}:${encode(credentials.slice(colon + 1))}@`,
  );
}

/** Percent-encodes everything that is not a letter, digit, dash, dot or underscore. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*~]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
