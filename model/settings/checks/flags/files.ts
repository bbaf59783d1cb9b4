import { parseAllDocuments } from "yaml";

import { ADMISSION_PLUGINS } from "../../../flags/names";
import { covers } from "../../../flags/table";
import { filesNamed, namesFile } from "../../../kubeadm/componentFiles";
import { apiServerFolder, componentFolders, type FileComponent, paths } from "../../../kubeadm/paths";
import { minorOf } from "../../../versions";
import type { Facts } from "../../draft";
import { nearest } from "../../issues";
import type { Path, Problems } from "../../problems";
import { HIDDEN } from "../../problems";
import { configurationOf } from "../documents/configurations";
import type { Component } from "../../../flags/table";

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

/** A file that a flag names is there: the pod mounts it, or the settings bring it. */
export function validateFlagFiles(facts: Facts, problems: Problems): void {
  for (const component of ["apiServer", "controllerManager", "scheduler", "etcd"] as const) {
    const part = facts.input[component];
    const files = Object.keys(filesOf(component, facts));
    const volumes = component === "etcd" ? [] : (facts.input[component]?.extraVolumes ?? []);
    const mounts = [
      ...MOUNTED[component],
      ...volumes.flatMap((volume) => (volume?.mountPath === undefined ? [] : [volume.mountPath])),
    ];
    for (const [flag, value] of Object.entries(part?.extraArgs ?? {})) {
      if (value === undefined || !namesFile(flag)) continue;
      const values = (Array.isArray(value) ? value : [value]).map(String);
      const named = values.flatMap((one) => filesNamed(flag, one));
      const path = [component, "extraArgs", flag];
      const missing = named.find((name) => !files.includes(name) && !isBelow(name, mounts));
      if (missing === undefined || problems.has(path)) continue;
      const inline =
        component === "etcd"
          ? ""
          : `a name among ${component}.files, a mountPath of ${component}.extraVolumes, or `;
      problems.add(path, value, "names a file that the static pod does not see", {
        allowed: `${inline}a path below ${MOUNTED[component].join(", ")}`,
        nearest: nearest(missing, files),
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

function filesOf(component: Component, { input }: Facts): Readonly<Record<string, unknown>> {
  return component === "etcd" ? {} : (input[component]?.files ?? {});
}

/** Files that are brought have their own names, are read by somebody, and hold no secret in plain text. */
export function validateComponentFiles(facts: Facts, problems: Problems): void {
  for (const component of FILE_COMPONENTS) {
    const part = facts.input[component];
    const used = [
      ...Object.entries(part?.extraArgs ?? {}).flatMap(([flag, value]) =>
        namesFile(flag)
          ? (Array.isArray(value) ? value : [value]).flatMap((one) => filesNamed(flag, String(one)))
          : [],
      ),
      ...(component === "apiServer" ? textsOf(facts.input.apiServer?.admissionConfiguration) : []),
    ];
    for (const [name, file] of Object.entries(part?.files ?? {})) {
      const path = [component, "files", name];
      if (component === "apiServer" && LIBRARYS.includes(name))
        problems.add(path, name, "has the name of a file of the library", { allowed: "another name" });
      else if (!used.includes(name))
        problems.add(path, name, "is read by nobody: no flag has its name", {
          allowed: `the name as the value of a flag in ${component}.extraArgs`,
        });
      if (typeof file === "string") validateContent(component, name, file, path, facts, problems);
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
  facts: Facts,
  problems: Problems,
): void {
  const flags = Object.entries(facts.input[component]?.extraArgs ?? {}).filter(([flag, value]) =>
    (Array.isArray(value) ? value : [value]).some((one) => filesNamed(flag, String(one)).includes(name)),
  );
  const flag = flags.map(([one]) => one).find(namesFile);
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
  if (
    documents?.length !== 1 ||
    document === null ||
    typeof document !== "object" ||
    Array.isArray(document)
  ) {
    problems.add(path, HIDDEN, "is not one YAML document with keys", { allowed: wanted.what });
    return;
  }
  wanted.check(document as Readonly<Record<string, unknown>>, path, facts, problems);
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
export function validateExtraVolumes(facts: Facts, problems: Problems): void {
  for (const component of FILE_COMPONENTS) {
    const volumes = facts.input[component]?.extraVolumes ?? [];
    const taken = [
      ...MOUNTED[component],
      ...(component === "apiServer"
        ? [apiServerFolder, paths.auditLogFolder]
        : [componentFolders[component]]),
      "/etc/kubernetes",
      "/etc",
      "/usr",
      "/var",
    ];
    volumes.forEach((volume, index) => {
      const path = [component, "extraVolumes", index];
      const { name, mountPath } = volume ?? {};
      if (name !== undefined && VOLUMES.has(name))
        problems.add([...path, "name"], name, "is the name of a volume of kubeadm or of the library", {
          allowed: "another name",
        });
      else if (name !== undefined && volumes.findIndex((other) => other?.name === name) !== index)
        problems.add([...path, "name"], name, "stands twice", { allowed: "each once" });
      if (mountPath === undefined) return;
      if (taken.includes(mountPath))
        problems.add([...path, "mountPath"], mountPath, "hides what the pod has there already", {
          allowed: "another path, as /etc/kubernetes/extra",
        });
      else if (volumes.findIndex((other) => other?.mountPath === mountPath) !== index)
        problems.add([...path, "mountPath"], mountPath, "stands twice", { allowed: "each once" });
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
export function validateAdmission(facts: Facts, problems: Problems): void {
  const { apiServer } = facts.input;
  const given = apiServer?.extraArgs?.["enable-admission-plugins"];
  const enabled = (Array.isArray(given) ? given : given === undefined ? [] : [given])
    .flatMap((one) => String(one).split(","))
    .map((one) => one.trim());
  const configured = apiServer?.admissionConfiguration ?? {};
  const minor = facts.kubernetesVersion === undefined ? undefined : minorOf(facts.kubernetesVersion);
  const known = [...ADMISSION_PLUGINS].filter(([, span]) => minor === undefined || covers(span, minor));
  for (const [name, value] of Object.entries(configured)) {
    const path = ["apiServer", "admissionConfiguration", name];
    if (name === "PodSecurity")
      problems.add(path, value, "is not allowed here: it follows from another setting", {
        allowed: "instead: podSecurity",
      });
    else if (!TAKES_CONFIGURATION.includes(name))
      problems.add(path, value, "is not for a plugin that reads configuration", {
        allowed: TAKES_CONFIGURATION.join(", "),
        nearest: nearest(name, TAKES_CONFIGURATION),
      });
    else if (!enabled.includes(name) && !ON.includes(name))
      problems.add(path, value, "is for a plugin that is not on", {
        allowed: `${name} in apiServer.extraArgs.enable-admission-plugins`,
      });
    else if (
      value !== undefined &&
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
    problems.add(path, given, `has ${bare}, which does not start without configuration`, {
      allowed: `apiServer.admissionConfiguration.${bare} beside it`,
    });
}
