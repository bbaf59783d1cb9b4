import { parseAllDocuments } from "yaml";

import { isMapping } from "../../core/tree";
import { ADMISSION_PLUGINS } from "../names";
import { type Component, covers } from "../table";
import { filesNamed, namesFile } from "../../kubeadm/componentFiles";
import { apiServerFolder, componentFolders, type FileComponent, paths } from "../../kubeadm/paths";
import { type Checked, minorIn } from "../../settings/checked";
import { nearest } from "../../text";
import { HIDDEN, type Path, type Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/entries";
import type { ComponentInput, FlagValue } from "../../settings/input/components";
import { configurationOf } from "../../documents/validate/configurations";
import { wordsOf } from "./kinds";

/** Folders of CAs that kubeadm mounts where the host has them (app/phases/controlplane/volumes.go). */
const CA_FOLDERS = [
  "/etc/ssl/certs",
  "/etc/pki/ca-trust",
  "/etc/pki/tls/certs",
  "/etc/ca-certificates",
  "/usr/share/ca-certificates",
  "/usr/local/share/ca-certificates",
];

/** What pods of the control plane see of their host, by kubeadm and by this library. */
const MOUNTED: Readonly<Record<Component, readonly string[]>> = {
  apiServer: [paths.pki, ...CA_FOLDERS],
  controllerManager: [paths.pki, ...CA_FOLDERS, "/etc/kubernetes/controller-manager.conf"],
  scheduler: ["/etc/kubernetes/scheduler.conf"],
  etcd: ["/var/lib/etcd", `${paths.pki}/etcd`],
};

/** Names of volumes that kubeadm and this library give (constants.go, volumes.go). */
const VOLUMES = new Set([
  "k8s-certs",
  "ca-certs",
  "etcd-certs",
  "etcd-data",
  "kubeconfig",
  "flexvolume-dir",
  "pulumi-kubeadm",
  "audit-log",
  ...CA_FOLDERS.map((folder) => folder.slice(1).replaceAll("/", "-")),
]);

/** Files of the library in the API server's folder. */
const LIBRARYS = [
  paths.encryption,
  paths.auditPolicy,
  paths.admission,
  paths.authentication,
  paths.oidcCa,
].map((path) => path.slice(apiServerFolder.length + 1));

const FILE_COMPONENTS = Object.keys(componentFolders) as FileComponent[];

/** What a component was given; etcd takes flags alone. */
function partOf(component: Component, { written }: Checked): Required<ComponentInput> {
  const { extraArgs = {}, extraVolumes = [], files = {} }: ComponentInput = written[component] ?? {};
  return { extraArgs, extraVolumes, files };
}

/** Files that the value of a flag names. */
function namedBy(flag: string, value: FlagValue): string[] {
  return [value].flat().flatMap((one) => filesNamed(flag, String(one)));
}

/** A file that a flag names is there: the pod mounts it, or the settings bring it. */
export function validateFlagFiles(checked: Checked, problems: Problems): void {
  for (const component of ["apiServer", "controllerManager", "scheduler", "etcd"] as const) {
    const { extraArgs, extraVolumes, files } = partOf(component, checked);
    const mounts = [...MOUNTED[component], ...extraVolumes.map(({ mountPath }) => mountPath)];
    for (const [flag, value] of Object.entries(extraArgs)) {
      if (!namesFile(flag)) continue;
      const path = [component, "extraArgs", flag];
      const missing = namedBy(flag, value).find((name) => !(name in files) && !isBelow(name, mounts));
      if (missing === undefined || problems.has(path)) continue;
      const inline =
        component === "etcd"
          ? ""
          : `a name among ${component}.files, a mountPath of ${component}.extraVolumes, or `;
      problems.add(path, value, "names a file that the static pod cannot see", {
        allowed: `${inline}a path below ${MOUNTED[component].join(", ")}`,
        nearest: nearest(missing, Object.keys(files)),
      });
    }
  }
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return (
    path.startsWith("/") &&
    !path.split("/").includes("..") &&
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`))
  );
}

/** Files that are brought have their own names, are read by somebody, and hold no secret in plain text. */
export function validateComponentFiles(checked: Checked, problems: Problems): void {
  for (const component of FILE_COMPONENTS) {
    const { extraArgs, files } = partOf(component, checked);
    const used = [
      ...Object.entries(extraArgs).flatMap(([flag, value]) => (namesFile(flag) ? namedBy(flag, value) : [])),
      ...(component === "apiServer" ? textsOf(checked.written.apiServer?.admissionConfiguration) : []),
    ];
    for (const [name, file] of Object.entries(files)) {
      const path = [component, "files", name];
      if (component === "apiServer" && LIBRARYS.includes(name))
        problems.add(path, name, "has the name of one of the library's own files", {
          allowed: "another name",
        });
      else if (!used.includes(name))
        problems.add(path, name, "is not used: no flag names it", {
          allowed: `the name as the value of a flag in ${component}.extraArgs`,
        });
      if (typeof file === "string") validateContent(component, name, file, path, checked, problems);
    }
  }
}

/** Every text within a document. */
function textsOf(document: unknown): string[] {
  if (typeof document === "string") return [document];
  if (typeof document !== "object" || document === null) return [];
  return Object.values(document).flatMap(textsOf);
}

/** Keys of kubeconfigs and of configuration that hold what nobody else may know. */
const SECRET_FIELD = /^(token|password|client-key-data|clientSecret|apiKey|secret)$/;

function validateContent(
  component: FileComponent,
  name: string,
  text: string,
  path: Path,
  checked: Checked,
  problems: Problems,
): void {
  const [flag] =
    Object.entries(partOf(component, checked).extraArgs).find(
      ([one, value]) => namesFile(one) && namedBy(one, value).includes(name),
    ) ?? [];
  const documents = flag === "token-auth-file" ? undefined : readYaml(text);
  const secret = flag === "token-auth-file" || (documents ?? []).some(holdsSecret);
  if (secret) {
    problems.add(path, HIDDEN, "holds a secret in plain text", {
      allowed: "{ secret: NAME }, and the text in kubeadm:secrets under that name",
    });
    return;
  }
  const wanted = flag === undefined ? undefined : configurationOf(component, flag);
  if (wanted === undefined) return;
  const [document] = documents ?? [];
  if (documents?.length === 1 && isMapping(document)) wanted.check(document, path, checked, problems);
  else problems.add(path, HIDDEN, "is not a single YAML mapping", { allowed: wanted.what });
}

/** The documents of a text; undefined: it is not YAML, as a certificate is not. */
function readYaml(text: string): unknown[] | undefined {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.some((document) => document.errors.length > 0)) return undefined;
  return documents.map((document) => document.toJS() as unknown);
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) =>
      (SECRET_FIELD.test(key) && typeof inner === "string" && inner !== "") || holdsSecret(inner),
  );
}

/** Volumes that are brought are beside kubeadm's and hide none of them. */
export function validateExtraVolumes(checked: Checked, problems: Problems): void {
  for (const component of FILE_COMPONENTS) {
    const { extraVolumes } = partOf(component, checked);
    const own =
      component === "apiServer" ? [apiServerFolder, paths.auditLogFolder] : [componentFolders[component]];
    const taken = [...MOUNTED[component], ...own, "/etc/kubernetes", "/etc", "/usr", "/var"];
    const at = (key: string) => (index: number) => [component, "extraVolumes", index, key];
    for (const [index, { name, mountPath }] of entriesOf(extraVolumes)) {
      if (VOLUMES.has(name))
        problems.add(at("name")(index), name, "is the name of a volume that kubeadm or the library uses", {
          allowed: "another name",
        });
      if (taken.includes(mountPath))
        problems.add(at("mountPath")(index), mountPath, "would hide files the pod already has there", {
          allowed: "another path, such as /etc/kubernetes/extra",
        });
    }
    problems.addTwins(extraVolumes, at("name"), {
      of: ({ name }) => name,
      key: ({ name }) => (VOLUMES.has(name) ? undefined : name),
    });
    problems.addTwins(extraVolumes, at("mountPath"), {
      of: ({ mountPath }) => mountPath,
      key: ({ mountPath }) => (taken.includes(mountPath) ? undefined : mountPath),
    });
  }
}

/** Plugins that do not start without configuration. */
const NEEDS_CONFIGURATION = ["EventRateLimit", "ImagePolicyWebhook"];
/** Plugins that read configuration, besides those. */
const TAKES_CONFIGURATION = [
  ...NEEDS_CONFIGURATION,
  "PodNodeSelector",
  "PodTolerationRestriction",
  "ResourceQuota",
  "MutatingAdmissionWebhook",
  "ValidatingAdmissionWebhook",
];
/** Of them those that are on by themselves. */
const ON = ["ResourceQuota", "MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"];

/** Configuration is of a plugin that reads it and is on; a plugin that needs it has it. */
export function validateAdmission(checked: Checked, problems: Problems): void {
  const { apiServer } = checked.written;
  const given = apiServer?.extraArgs?.["enable-admission-plugins"];
  const enabled = wordsOf(given);
  const configured = apiServer?.admissionConfiguration ?? {};
  const minor = minorIn(checked);
  const known = [...ADMISSION_PLUGINS].filter(([, span]) => minor === undefined || covers(span, minor));
  for (const [name, value] of Object.entries(configured)) {
    const path = ["apiServer", "admissionConfiguration", name];
    if (name === "PodSecurity")
      problems.add(path, value, "is not allowed here: another setting determines it", {
        allowed: "instead: podSecurity",
      });
    else if (!TAKES_CONFIGURATION.includes(name))
      problems.add(path, value, "names a plugin that takes no configuration", {
        allowed: TAKES_CONFIGURATION.join(", "),
        nearest: nearest(name, TAKES_CONFIGURATION),
      });
    else if (!enabled.includes(name) && !ON.includes(name))
      problems.add(path, value, "names a plugin that is not enabled", {
        allowed: `${name} in apiServer.extraArgs.enable-admission-plugins`,
      });
    else if (
      (typeof value.kind !== "string" || typeof value.apiVersion !== "string") &&
      name !== "PodNodeSelector" &&
      name !== "ImagePolicyWebhook"
    )
      problems.add([...path, "kind"], value.kind, "is missing, or apiVersion is", {
        allowed: "apiVersion and kind of the plugin's configuration",
      });
  }
  const path = ["apiServer", "extraArgs", "enable-admission-plugins"];
  const bare = enabled.find(
    (name) =>
      NEEDS_CONFIGURATION.includes(name) && known.some(([one]) => one === name) && !(name in configured),
  );
  if (bare !== undefined && !problems.has(path))
    problems.add(path, given, `enables ${bare}, which does not start without configuration`, {
      allowed: `apiServer.admissionConfiguration.${bare} as well`,
    });
}
