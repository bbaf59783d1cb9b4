/**
 * Writes to the API without pause until it is told to stop: each write is an object of its own, over a connection of its own, so
 * that balancers decide about each. What was acknowledged is in the log, one line a write: when it ended, its number, the answer.
 */
import * as fs from "node:fs";
import * as https from "node:https";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";

/** Milliseconds that a write may take, and between two writes. */
const PATIENCE = 5_000;
const PAUSE = 100;

interface Kubeconfig {
  readonly clusters: readonly {
    cluster: { server: string; "certificate-authority-data": string; "tls-server-name"?: string };
  }[];
  readonly users: readonly { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

function decoded(data: string): Buffer {
  return Buffer.from(data, "base64");
}

/** Status of the answer, or why there was none. */
function write({ clusters, users }: Kubeconfig, namespace: string, number: number): Promise<string> {
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const body = JSON.stringify({ metadata: { name: `write-${number}` }, data: { number: String(number) } });
  const servername = cluster["tls-server-name"];
  return new Promise((resolve) => {
    const request = https.request(
      `${cluster.server}/api/v1/namespaces/${namespace}/configmaps`,
      {
        method: "POST",
        agent: false,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        ca: decoded(cluster["certificate-authority-data"]),
        cert: decoded(user["client-certificate-data"]),
        key: decoded(user["client-key-data"]),
        ...(servername === undefined ? {} : { servername }),
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(String(response.statusCode)));
        response.on("error", (error) => resolve(error.message));
      },
    );
    const timer = setTimeout(() => request.destroy(new Error("timeout")), PATIENCE);
    request
      .on("error", (error) => resolve(error.message.replace(/\s+/g, " ")))
      .on("close", () => clearTimeout(timer));
    request.end(body);
  });
}

async function main(): Promise<void> {
  const [, , kubeconfig = "", namespace = "", log = "", stop = ""] = process.argv;
  const config = parse(fs.readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  for (let number = 1; !fs.existsSync(stop) && fs.existsSync(path.dirname(stop)); number += 1) {
    const answer = await write(config, namespace, number);
    fs.appendFileSync(log, `${Date.now()} ${number} ${answer}\n`);
    await delay(PAUSE);
  }
}

void main();
