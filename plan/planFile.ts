/** A file of the plan, its path relative to the plan's folder. */
export interface PlanFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** A file of a host as one of the plan; it can be executed where somebody on the host can. */
export function planFile(path: string, { content, mode }: { content: string; mode: string }): PlanFile {
  const executable = (Number.parseInt(mode, 8) & 0o111) !== 0;
  return { path, content, ...(executable ? { executable } : {}) };
}
