/** A file as it is on a host. */
export interface RenderedFile {
  /** Absolute path on the host. */
  readonly path: string;
  readonly content: string;
  /** Permissions in octal as `chmod` takes them, such as `0644`. The owner is root. */
  readonly mode: string;
}
