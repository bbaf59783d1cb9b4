/**
 * For tests of stacks that use this library: runs a program against Pulumi's mocks, with no engine and no account, and shows
 * every resource it would make with its parent, dependencies, options and secrets.
 *
 * ```ts
 * const resources = await record(() => createMyStack(), { preview: true });
 * expect(byName(resources, "prod-control-plane-init").dependsOn).toContain(...);
 * ```
 */
export { byName, record, type Recorded, type RecordOptions } from "./recorder";
