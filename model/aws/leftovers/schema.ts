import { z } from "zod";
import { BALANCERS_AT_DESTROY, VOLUMES_AT_DESTROY } from "./settings";

export const onDestroy = z
  .strictObject({
    loadBalancers: z.enum(BALANCERS_AT_DESTROY).default("delete"),
    volumes: z.enum(VOLUMES_AT_DESTROY).default("keep"),
  })
  .prefault({});
