import { parseAddress } from "../../network/addresses";
import type { Path, Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/prune";
import { rangeHolding, type CniKeys, type CniSurroundings } from "../domain";
import {
  BGP_BACKENDS,
  selects,
  type CalicoInput,
  type CalicoPeerInput as Peer,
  type CalicoSettings,
} from "./settings";

type Input = CniKeys<CalicoInput>;

/** Keys that say how routes are exchanged, and mean nothing where they are not. */
const BGP_KEYS = ["asNumber", "nodeToNodeMesh", "advertiseServices", "routeReflectors", "peers"] as const;

/** Calico's own keys. */
export function validateCalico(
  cni: Input,
  { backend, blockSize }: CalicoSettings,
  around: CniSurroundings,
  problems: Problems,
): void {
  blocksFit(around, cni, blockSize, problems);
  if (around.refused("cni.backend")) return;
  if (!BGP_BACKENDS.includes(backend)) {
    for (const key of BGP_KEYS) {
      if (cni[key] === undefined) continue;
      problems.add(["cni", key], cni[key], `is a BGP setting, but backend ${backend} does not use BGP`, {
        allowed: `backend: ${[...BGP_BACKENDS].reverse().join(" or ")}, or no ${key}`,
      });
    }
    return;
  }
  routesAreExchanged(around, cni, problems);
  peersFit(around, cni, problems);
}

function blocksFit(
  { pods, maxNodes, refused }: CniSurroundings,
  cni: Input,
  blockSize: number,
  problems: Problems,
): void {
  if (refused("cni.blockSize") || pods === undefined) return;
  const { prefix, text } = pods.range;
  const given = cni.blockSize !== undefined;
  const path: Path = given ? ["cni", "blockSize"] : pods.path;
  const value = given ? blockSize : text;
  if (blockSize < prefix) {
    problems.add(path, value, `makes blocks of /${blockSize}, larger than the pod range /${prefix}`, {
      allowed: `${Math.max(20, prefix)} to 32`,
    });
    return;
  }
  const blocks = 2 ** (blockSize - prefix);
  if (maxNodes !== undefined && blocks < maxNodes) {
    problems.add(
      path,
      value,
      `gives ${blocks} blocks of /${blockSize}, but network.maxNodes is ${maxNodes}`,
      {
        allowed: `${prefix + Math.ceil(Math.log2(maxNodes))} or more, or a larger pod range: each node takes at least one block`,
      },
    );
  }
}

/** Somebody hands routes on: all to all, reflectors, or routers outside. */
function routesAreExchanged(around: CniSurroundings, cni: Input, problems: Problems): void {
  const reflectors = cni.routeReflectors;
  const reflected = reflectors !== undefined || around.refused("cni.routeReflectors");
  if (reflected && cni.nodeToNodeMesh === true) {
    problems.add(
      ["cni", "nodeToNodeMesh"],
      true,
      "cannot be combined with routeReflectors, which replace the mesh",
      {
        allowed: "false, which is the default with routeReflectors",
      },
    );
  }
  if (!reflected && cni.peers === undefined && !around.refused("cni.peers") && cni.nodeToNodeMesh === false) {
    problems.add(["cni", "nodeToNodeMesh"], false, "leaves no way for nodes to exchange routes", {
      allowed: "true, routeReflectors, or peers",
    });
  }
  if (reflectors === undefined || around.nodes.length === 0) return;
  if (around.nodes.some(({ labels }) => selects(reflectors.nodeSelector, labels))) return;
  const path = ["cni", "routeReflectors", "nodeSelector"];
  const where = !around.pooled
    ? "a machine has"
    : "the control-plane nodes have (nodes of pools come and go)";
  problems.add(path, reflectors.nodeSelector, "selects no node, so no node would reflect routes", {
    allowed: `labels that ${where} under labels`,
  });
}

function peersFit(around: CniSurroundings, cni: Input, problems: Problems): void {
  problems.addTwins(cni.peers, (index) => ["cni", "peers", index, "name"], { of: ({ name }) => name });
  const seen = new Map<string, string>();
  for (const [index, peer] of entriesOf(cni.peers)) {
    const path: Path = ["cni", "peers", index];
    if (peer.rack !== undefined && peer.nodeSelector !== undefined) {
      problems.add([...path, "rack"], peer.rack, "cannot be combined with nodeSelector: both select nodes", {
        allowed: "one of them; rack is short for nodeSelector: {rack: ...}",
      });
    }
    addressFits(around, peer, path, problems);
    selectorFits(around, peer, path, problems);
    const session = JSON.stringify([peer.address, peer.port ?? 179, peer.rack, peer.nodeSelector]);
    const other = seen.get(session);
    if (other !== undefined) {
      problems.add(
        [...path, "address"],
        peer.address,
        `is also the address of peer ${other} for the same nodes`,
        {
          allowed: "each router once for the same nodes",
        },
      );
    }
    seen.set(session, peer.name);
  }
}

function addressFits(around: CniSurroundings, peer: Peer, path: Path, problems: Problems): void {
  const address = parseAddress(peer.address);
  if (address === undefined) return;
  const inside = rangeHolding(around, address);
  if (inside !== undefined) {
    problems.add([...path, "address"], peer.address, `lies within ${inside}: a router cannot be there`, {
      allowed: "the router's address in the nodes' network",
    });
    return;
  }
  const machine = around.nodes.find((one) => one.nodeAddress === peer.address);
  if (machine === undefined) return;
  problems.add(
    [...path, "address"],
    peer.address,
    `is machine ${machine.name}: nodes already peer with each other`,
    {
      allowed: "a router outside the cluster, or routeReflectors",
    },
  );
}

function selectorFits(around: CniSurroundings, peer: Peer, path: Path, problems: Problems): void {
  const selector = peer.nodeSelector ?? (peer.rack === undefined ? undefined : { rack: peer.rack });
  // Nodes of pools have labels too; a peer of theirs alone is not a mistake.
  if (selector === undefined || around.pooled || around.nodes.length === 0) return;
  if (around.nodes.some(({ labels }) => selects(selector, labels))) return;
  const key = peer.rack === undefined ? "nodeSelector" : "rack";
  const value = peer.rack ?? peer.nodeSelector;
  problems.add([...path, key], value, "selects no machine, so no node would peer with it", {
    allowed: key === "rack" ? "the value of label rack of a machine" : "labels of a machine",
  });
}
