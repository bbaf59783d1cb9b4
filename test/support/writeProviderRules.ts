/** Writes docs/contributing/provider-rules.md. */
import { formatted, write } from "../../scripts/settings/content";
import { PROVIDER_RULES, providerRules } from "../engine/providers/aws/original/page";

async function main(): Promise<void> {
  write(PROVIDER_RULES, await formatted(PROVIDER_RULES, providerRules()));
}

void main();
