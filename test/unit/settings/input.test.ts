import { expectTypeOf, it } from "vitest";
import type { z } from "zod";

import type { AwsClusterInput, MachinesClusterInput } from "../../../model/settings/input/cluster";
import type { awsCluster, machinesCluster } from "../../../model/settings/schema/cluster";

/** True where the two are one type to the compiler, down to which keys may be left out. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Keys of both sides whose types differ, so that an error of the compiler names them. */
type Different<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B
    ? Same<Pick<A, K>, Pick<B, K>> extends true
      ? never
      : K
    : K;
}[keyof A | keyof B];

it("written input types are the schemas' own, on both platforms", () => {
  expectTypeOf<Different<MachinesClusterInput, z.input<typeof machinesCluster>>>().toEqualTypeOf<never>();
  expectTypeOf<Different<AwsClusterInput, z.input<typeof awsCluster>>>().toEqualTypeOf<never>();
});
