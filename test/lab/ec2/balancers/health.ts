/**
 * One look of a balancer's node at a target (User Guide for Network Load Balancers, "Health checks for target groups"), from the
 * node's own address, so that security groups decide about it as about any other packet.
 */
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import type { HealthCheck } from "./shape";

export function answers(check: HealthCheck, from: string, address: string, port: number): Promise<boolean> {
  return check.protocol === "TCP"
    ? connects(check, from, address, port)
    : responds(check, from, address, port);
}

function connects({ timeout }: HealthCheck, from: string, address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, localAddress: from, timeout: timeout * 1000 });
    const end = (well: boolean): void => {
      socket.destroy();
      resolve(well);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

function responds(check: HealthCheck, from: string, address: string, port: number): Promise<boolean> {
  const { protocol, path, statuses, timeout } = check;
  const [low, high] = statuses;
  const options = { host: address, port, path, localAddress: from, agent: false } as const;
  return new Promise((resolve) => {
    const told = (response: http.IncomingMessage): void => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= low && status <= high);
    };
    // Certificates of targets are not looked at ("Health checks for target groups").
    const request =
      protocol === "HTTPS"
        ? https.get({ ...options, rejectUnauthorized: false }, told)
        : http.get(options, told);
    // A time of its own: the request's own timeout starts again with each byte.
    const timer = setTimeout(() => request.destroy(new Error("timeout")), timeout * 1000);
    request.on("error", () => resolve(false)).on("close", () => clearTimeout(timer));
  });
}
