import type { ClusterSettings } from "../../model/settings/resolved";
import { awsOf } from "../../model/aws/spec";
import type { Command } from "./shell";

/** A change of the settings before a command: path below `kubeadm:cluster`, and value; undefined removes it. */
export interface Change {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** One thing that is done: its changes, then its commands, all of which must succeed. */
export interface Step {
  readonly name: string;
  readonly changes?: readonly Change[];
  readonly commands: readonly Command[];
}

export interface Files {
  /** The copy of the stack's settings. */
  readonly stackFile: string;
  readonly kubeconfig: string;
  /** A Service with a load balancer and a claim with a volume, which the destroy has to deal with. */
  readonly objects: string;
}

interface Given {
  readonly stack: string;
  readonly settings: ClusterSettings;
  readonly files: Files;
}

function pulumi({ stack, files }: Given, ...words: readonly string[]): Command {
  return ["pulumi", ...words, "--stack", stack, "--config-file", files.stackFile, "--non-interactive"];
}

function up(given: Given): Command {
  return pulumi(given, "up", "--yes", "--skip-preview");
}

/** Objects whose controllers create something in the account. */
export const OBJECTS = `apiVersion: v1
kind: Service
metadata: { name: account-test, namespace: default, annotations: { service.beta.kubernetes.io/aws-load-balancer-type: nlb } }
spec: { type: LoadBalancer, selector: { app: account-test }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: account-test, namespace: default }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: account-test, namespace: default }
spec:
  containers: [{ name: pause, image: registry.k8s.io/pause:3.10, volumeMounts: [{ name: data, mountPath: /data }] }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: account-test } }]
`;

function smoke({ files }: Given): Command {
  return ["npm", "run", "--silent", "smoke", "--", "--kubeconfig", files.kubeconfig];
}

function kubectl({ files }: Given, ...words: readonly string[]): Command {
  return ["kubectl", "--kubeconfig", files.kubeconfig, ...words];
}

/** The second of several control-plane nodes; one alone is never replaced. */
function replaced(given: Given): Step[] {
  const [, second] = awsOf(given.settings).controlPlane.instances;
  if (second === undefined) return [];
  const name = second.name;
  return [
    {
      name: `allow that ${name} is replaced`,
      changes: [{ path: ["controlPlane", "deletable"], value: [name] }],
      commands: [up(given)],
    },
    {
      name: `replace ${name}`,
      changes: [{ path: ["controlPlane", "revisions"], value: { [name]: 2 } }],
      commands: [up(given)],
    },
    {
      name: `protect ${name} again`,
      changes: [{ path: ["controlPlane", "deletable"], value: undefined }],
      commands: [up(given), smoke(given)],
    },
  ];
}

function refreshed(given: Given): Step[] {
  const [pool] = awsOf(given.settings).pools.filter(({ min }) => min > 0);
  if (pool === undefined) return [];
  return [
    {
      name: `refresh pool ${pool.name}`,
      changes: [{ path: ["workers", pool.name, "revision"], value: pool.revision + 1 }],
      commands: [up(given), smoke(given)],
    },
  ];
}

/** What takes everything away again. */
export function cleaning(given: Given): Step[] {
  return [
    {
      name: "unprotect",
      changes: [
        { path: ["protect"], value: false },
        { path: ["onDestroy"], value: { loadBalancers: "delete", volumes: "delete" } },
      ],
      commands: [up(given)],
    },
    { name: "destroy", commands: [pulumi(given, "destroy", "--yes", "--skip-preview")] },
  ];
}

/** The story between the checks before it and the sweep after it. */
export function story(given: Given): Step[] {
  const { stack, files } = given;
  const wait = "--timeout=600s";
  return [
    {
      name: "create the cluster",
      // The backend may not know the stack yet.
      commands: [["pulumi", "stack", "select", stack, "--create", "--non-interactive"], up(given)],
    },
    { name: "a second preview is empty", commands: [pulumi(given, "preview", "--expect-no-changes")] },
    {
      name: "smoke test",
      commands: [smoke(given)],
    },
    {
      name: "a load balancer and a volume",
      commands: [
        kubectl(given, "apply", "--filename", files.objects),
        kubectl(given, "wait", "--for=jsonpath={.status.loadBalancer.ingress}", "service/account-test", wait),
        kubectl(given, "wait", "--for=condition=Ready", "pod/account-test", wait),
      ],
    },
    ...replaced(given),
    ...refreshed(given),
    {
      name: "a refresh finds no change",
      commands: [
        [
          "pulumi",
          "refresh",
          "--yes",
          "--expect-no-changes",
          "--skip-preview",
          "--stack",
          stack,
          "--config-file",
          files.stackFile,
          "--non-interactive",
        ],
      ],
    },
    ...cleaning(given),
  ];
}
