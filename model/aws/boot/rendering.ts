import { sha256 } from "../../core/hash";
import type { AwsSettings } from "../settings";

/** @throws RangeError on platform `machines`, which boots nothing */
export function bootSettings(settings: { readonly aws?: AwsSettings }): AwsSettings {
  if (settings.aws === undefined) throw new RangeError("user data is for platform aws");
  return settings.aws;
}

/** Stands for the digest of a rendering in the rendering itself. */
export const UNKNOWN_BOOT = "@BOOT@";

/** Names one rendering of what a pool's instances start with. */
export function bootDigest(rendered: string): string {
  return sha256(rendered).slice(0, 12);
}

/** The rendering with its own digest in it. */
export function withBootDigest(rendered: string): string {
  return rendered.replaceAll(UNKNOWN_BOOT, bootDigest(rendered));
}
