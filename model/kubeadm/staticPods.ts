import type { ScriptVariables } from "../core/script";
import { API_PORT } from "../network/ports";
import { SHUTDOWN_DELAY, WATCHES_END_WITHIN } from "./cluster";
import { paths, restartTable } from "./paths";

/** Seconds for requests that the API server works on when it accepts no more. */
const REQUESTS_END_WITHIN = 10;

/** What `static-pods.sh` needs, which restarts components of the control plane so that clients notice as little as possible. */
export const staticPodVariables: ScriptVariables = {
  pki: paths.pki,
  cri_socket: paths.criSocket,
  stop_seconds: {
    "kube-apiserver": String(SHUTDOWN_DELAY + WATCHES_END_WITHIN + REQUESTS_END_WITHIN),
    // It hands its leadership over, and gives open requests seven seconds.
    etcd: "15",
    // Leases say who works, and what is killed is taken up again; a scheduler in the lab used up whatever time it was given.
    "kube-controller-manager": "3",
    "kube-scheduler": "3",
  },
  api_table: `inet ${restartTable}`,
  api_port: API_PORT,
  restart_unit: "pulumi-kubeadm-restart",
  // Balancers that ask nobody hear of it when clients in the cluster have left, and before the server closes its port.
  api_leave_seconds: SHUTDOWN_DELAY - 3,
};
