/**
 * Milliseconds for what takes seconds. It ends a test that hangs, and decides nothing else: a busy machine may take many times
 * as long as one that is idle.
 */
export const HANGS_AFTER = 300_000;
