import type { RenderedFile } from "../renderedFile";
import type { ComponentSettings, ExtraArgs } from "../settings/resolved";
import { componentFolders, type FileComponent } from "./paths";
import type { HostPathMount } from "./v1beta4";

/** The components of the control plane that may read files of the settings. */
type ComponentFilesSpec = Readonly<Record<FileComponent, Pick<ComponentSettings, "files">>>;

const FILE_COMPONENTS = Object.keys(componentFolders) as FileComponent[];

/** Flags whose value is the name of a file, or of two as `--tls-sni-cert-key` has them. */
const FILE_FLAGS: ReadonlySet<string> = new Set([
  "allow-metric-labels-manifest",
  "audit-webhook-config-file",
  "authentication-config",
  "authentication-token-webhook-config-file",
  "authorization-config",
  "authorization-policy-file",
  "authorization-webhook-config-file",
  "client-crl-file",
  "config",
  "egress-selector-config-file",
  "leader-migration-config",
  "peer-ca-file",
  "peer-crl-file",
  "pv-recycler-pod-template-filepath-hostpath",
  "pv-recycler-pod-template-filepath-nfs",
  "tls-cert-file",
  "tls-private-key-file",
  "tls-sni-cert-key",
  "token-auth-file",
  "tracing-config-file",
  "wal-dir",
]);

/** Whether a flag names a file that its program reads. */
export function namesFile(flag: string): boolean {
  return FILE_FLAGS.has(flag);
}

/** The files that one value names; behind a colon `--tls-sni-cert-key` has names of hosts. */
export function filesNamed(flag: string, value: string): string[] {
  return flag === "tls-sni-cert-key" ? (value.split(":")[0] ?? "").split(",") : [value];
}

/** Path of a file that the settings give a component. */
export function componentFile(component: FileComponent, name: string): string {
  return `${componentFolders[component]}/${name}`;
}

/** The flags with paths in place of the names of files that are beside them in the settings. */
export function withPaths(component: FileComponent, { extraArgs, files = {} }: ComponentSettings): ExtraArgs {
  const pathOf = (flag: string, value: string): string => {
    if (!namesFile(flag)) return value;
    const [names = "", ...hosts] = flag === "tls-sni-cert-key" ? value.split(":") : [value];
    const paths = filesNamed(flag, names).map((name) =>
      Object.hasOwn(files, name) ? componentFile(component, name) : name,
    );
    return [paths.join(","), ...hosts].join(":");
  };
  return Object.fromEntries(
    Object.entries(extraArgs).map(([flag, value]) => [
      flag,
      typeof value === "string" ? pathOf(flag, value) : value.map((one) => pathOf(flag, one)),
    ]),
  );
}

/** The same within a document: a text that is the name of a file becomes its path. */
export function withPathsIn(
  component: FileComponent,
  { files = {} }: Pick<ComponentSettings, "files">,
  document: unknown,
): unknown {
  if (typeof document === "string")
    return Object.hasOwn(files, document) ? componentFile(component, document) : document;
  if (Array.isArray(document)) return document.map((one: unknown) => withPathsIn(component, { files }, one));
  if (typeof document !== "object" || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, withPathsIn(component, { files }, value)]),
  );
}

/** What a component's pod mounts besides kubeadm's and the library's own: the folder of its files, and what the settings name. */
export function extraVolumes(
  component: FileComponent,
  settings: Omit<ComponentSettings, "extraArgs">,
): HostPathMount[] {
  const folder = componentFolders[component];
  const own: HostPathMount[] =
    component === "apiServer" || Object.keys(settings.files ?? {}).length === 0
      ? []
      : [
          {
            name: "pulumi-kubeadm",
            hostPath: folder,
            mountPath: folder,
            readOnly: true,
            pathType: "DirectoryOrCreate",
          },
        ];
  return [...own, ...(settings.extraVolumes ?? [])];
}

/** Files whose content is in the settings. */
export function plainComponentFiles(settings: ComponentFilesSpec): RenderedFile[] {
  return FILE_COMPONENTS.flatMap((component) =>
    Object.entries(settings[component].files ?? {}).flatMap(([name, file]) =>
      "content" in file
        ? [{ path: componentFile(component, name), content: file.content, mode: "0600" }]
        : [],
    ),
  );
}

/** Files whose content is a secret: where each belongs, and the secret's name. */
export function secretComponentFiles(settings: ComponentFilesSpec): { path: string; secret: string }[] {
  return FILE_COMPONENTS.flatMap((component) =>
    Object.entries(settings[component].files ?? {}).flatMap(([name, file]) =>
      "secret" in file ? [{ path: componentFile(component, name), secret: file.secret }] : [],
    ),
  );
}
