import { get } from "node:http";

/** What is read of a Node. */
export interface AddressedNode {
  readonly metadata?: { readonly name?: string };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}

/** Milliseconds for one address. */
const PATIENCE = 10_000;

/**
 * Asks each node at a port: at its address inside, and where that does not answer at its address outside, since the one who
 * asks may be on either side. Answers are what each node said, with the address.
 *
 * @throws Error when a node answers at none of its addresses
 */
export async function askNodes(
  nodes: readonly AddressedNode[],
  port: number,
  path: string,
): Promise<{ address: string; answer: string }[]> {
  return Promise.all(nodes.map((node) => askNode(node, port, path)));
}

async function askNode(
  node: AddressedNode,
  port: number,
  path: string,
): Promise<{ address: string; answer: string }> {
  const found: string[] = [];
  for (const type of ["InternalIP", "ExternalIP"]) {
    for (const one of node.status?.addresses ?? []) {
      if (one.type !== type) continue;
      try {
        return { address: one.address, answer: await fetchText(urlOf(one.address, port, path)) };
      } catch (error) {
        found.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  const name = node.metadata?.name ?? "a node";
  throw new Error(found.length > 0 ? `${name}: ${found.join("; ")}` : `${name} has no address`);
}

function urlOf(address: string, port: number, path: string): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}${path}`;
}

export function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { timeout: PATIENCE, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(text.trim());
        else reject(new Error(`${url} answered ${response.statusCode ?? 0}`));
      });
    });
    request.on("timeout", () =>
      request.destroy(new Error(`${url} did not answer within ${PATIENCE / 1000} s`)),
    );
    request.on("error", reject);
  });
}
