import { LABEL_DOMAIN } from "../../core/labelDomain";
import { configFolder } from "../../kubeadm/paths";

/** Folder of the programs that run on EC2 hosts only. */
export const programFolder = "/usr/local/lib/pulumi-kubeadm";
/** Calls AWS by the instance's own role. */
export const awsProgram = `${programFolder}/aws.py`;
export const nodeSetup = `${programFolder}/node-setup`;
export const bootProgram = `${programFolder}/boot`;
/** Where the boot goes on, once it is fetched. */
export const becomeNode = `${programFolder}/become-node`;
export const lifecycleProgram = `${programFolder}/lifecycle.py`;
export const bootUnit = "pulumi-kubeadm-boot.service";
export const lifecycleUnit = "pulumi-kubeadm-lifecycle.service";
export const credentialsUnit = "pulumi-kubeadm-pool-credentials";
/** Join document of a worker, with tokens where only the instance knows the value. */
export const joinTemplate = `${configFolder}/join.template.yaml`;
/** Its presence says that the boot is done, and nothing is to be done at the next. */
export const joinedMark = "/var/lib/pulumi-kubeadm/joined";

/** Its presence says that the group knows that the instance is a Ready node. */
export const launchedMark = "/var/lib/pulumi-kubeadm/launched";

/** Tokens that the boot script replaces by what the metadata service says. */
export const NODE_NAME = "@NODE_NAME@";
export const NODE_ADDRESS = "@NODE_ADDRESS@";

/** What a worker says of itself when it registers: its pool, and which rendering of the pool's boot it came up with. */
export const POOL_LABEL = `${LABEL_DOMAIN}/pool`;
export const BOOT_LABEL = `${LABEL_DOMAIN}/boot`;
