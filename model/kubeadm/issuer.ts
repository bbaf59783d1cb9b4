import type { ExtraArgs } from "../settings/resolved";

/** Where the API server publishes its keys, below the issuer (Kubernetes, pkg/serviceaccount/openidmetadata.go). */
export const JWKS_PATH = "openid/v1/jwks";
/** The audience that AWS' own clients ask tokens for. */
export const STS_AUDIENCE = "sts.amazonaws.com";
/** Stands for the issuer in the settings: the bucket's name is only known once it is made. */
export const ISSUER_TOKEN = "${issuer}";

/** Pods have their own identities at AWS, which believes the cluster's issuer. */
export interface PodIdentitySpec {
  /** undefined: switched off. */
  readonly podIdentity?: { readonly audiences: readonly string[] };
}

/** What decides which issuers the API server accepts. */
export interface IssuerSpec {
  readonly network: { readonly clusterDomain: string };
  readonly apiServer: { readonly extraArgs: ExtraArgs };
  readonly aws?: PodIdentitySpec;
}

const FLAG = "service-account-issuer";

/**
 * Issuers of service-account tokens that the API server accepts, the one of new tokens first. On AWS with pod identities it
 * is `ISSUER_TOKEN`, whose value is known once the bucket is there.
 */
export function serviceAccountIssuers(settings: IssuerSpec): string[] {
  if (settings.aws?.podIdentity !== undefined) return [ISSUER_TOKEN];
  const given: unknown = settings.apiServer.extraArgs[FLAG];
  if (given !== undefined) return (Array.isArray(given) ? given : [given]).map(String);
  return [defaultIssuer(settings.network.clusterDomain)];
}

/** kubeadm's own (app/phases/controlplane/manifests.go). */
export function defaultIssuer(clusterDomain: string): string {
  return `https://kubernetes.default.svc.${clusterDomain}`;
}

/**
 * Why a living API server cannot take these issuers, or undefined. Tokens of running pods name the issuer of their time; an
 * API server that does not list it refuses them until the kubelets have fetched new ones, which takes up to an hour.
 * @param living as the API server's flags have them, the one of new tokens first
 * @param wanted `serviceAccountIssuers`
 */
export function changedIssuer(living: readonly string[], wanted: readonly string[]): string | undefined {
  const [current] = living;
  if (current === undefined || wanted.includes(current)) return undefined;
  const onAws = wanted.includes(ISSUER_TOKEN);
  const ofCluster = current.startsWith("https://kubernetes.default.svc");
  // The value behind the token comes later than this look.
  if (onAws && !ofCluster) return undefined;
  if (onAws)
    return (
      "podIdentity: the living cluster issues service-account tokens without it, so pods would lose access to the API until their " +
      "tokens are renewed. podIdentity is fixed when the cluster is created: set it to false, or create a new cluster"
    );
  return (
    `the issuer of service-account tokens: the living cluster has ${current}, but the settings say ${wanted.join(", ")}. ` +
    "Pods would lose access to the API until their tokens are renewed: it is fixed when the cluster is created. " +
    "Set podIdentity, or apiServer.extraArgs.service-account-issuer back, or create a new cluster"
  );
}
