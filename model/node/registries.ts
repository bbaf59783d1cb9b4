import type { RenderedFile } from "../renderedFile";
import type { RegistrySettings } from "../settings/resolved";
import { tomlString } from "../text";
import type { NodeSetupSpec } from "./spec";

/** Folder that containerd reads how to reach registries from, at each pull (containerd docs/hosts.md). */
export const certsFolder = "/etc/containerd/certs.d";

/** Registries whose API is not at the name that images are called by (distribution reference, `docker.io`). */
const registryServers: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

type Registries = Readonly<Record<string, RegistrySettings>>;
/** Secrets by name. */
type Values = Readonly<Record<string, string>>;

/** How hosts reach registries: what anybody may read, and what holds a secret. */
export interface RegistryFiles {
  readonly plain: readonly RenderedFile[];
  /** Mode 0600; without `values` their texts lack the secrets, and their paths are right. */
  readonly secret: readonly RenderedFile[];
}

/** A file for each registry that has mirrors or its own settings, with the certificates that those name. */
export function registryFiles({ images }: Pick<NodeSetupSpec, "images">, values: Values = {}): RegistryFiles {
  const registries = images.registries ?? {};
  const names = [...new Set([...Object.keys(images.mirrors), ...Object.keys(registries)])];
  const plain: RenderedFile[] = [];
  const secret: RenderedFile[] = [];
  for (const name of names) {
    const mirrors = images.mirrors[name] ?? [];
    const content = hostsToml(name, mirrors, registries, values);
    const holdsSecret = [serverOf(name), name, ...mirrors.map(hostOf)].some((host) =>
      sendsHeader(registries[host]),
    );
    const path = `${certsFolder}/${name}/hosts.toml`;
    if (holdsSecret) secret.push({ path, mode: "0600", content });
    else plain.push({ path, mode: "0644", content });
  }
  for (const [host, { ca, clientCertificate, clientKey }] of Object.entries(registries)) {
    if (ca !== undefined) plain.push({ path: caFile(host), mode: "0644", content: line(ca) });
    if (clientCertificate !== undefined)
      plain.push({ path: certificateFile(host), mode: "0644", content: line(clientCertificate) });
    if (clientKey !== undefined)
      secret.push({ path: keyFile(host), mode: "0600", content: line(values[clientKey] ?? "") });
  }
  return { plain, secret };
}

/** Names of secrets that reach hosts in these files. */
export function registrySecrets({ images }: Pick<NodeSetupSpec, "images">): string[] {
  return Object.values(images.registries ?? {}).flatMap(({ credentials, token, clientKey }) =>
    [credentials, token, clientKey].filter((name) => name !== undefined),
  );
}

const caFile = (host: string): string => `${certsFolder}/${host}/ca.crt`;
const certificateFile = (host: string): string => `${certsFolder}/${host}/client.crt`;
const keyFile = (host: string): string => `${certsFolder}/${host}/client.key`;
const line = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`);

function serverOf(registry: string): string {
  return registryServers[registry] ?? registry;
}

/** Host and port of a mirror's URL. */
function hostOf(url: string): string {
  return new URL(url).host;
}

function sendsHeader(registry: RegistrySettings | undefined): boolean {
  return registry?.credentials !== undefined || registry?.token !== undefined;
}

/**
 * Mirrors of one registry, asked in order before the registry itself (containerd docs/hosts.md). A mirror whose URL has
 * the API's `/v2` with something after it is taken as it stands. Credentials go as a header, which containerd sends to the host
 * and to the token server that the host names.
 */
export function hostsToml(
  registry: string,
  mirrors: readonly string[],
  registries: Registries = {},
  values: Values = {},
): string {
  const own = registries[registry] !== undefined ? registry : serverOf(registry);
  const hosts = mirrors.map((mirror) => {
    const override = /\/v2\/./.test(mirror) ? "  override_path = true\n" : "";
    const table = `host.${tomlString(mirror)}`;
    const host = hostOf(mirror);
    return (
      `\n[${table}]\n  capabilities = ["pull", "resolve"]\n${override}${certificates(host, registries[host], "  ")}` +
      header(`${table}.header`, registries[host], values)
    );
  });
  return (
    `server = ${tomlString(`https://${serverOf(registry)}`)}\n${certificates(own, registries[own], "")}` +
    `${header("header", registries[own], values)}${hosts.join("")}`
  );
}

function certificates(host: string, registry: RegistrySettings | undefined, indent: string): string {
  if (registry === undefined) return "";
  const ca = registry.ca === undefined ? "" : `${indent}ca = ${tomlString(caFile(host))}\n`;
  const client =
    registry.clientCertificate === undefined
      ? ""
      : `${indent}client = [[${tomlString(certificateFile(host))}, ${tomlString(keyFile(host))}]]\n`;
  return `${ca}${client}`;
}

function header(table: string, registry: RegistrySettings | undefined, values: Values): string {
  if (registry === undefined || !sendsHeader(registry)) return "";
  const { credentials, token } = registry;
  const value =
    token !== undefined
      ? `Bearer ${values[token] ?? ""}`
      : `Basic ${Buffer.from(values[credentials ?? ""] ?? "", "utf8").toString("base64")}`;
  return `\n[${table}]\n  authorization = ${tomlString(value)}\n`;
}
