/**
 * Servers at Hetzner Cloud and a cluster on them, in one program. With another provider only `Server` changes: it takes user data,
 * and says where the server is. docs/any-cloud.md explains each part.
 *
 * Before the first `pulumi up`:
 *   pulumi config set --secret hcloud:token
 *   pulumi config set networkId <id of a network with 10.40.0.0/24>
 */
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { Cluster, type MachineArgs } from "../../index";

interface ServerArgs {
  readonly image: string;
  readonly serverType: string;
  readonly location: string;
  readonly networks: readonly { readonly networkId: number; readonly ip: string }[];
  readonly userData: pulumi.Input<string>;
}

/** In your project: `import { Server } from "@pulumi/hcloud"`. This class says the same, so that the example needs no other package. */
class Server extends pulumi.CustomResource {
  declare readonly ipv4Address: pulumi.Output<string>;

  constructor(name: string, args: ServerArgs) {
    super("hcloud:index/server:Server", name, { ...args, ipv4Address: undefined });
  }
}

const networkId = new pulumi.Config().requireNumber("networkId");

/** Opens the servers to the program. */
const login = new tls.PrivateKey("login", { algorithm: "ED25519" });

/** What cloud-init does at the first boot: a user for the program, and the host key that the program will ask for. */
function userData(hostKey: tls.PrivateKey): pulumi.Output<string> {
  return pulumi
    .all([login.publicKeyOpenssh, hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh])
    .apply(([operator, privateKey, publicKey]) => {
      const user = {
        name: "operator",
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [operator.trim()],
      };
      const keys = { ed25519_private: privateKey, ed25519_public: publicKey.trim() };
      return `#cloud-config\n${JSON.stringify({ users: [user], ssh_deletekeys: true, ssh_keys: keys })}\n`;
    });
}

/** A server, as a machine of the cluster. */
function machine(name: string, role: "controlPlane" | "worker", nodeAddress: string): MachineArgs {
  const hostKey = new tls.PrivateKey(`${name}-host-key`, { algorithm: "ED25519" });
  const server = new Server(name, {
    image: "debian-13",
    serverType: "cx33",
    location: "nbg1",
    networks: [{ networkId, ip: nodeAddress }],
    userData: userData(hostKey),
  });
  // Outputs: the address is known when the server is made. An address that you choose may be plain.
  return {
    role,
    host: server.ipv4Address,
    hostKey: hostKey.publicKeyOpenssh,
    nodeAddress,
    user: "operator",
    key: "operator",
  };
}

const cluster = new Cluster("shop", {
  settings: {
    // Names, roles and pools are plain: they determine which resources exist.
    machines: {
      cp1: machine("cp1", "controlPlane", "10.40.0.11"),
      w1: machine("w1", "worker", "10.40.0.21"),
      w2: machine("w2", "worker", "10.40.0.22"),
    },
  },
  secrets: { operator: login.privateKeyOpenssh },
});

/** `pulumi stack output --show-secrets kubeconfig`. */
export const kubeconfig = cluster.kubeconfig;
