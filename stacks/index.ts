import { createCluster, stackArgs } from "./program";

const { outputs } = createCluster(stackArgs());

export const { kubeconfig, endpoint, caCertificate, tenantKubeconfigs, oidcKubeconfig } = outputs;
