/** What the smoke test needs to know besides how to reach the cluster. */
export interface SmokeOptions {
  /**
   * Image of the pods: it must contain a web server that returns its pod's name, and a shell with `wget` and
   * `nslookup`.
   */
  readonly image: string;
  /** Shell command that starts the server on `port`. */
  readonly server: string;
  /** Port that the server listens on. */
  readonly port: number;
  /** Path at which the server returns the name of its pod. */
  readonly path: string;
  /** Number of pods, spread over as many nodes as possible. */
  readonly replicas: number;
  /** Time limit of each step, in seconds. It includes pulling images. */
  readonly timeout: number;
  /** Also calls a NodePort at the nodes' addresses, from where the test runs. */
  readonly nodePort: boolean;
  /** Steps to skip. */
  readonly skip: readonly SmokeStep[];
}

/** The steps in order. */
export const SMOKE_STEPS = [
  "nodes",
  "secret",
  "deployment",
  "logs",
  "exec",
  "port-forward",
  "service",
  "dns",
  "node-port",
  "clean-up",
] as const;
export type SmokeStep = (typeof SMOKE_STEPS)[number];

/** agnhost is what Kubernetes' own end-to-end tests run (kubernetes/test/images/agnhost; `netexec` serves /hostname). */
export const SMOKE_DEFAULTS: SmokeOptions = {
  image: "registry.k8s.io/e2e-test-images/agnhost:2.53",
  server: "/agnhost netexec --http-port=8080",
  port: 8080,
  path: "/hostname",
  replicas: 2,
  timeout: 180,
  nodePort: false,
  skip: [],
};

/** Result of a step. */
export interface SmokeResult {
  /** Name of the step. */
  readonly step: SmokeStep;
  /** Whether it passed. */
  readonly ok: boolean;
  /** What the step saw, or what went wrong; contains no secrets. */
  readonly saw: string;
  /** How long it took, in seconds. */
  readonly seconds: number;
}
