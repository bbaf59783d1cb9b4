import { parse } from "yaml";
import type { OidcSettings } from "../settings/resolved";
import { toYaml } from "../yaml";

interface Kubeconfig {
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: Readonly<Record<string, unknown>>;
  }[];
}

/** How to reach the cluster, and nothing of who one is: what another kubeconfig says of it. */
function clusterOf(kubeconfig: string): Kubeconfig["clusters"][number] {
  const [cluster] = (parse(kubeconfig) as Kubeconfig).clusters;
  if (cluster === undefined) throw new Error("a kubeconfig without a cluster");
  return cluster;
}

function kubeconfigOf(
  base: string,
  user: { readonly name: string; readonly user: Readonly<Record<string, unknown>> },
  namespace?: string,
): string {
  const cluster = clusterOf(base);
  const context = {
    cluster: cluster.name,
    user: user.name,
    ...(namespace === undefined ? {} : { namespace }),
  };
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [cluster],
    users: [user],
    contexts: [{ name: user.name, context }],
    "current-context": user.name,
  });
}

/** A tenant's kubeconfig: the administrator's way to the cluster with the tenant's certificate, in its namespace. */
export function tenantKubeconfig(
  administrators: string,
  tenant: string,
  credentials: { readonly certificate: string; readonly key: string },
): string {
  const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
  return kubeconfigOf(
    administrators,
    {
      name: `${clusterOf(administrators).name}-${tenant}`,
      user: {
        "client-certificate-data": base64(credentials.certificate),
        "client-key-data": base64(credentials.key),
      },
    },
    tenant,
  );
}

/** Scopes that claims come with (OpenID Connect Core 1.0, section 5.4); `groups` is what most issuers call theirs. */
function scopesOf({ usernameClaim, groupsClaim }: OidcSettings): string[] {
  const scopes = [
    ...(usernameClaim === "email" ? ["email"] : usernameClaim === "sub" ? [] : ["profile"]),
    ...(groupsClaim === undefined ? [] : ["groups"]),
  ];
  return scopes;
}

/**
 * A kubeconfig for everybody who logs in at the issuer: it holds no credentials, kubectl asks for them by the plugin
 * `kubelogin` (`kubectl oidc-login`, github.com/int128/kubelogin).
 */
export function oidcKubeconfig(administrators: string, oidc: OidcSettings): string {
  const scopes = scopesOf(oidc).map((scope) => `--oidc-extra-scope=${scope}`);
  return kubeconfigOf(administrators, {
    name: `${clusterOf(administrators).name}-oidc`,
    user: {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        interactiveMode: "IfAvailable",
        command: "kubectl",
        args: [
          "oidc-login",
          "get-token",
          `--oidc-issuer-url=${oidc.issuerUrl}`,
          `--oidc-client-id=${oidc.clientId}`,
          ...scopes,
        ],
      },
    },
  });
}
