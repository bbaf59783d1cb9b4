/** What the smoke test needs to know besides how to reach the cluster. */
export interface SmokeOptions {
  /** Image of the pods: a web server that names its pod, and a shell with `wget` and `nslookup`. */
  readonly image: string;
  /** Starts the server at `port`, in a shell. */
  readonly server: string;
  readonly port: number;
  /** Path that the server answers with the name of its pod. */
  readonly path: string;
  /** Pods that are started; at most one on each node that takes pods, where there are as many. */
  readonly replicas: number;
  /** Seconds for each step: images have to come first. */
  readonly timeout: number;
  /** Asks the nodes' addresses for a NodePort, from where the test runs. */
  readonly nodePort: boolean;
  /** Steps that are left out. */
  readonly skip: readonly SmokeStep[];
}

/** The steps in their order. */
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

/** What a step has found. */
export interface SmokeResult {
  readonly step: SmokeStep;
  readonly ok: boolean;
  /** What was seen, or what went wrong; holds no secret. */
  readonly saw: string;
  readonly seconds: number;
}
