import * as https from "node:https";
import { parse } from "yaml";

/** A way to the cluster's API that depends on no host: what a kubeconfig says. */
export interface ApiAccess {
  /** `https://host:port`. */
  readonly server: string;
  /** The name in the certificate. */
  readonly serverName: string;
  /** PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: Readonly<Record<"server" | "tls-server-name" | "certificate-authority-data", string>>;
  }[];
  readonly users: readonly {
    readonly user: Readonly<Record<"client-certificate-data" | "client-key-data", string>>;
  }[];
}

/** Reads a kubeconfig that `renderKubeconfig` wrote. */
export function apiAccess(kubeconfig: string): ApiAccess {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const [first, administrator] = [clusters[0]?.cluster, users[0]?.user];
  if (first === undefined || administrator === undefined) throw new RangeError("the kubeconfig is empty");
  const pem = (text: string): string => Buffer.from(text, "base64").toString("utf8");
  return {
    server: first.server,
    serverName: first["tls-server-name"],
    ca: pem(first["certificate-authority-data"]),
    certificate: pem(administrator["client-certificate-data"]),
    key: pem(administrator["client-key-data"]),
  };
}

/** Milliseconds for one answer. */
const PATIENCE = 10_000;

/**
 * One object of the API; undefined: there is no such object.
 * @throws Error in the words of the API or of the network
 */
export function getObject(api: ApiAccess, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      new URL(path, api.server),
      {
        ca: api.ca,
        cert: api.certificate,
        key: api.key,
        servername: api.serverName,
        agent: false,
        timeout: PATIENCE,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const { statusCode } = response;
          if (statusCode === 404) return resolve(undefined);
          if (statusCode !== 200)
            return reject(new Error(`${path}: ${statusCode ?? "no status"} ${text.trim().slice(0, 200)}`));
          try {
            resolve(JSON.parse(text));
          } catch {
            reject(new Error(`${path}: the answer is not JSON`));
          }
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${PATIENCE / 1000} s`)));
    request.on("error", reject);
    request.end();
  });
}
