import { resources } from "../settings/effect";
import type { Path, Problems } from "../settings/problems";
import { entriesOf } from "../settings/prune";
import { adviseTenancy } from "./advise";
import type { TenancyInput } from "./input";
import { resolveTenancy } from "./resolve";
import { tenancyShape } from "./schema";
import type { TenancySurroundings } from "./surroundings";
import { validateGrants, validateTenants } from "./validate";

/** Tenants, and roles of people: everything that the settings know of them. */
export const tenancy = {
  shape: tenancyShape,
  effects: [
    resources(
      ["tenants.**", "roles[].**"],
      "objects of the tenant; removing a tenant deletes its namespace and everything in it, unless `protect` is set",
    ),
  ],
  resolve: resolveTenancy,
  validate: (facts: TenancySurroundings, problems: Problems): void => {
    validateTenants(facts, problems);
    validateGrants(facts, problems);
  },
  advise: adviseTenancy,
  lists: ({ roles }: TenancyInput): [Path, readonly string[]][] =>
    entriesOf(roles).map(([index, { namespaces = [] }]) => [["roles", index, "namespaces"], namespaces]),
};
