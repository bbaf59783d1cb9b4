import type { RenderedFile } from "../renderedFile";
import type { AuditSettings, ComponentSettings, PodSecuritySettings } from "../settings/resolved";
import { toYaml } from "../yaml";
import { defaultAuditPolicy } from "./auditPolicy";
import {
  authenticationConfiguration,
  usesAuthenticationFile,
  type AuthenticationSpec,
} from "./authentication";
import { withPathsIn } from "./componentFiles";
import { paths } from "./paths";

/** Where kubeadm's static pods and host-network add-ons live: they could not be made under any other level. */
const systemNamespace = "kube-system";

/** What the API server's admission is configured by. */
interface AdmissionSpec {
  readonly podSecurity: PodSecuritySettings;
  readonly apiServer: ComponentSettings & {
    readonly admissionConfiguration?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

/** What the API server's files are rendered from. */
export interface ApiServerFilesSpec extends AdmissionSpec, AuthenticationSpec {
  readonly apiServer: AdmissionSpec["apiServer"];
  readonly audit: Pick<AuditSettings, "policy">;
}

/**
 * Files that the API server reads, but for the encryption keys (see `encryptionConfiguration`).
 * @param secrets `oidcCa`: CA of the OIDC issuer in PEM, wanted only when `oidc.ca` names one
 * @throws Error when that CA is wanted and missing
 */
export function apiServerFiles(
  settings: ApiServerFilesSpec,
  secrets: { readonly oidcCa?: string } = {},
): RenderedFile[] {
  const { oidc } = settings;
  if (oidc?.ca !== undefined && secrets.oidcCa === undefined) {
    throw new Error(`oidc.ca names the secret "${oidc.ca}", but its certificate was not given`);
  }
  const files: RenderedFile[] = [
    file(paths.admission, admissionConfiguration(settings)),
    file(paths.auditPolicy, settings.audit.policy ?? defaultAuditPolicy),
  ];
  if (usesAuthenticationFile(settings)) {
    files.push(file(paths.authentication, authenticationConfiguration(settings, secrets.oidcCa)));
  }
  return files;
}

function file(path: string, document: object): RenderedFile {
  // 0600: the API server of kubeadm's pods runs as root, and nobody else has business there.
  return { path, content: toYaml(document), mode: "0600" };
}

function admissionConfiguration({ podSecurity, apiServer }: AdmissionSpec): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [
      {
        name: "PodSecurity",
        configuration: {
          apiVersion: "pod-security.admission.config.k8s.io/v1",
          kind: "PodSecurityConfiguration",
          defaults: {
            enforce: podSecurity.enforce,
            "enforce-version": "latest",
            audit: podSecurity.audit,
            "audit-version": "latest",
            warn: podSecurity.warn,
            "warn-version": "latest",
          },
          exemptions: {
            usernames: [],
            runtimeClasses: [],
            namespaces: [...new Set([systemNamespace, ...podSecurity.exemptNamespaces])],
          },
        },
      },
      ...Object.entries(apiServer.admissionConfiguration ?? {}).map(([name, configuration]) => ({
        name,
        configuration: withPathsIn("apiServer", apiServer, configuration),
      })),
    ],
  };
}
