import { sha256 } from "../../core/hash";
import { LABEL_DOMAIN } from "../../core/labelDomain";
import { prelude } from "../../node/shell";
import { awsScript } from "../node/calls";

/** A node of a pool as the API has it. */
export interface PoolNode {
  /** That of the Node object: another instance may get the same name. */
  readonly uid: string;
  readonly name: string;
  readonly pool: string;
  readonly ready: boolean;
  readonly address: string;
  /** As `aws:///eu-central-1a/i-0123456789abcdef0`; "" before the cloud controller has seen it. */
  readonly providerId: string;
}

/** Run on a control-plane node: prints what `readPoolNodes` reads. Changes nothing. */
export function poolNodesScript(): string {
  return `${prelude()}${awsScript("rotation/scripts/nodes.sh", {})}`;
}

export function readPoolNodes(text: string): PoolNode[] {
  return text.split("\n").flatMap((line) => {
    const [, uid, name, pool, ready, address = "", providerId = ""] =
      /^##node (\S+) (\S+) (\S+) (\S*) (\S*) ?(\S*)$/.exec(line) ?? [];
    if (uid === undefined || name === undefined || pool === undefined) return [];
    return [
      { uid, name, pool, ready: ready === "True", address, providerId: providerId.replace("<no value>", "") },
    ];
  });
}

/** A script that runs as root on a pool's node, outside of the pod that starts it. */
export interface NodeScript {
  readonly node: Pick<PoolNode, "name" | "uid">;
  /** Image of the pod: one that the node has. */
  readonly image: string;
  /** A whole bash script without secrets: it stands in the pod's specification. */
  readonly script: string;
  /** Seconds that it may take. */
  readonly timeout: number;
}

/** Seconds for which one look waits for the pod's end. */
const SLICE = 20;
/** Folders of the host that its programs and their libraries are in; some are links into `/usr`, which a volume follows. */
const PROGRAMS = ["/usr", "/bin", "/lib", "/lib64"] as const;

export function podName({ node, script }: Pick<NodeScript, "node" | "script">): string {
  return `pulumi-kubeadm-rotation-${sha256(`${node.uid}\n${script}`).slice(0, 16)}`;
}

/**
 * A pod of one node that enters the host's namespaces by the host's own programs, so that no image has to be pulled: nobody logs in to
 * instances of a pool. The namespace's pods are exempt from restrictions, as CNI and kube-proxy need it.
 */
export function nodePod(given: NodeScript): object {
  const mounts = PROGRAMS.map((path) => ({ path, name: path.slice(1) }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(given),
      namespace: "kube-system",
      labels: { "app.kubernetes.io/managed-by": "pulumi-kubeadm", [`${LABEL_DOMAIN}/rotates`]: "node" },
    },
    spec: {
      nodeName: given.node.name,
      hostNetwork: true,
      hostPID: true,
      restartPolicy: "Never",
      activeDeadlineSeconds: given.timeout,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      priorityClassName: "system-node-critical",
      tolerations: [{ operator: "Exists" }],
      containers: [
        {
          name: "script",
          image: given.image,
          imagePullPolicy: "IfNotPresent",
          command: ["/usr/bin/nsenter", "--target", "1", "--mount", "--uts", "--ipc", "--net", "--pid", "--"],
          args: ["/bin/bash", "-c", given.script],
          securityContext: { privileged: true, runAsUser: 0 },
          terminationMessagePolicy: "FallbackToLogsOnError",
          volumeMounts: mounts.map(({ path, name }) => ({ name, mountPath: path, readOnly: true })),
        },
      ],
      volumes: mounts.map(({ path, name }) => ({ name, hostPath: { path } })),
    },
  };
}

/** How a pod stands: `Gone` where its node was taken away, or where somebody deleted it. */
export interface PodState {
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Gone";
  /** Why it does not start, in the kubelet's words; "" where it says nothing. */
  readonly waits: string;
  /** What the script has said, when it has ended. */
  readonly log: string;
}

/**
 * Run on a control-plane node: looks at the pod for some seconds, and prints what `readPodState` reads.
 * @param begins starts it first, unless it is under way
 */
export function podScript(given: NodeScript, begins: boolean, slice = SLICE): string {
  return `${prelude()}${awsScript("rotation/scripts/pod.sh", {
    pod: podName(given),
    manifest: JSON.stringify(nodePod(given)),
    begins,
    slice,
  })}`;
}

export function readPodState(text: string): PodState {
  const [, phase = "Gone", rest = ""] = /^##pod (\w+)\n([^]*)$/m.exec(text) ?? [];
  const [, waits = ""] = /^##waits (.*)$/m.exec(rest) ?? [];
  return {
    phase: phase as PodState["phase"],
    waits: waits.trim(),
    log: rest.replace(/^##waits .*\n?/gm, ""),
  };
}

/** Run on a control-plane node: takes a pod away. */
export function forgetPodScript(given: Pick<NodeScript, "node" | "script">): string {
  return `${prelude()}${awsScript("rotation/scripts/forget-pod.sh", { pod: podName(given) })}`;
}
