import * as pulumi from "@pulumi/pulumi";
import { expectTypeOf, it } from "vitest";
import type { z } from "zod";

import type * as onAws from "../../../aws";
import type * as core from "../../../index";
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

/** The same type with lists that nobody may change. */
type ReadonlyLists<T> = T extends readonly (infer E)[]
  ? readonly ReadonlyLists<E>[]
  : T extends object
    ? { [K in keyof T]: ReadonlyLists<T[K]> }
    : T;

/** Keys of lists, at any depth, that refuse one written `as const`. */
type ChangeableLists<T> = T extends readonly (infer E)[]
  ? ChangeableLists<E>
  : T extends object
    ? {
        [K in keyof T]-?: NonNullable<T[K]> extends infer V
          ? V extends unknown[]
            ? K
            : ChangeableLists<V>
          : never;
      }[keyof T]
    : never;

it("written input types are the schemas' own, on both platforms", () => {
  expectTypeOf<
    Different<ReadonlyLists<MachinesClusterInput>, ReadonlyLists<z.input<typeof machinesCluster>>>
  >().toEqualTypeOf<never>();
  expectTypeOf<
    Different<ReadonlyLists<AwsClusterInput>, ReadonlyLists<z.input<typeof awsCluster>>>
  >().toEqualTypeOf<never>();
});

it("settings and arguments take lists written as const", () => {
  expectTypeOf<ChangeableLists<MachinesClusterInput>>().toEqualTypeOf<never>();
  expectTypeOf<ChangeableLists<AwsClusterInput>>().toEqualTypeOf<never>();
});

it("arguments of components take them too", () => {
  const addresses = ["192.0.2.1-192.0.2.9"] as const;
  expectTypeOf<{ pools: { lan: { addresses: typeof addresses } } }>().toExtend<core.MetalLbArgs>();
  const roles = [{ group: "platform", role: "view", namespaces: ["shop"] }] as const;
  expectTypeOf<{ roles: typeof roles }>().toExtend<core.AccessArgs>();
  const peers = [{ name: "tor", address: "192.0.2.1", asNumber: 64_512 }] as const;
  expectTypeOf<{ peers: typeof peers }>().toExtend<core.CalicoArgs>();
  const subnets = [
    { id: "subnet-1", zone: "eu-central-1a", cidr: "10.0.0.0/24", subnetType: "public" },
  ] as const;
  expectTypeOf<{ existing: { vpcId: "vpc-1"; subnets: typeof subnets } }>().toExtend<
    Pick<onAws.NetworkArgs, "existing">
  >();
  const upstreamServers = pulumi.output(["192.0.2.53"] as const);
  expectTypeOf<{
    serviceAddress: string;
    upstreamServers: typeof upstreamServers;
  }>().toExtend<core.CoreDnsArgs>();
});

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** Components whose constructors take arguments of several types. */
type Mixed<T> = keyof {
  [
    K in keyof T as T[K] extends abstract new (...args: never[]) => pulumi.ComponentResource
      ? true extends IsUnion<NonNullable<ConstructorParameters<T[K]>[1]>>
        ? K
        : never
      : never
  ]: K;
};

it("constructors declare one type, since the compiler proposes no key for a misspelt one beside another", () => {
  expectTypeOf<Mixed<typeof core>>().toEqualTypeOf<never>();
  expectTypeOf<Mixed<typeof onAws>>().toEqualTypeOf<never>();
});
