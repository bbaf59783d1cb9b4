/** A part of the settings that `enabled` turns on and off. */
export interface Switched {
  /**
   * Turns the part on. `false` turns it off and leaves its other keys in place.
   *
   * @defaultValue `true` if the part is set
   */
  enabled?: boolean;
}

/** What is written of a part that is on; undefined: it is off, by `enabled: false` or since nobody wrote it down. */
export function whenEnabled<T extends { readonly enabled?: boolean | undefined }>(
  given: T | undefined,
): T | undefined {
  return given?.enabled === false ? undefined : given;
}
