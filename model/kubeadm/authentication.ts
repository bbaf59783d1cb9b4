import type { ExtraArgs, OidcSettings } from "../settings/resolved";

/** Paths that anybody may ask without credentials: load balancers and kubeadm's own probes do. */
export const anonymousPaths = ["/livez", "/readyz", "/healthz"] as const;

/** Who may log in to the API server, and how. */
export interface AuthenticationSpec {
  readonly apiServer: { readonly extraArgs: ExtraArgs };
  readonly oidc?: OidcSettings;
}

/** Whether the API server reads the library's AuthenticationConfiguration, and not one that the settings bring. */
export function usesAuthenticationFile({ apiServer }: Pick<AuthenticationSpec, "apiServer">): boolean {
  return !("authentication-config" in apiServer.extraArgs);
}

/**
 * AuthenticationConfiguration: anonymous requests only to the health paths, and the OIDC issuer when there is one.
 * @param oidcCa CA of the issuer in PEM, by the name `oidc.ca` in the secrets
 */
export function authenticationConfiguration(
  { oidc }: Pick<AuthenticationSpec, "oidc">,
  oidcCa?: string,
): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt: oidc === undefined ? [] : [jwtAuthenticator(oidc, oidcCa)],
    anonymous: { enabled: true, conditions: anonymousPaths.map((path) => ({ path })) },
  };
}

function jwtAuthenticator(oidc: OidcSettings, ca?: string): object {
  return {
    issuer: { url: oidc.issuerUrl, audiences: [oidc.clientId], certificateAuthority: ca },
    ...(oidc.requiredClaims === undefined
      ? {}
      : {
          claimValidationRules: Object.entries(oidc.requiredClaims).map(([claim, requiredValue]) => ({
            claim,
            requiredValue,
          })),
        }),
    claimMappings: {
      username: { claim: oidc.usernameClaim, prefix: usernamePrefix(oidc) },
      groups:
        oidc.groupsClaim === undefined ? undefined : { claim: oidc.groupsClaim, prefix: groupsPrefix(oidc) },
    },
  };
}

/** As the flag `--oidc-username-prefix` does: `-` is none, and all claims but `email` get the issuer's URL by default. */
export function usernamePrefix(oidc: OidcSettings): string {
  if (oidc.usernamePrefix === "-") return "";
  return oidc.usernamePrefix ?? (oidc.usernameClaim === "email" ? "" : `${oidc.issuerUrl}#`);
}

/** Names of groups get a prefix unless the settings say `-`: whoever makes groups at an issuer makes none that the cluster trusts. */
export function groupsPrefix({ groupsPrefix: prefix = "" }: OidcSettings): string {
  return prefix === "-" ? "" : prefix;
}
