import type { ClusterSettings, OidcSettings } from "../settings/resolved";
import { paths } from "./paths";

/** Paths that anybody may ask without credentials: load balancers and kubeadm's own probes do. */
const anonymousPaths = ["/livez", "/readyz", "/healthz"] as const;

/**
 * Whether the API server reads an AuthenticationConfiguration. It refuses one beside any `--oidc-*` flag and beside
 * `--anonymous-auth` (k8s.io/kubernetes v1.36.4, pkg/kubeapiserver/options/authentication.go), so a user who gives
 * those as extra arguments keeps them. `apiserver.config.k8s.io/v1` has the kind since 1.34.
 */
export function usesAuthenticationFile(settings: ClusterSettings): boolean {
  const minor = Number(settings.kubernetesVersion.split(".")[1]);
  const names = Object.keys(settings.apiServer.extraArgs);
  return (
    minor >= 34 &&
    !names.some(
      (name) => name.startsWith("oidc-") || name === "anonymous-auth" || name === "authentication-config",
    )
  );
}

/**
 * AuthenticationConfiguration: anonymous requests only to the health paths, and the OIDC issuer when there is one.
 * @param oidcCa CA of the issuer in PEM, by the name `oidc.ca` in the secrets
 */
export function authenticationConfiguration(settings: ClusterSettings, oidcCa?: string): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt: settings.oidc === undefined ? [] : [jwtAuthenticator(settings.oidc, oidcCa)],
    anonymous: { enabled: true, conditions: anonymousPaths.map((path) => ({ path })) },
  };
}

function jwtAuthenticator(oidc: OidcSettings, ca?: string): object {
  return {
    issuer: { url: oidc.issuerUrl, audiences: [oidc.clientId], certificateAuthority: ca },
    claimMappings: {
      username: { claim: oidc.usernameClaim, prefix: usernamePrefix(oidc) },
      groups:
        oidc.groupsClaim === undefined
          ? undefined
          : { claim: oidc.groupsClaim, prefix: oidc.groupsPrefix ?? "" },
    },
  };
}

/** As the flag `--oidc-username-prefix` does: `-` is none, and all claims but `email` get the issuer's URL by default. */
export function usernamePrefix(oidc: OidcSettings): string {
  if (oidc.usernamePrefix === "-") return "";
  return oidc.usernamePrefix ?? (oidc.usernameClaim === "email" ? "" : `${oidc.issuerUrl}#`);
}

/** The same issuer as flags, for an API server that reads no file. */
export function oidcArguments(oidc: OidcSettings): Record<string, string> {
  const optional = {
    "oidc-username-prefix": oidc.usernamePrefix,
    "oidc-groups-claim": oidc.groupsClaim,
    "oidc-groups-prefix": oidc.groupsPrefix,
    "oidc-ca-file": oidc.ca === undefined ? undefined : paths.oidcCa,
  };
  return {
    "oidc-issuer-url": oidc.issuerUrl,
    "oidc-client-id": oidc.clientId,
    "oidc-username-claim": oidc.usernameClaim,
    ...Object.fromEntries(
      Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}
