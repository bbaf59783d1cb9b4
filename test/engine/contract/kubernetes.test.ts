/**
 * The contract of the Kubernetes provider, through the real engine and against a real API server. It runs against the
 * stand-in, or the official plugin where that is installed or PULUMI_REAL_PROVIDERS=1 asks for it.
 */
import { afterAll, beforeAll, describe } from "vitest";
import { startApiServer, type ApiServer } from "../apiServer";
import { describeWithEngine } from "../available";
import { configurationContract } from "./kubernetes/configuration";
import { lifecycleContract } from "./kubernetes/lifecycle";
import { ownershipContract } from "./kubernetes/ownership";
import { releaseContract } from "./kubernetes/releases";
import { waitingContract } from "./kubernetes/waiting";

describeWithEngine("kubernetes provider", () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApiServer();
  });
  afterAll(async () => api?.stop());

  describe("life of objects", () => lifecycleContract(() => api));
  describe("ownership of fields", () => ownershipContract(() => api));
  describe("waiting", () => waitingContract(() => api));
  describe("Helm releases", () => releaseContract(() => api));
  // Last, since it stops the API server for a while.
  describe("settings and clusters out of reach", () => configurationContract(() => api));
});
