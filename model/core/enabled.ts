/** A part of the settings that is switched by `enabled`, with what else it takes. */
export interface Switched {
  /**
   * Whether there is one.
   *
   * @defaultValue true, once the key is written
   */
  enabled?: boolean;
}

/** What is written of a part that is on; undefined: it is off, by `enabled: false` or since nobody wrote it down. */
export function whenEnabled<T extends { readonly enabled?: boolean | undefined }>(
  given: T | undefined,
): T | undefined {
  return given?.enabled === false ? undefined : given;
}
