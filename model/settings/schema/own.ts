/** What people bring themselves. */
export const ownShape = {};
