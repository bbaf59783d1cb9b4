/** Settings of who uses the cluster: tenants and roles. */
export const tenancyShape = {};
