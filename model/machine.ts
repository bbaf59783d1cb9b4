import type { MachineRole, Removal } from "./settings/resolved";

/** A machine as the cluster knows it: who and where it is, but not how to log in to it. */
export interface ClusterMachine {
  /** The machine's key in the settings: its identity. */
  readonly name: string;
  /** The Node's name. */
  readonly nodeName: string;
  readonly role: MachineRole;
  /** Worker pool; "" for control-plane nodes and load balancers. */
  readonly pool: string;
  /** IPv4 address that nodes use among themselves. */
  readonly nodeAddress: string;
  /** Raised by hand when the machine behind the name is another one, or was wiped. */
  readonly revision: number;
  /** What a removal does when it is refused. */
  readonly removal: Removal;
}
