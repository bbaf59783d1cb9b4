import { parseAlone } from "../../settings/alone";
import { gatewayApiObject } from "./schema";
import { GATEWAY_API_SOURCE, type GatewayApiSettings } from "./settings";

/** @throws SettingsError with every problem */
export function parseGatewayApi(given: unknown, title: string): GatewayApiSettings {
  const { source } = parseAlone(title, given, {
    schema: gatewayApiObject,
    key: "gatewayApi",
    around: () => ({}),
    checks: [],
  });
  return { source: source ?? GATEWAY_API_SOURCE };
}
