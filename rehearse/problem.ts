/** The rehearsal could not be held: its message is for a terminal and free of secrets. */
export class RehearsalError extends Error {}
