import { matching } from "../../settings/schema/primitives";

/** A share of a pool; EC2 Auto Scaling knows no other measure (API reference, RefreshPreferences). */
export const share = matching(
  /^(\d{1,2}|100)%$/,
  "a percentage of the pool's nodes from 0% to 100%, such as 25%",
);

export const refreshShape = { maxUnavailable: share.optional(), maxSurge: share.optional() };
