import { type Switched, whenEnabled } from "../../core/enabled";

/**
 * Custom resource definitions of Gateway API: `gatewayApi` in the settings, and arguments of the component
 * `GatewayApi`.
 */
export interface GatewayApiInput {
  /**
   * URL or path of the file with the definitions.
   *
   * @defaultValue upstream's standard channel, in the pinned release
   */
  source?: string;
}

export interface GatewayApiSettings {
  /** URL or path of the file with the definitions. */
  readonly source: string;
}

// The release that Traefik v3.7 is made for (traefik-helm-chart 41.3.0, README); the standard channel.
export const GATEWAY_API_SOURCE =
  "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml";

/** Gateway API with defaults filled in; undefined: it is not installed. */
export function resolveGatewayApi(
  given: (GatewayApiInput & Switched) | undefined,
): GatewayApiSettings | undefined {
  const written = whenEnabled(given);
  return written && { source: written.source ?? GATEWAY_API_SOURCE };
}
