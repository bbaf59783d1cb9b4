/** Clients that ask all the time while certificates are rotated, and what has to hold afterwards. */
import { expect } from "vitest";
import { saw, type LabCluster } from "./cluster";
import type { Settings } from "./environment";
import { webDaemonSet, webService } from "./objects";
import { webImage } from "./images";
import { untilServed } from "./served";

const NODE_PORT = 30081;
const FOLDER = "/run/lab-clients";

/** The settings with a rotation of that name. */
export function rotated(settings: Settings, rotation: string): Settings {
  return { ...settings, certificates: { rotation, rotationGraceSeconds: 10 } };
}

/** A web server on every node that needs no token, and a pod with one that nothing would start anew. */
export async function deployed(cluster: LabCluster, node: string): Promise<void> {
  const web = webDaemonSet("web") as { spec: { template: { spec: object } } };
  Object.assign(web.spec.template.spec, { automountServiceAccountToken: false });
  const old = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "old" },
    spec: {
      nodeName: node,
      containers: [{ name: "web", image: webImage, securityContext: { allowPrivilegeEscalation: false } }],
    },
  };
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "lab-viewer" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
  };
  const lasting = {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: { name: "lasting", annotations: { "kubernetes.io/service-account.name": "default" } },
  };
  await cluster.apply(web, webService("web", NODE_PORT), old, role, lasting);
  await cluster.kubectl("rollout", "status", "daemonset/web", "--timeout=180s");
  await cluster.kubectl("wait", "--for=condition=Ready", "pod/old", "--timeout=120s");
}

interface Asked {
  readonly total: number;
  /** What came instead of an answer, with its time. */
  readonly failed: readonly string[];
  /** Of the failed ones: somebody answered, and one side did not take the other's certificate or token. */
  readonly refused: readonly string[];
}

/** What the pod is: the same one afterwards is one that nobody started anew. */
export function oldPod(cluster: LabCluster): Promise<string> {
  return cluster.kubectl(
    "get",
    "pod",
    "old",
    "-o",
    "jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}",
  );
}

/**
 * A client of a Service, and two of the API with the token and the CAs that a pod has, read again for each request: one asks where the
 * kubelet asks, the other the Service `kubernetes`.
 */
export class Clients {
  private constructor(
    private readonly cluster: LabCluster,
    private readonly node: string,
    private readonly running: Promise<unknown>,
  ) {}

  static async start(cluster: LabCluster, node: string): Promise<Clients> {
    const uid = await cluster.kubectl("get", "pod", "old", "-o", "jsonpath={.metadata.uid}");
    const service = await cluster.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
    const pods = await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "name");
    await untilServed(cluster, node, service, pods.trim().split("\n").length);
    const kubernetes = await cluster.kubectl(
      "get",
      "service",
      "kubernetes",
      "-o",
      "jsonpath={.spec.clusterIP}",
    );
    const server = (
      await cluster.host(node, "sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf")
    ).trim();
    const volume = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~projected/kube-api-access-*`;
    const loop = `mkdir -p ${FOLDER}; touch ${FOLDER}/run
ask() { while [ -e ${FOLDER}/run ]; do printf '%s %s\\n' "$(date +%s.%N)" "$("$@" 2>&1 | tr '\\n' ' ')" >>${FOLDER}/$1.log; sleep 0.2; done; }
service() { curl -sS --max-time 5 -o /dev/null -w '%{http_code}' http://${service}/; }
get() { cd ${volume} && curl -sS --max-time 10 --cacert ca.crt -H "Authorization: Bearer $(cat token)" -o /dev/null -w '%{http_code}' "$1/api/v1/namespaces/default/pods?limit=1"; }
api() { get ${server}; }
inside() { get https://${kubernetes}; }
ask service & ask api & ask inside & wait`;
    const running = cluster.host(node, loop);
    running.catch(() => undefined);
    return new Clients(cluster, node, running);
  }

  async asked(): Promise<{ readonly service: Asked; readonly api: Asked; readonly inside: Asked }> {
    const of = async (name: string): Promise<Asked> => {
      const lines = (await this.cluster.host(this.node, `cat ${FOLDER}/${name}.log`)).trim().split("\n");
      const failed = lines.filter((line) => !line.trim().endsWith(" 200"));
      // 403: an API server that starts answers it until it has read the roles, and there may be no other one.
      const refused = failed.filter((line) => /certificate|SSL|TLS| 401 ?$/i.test(line));
      saw(
        `${name}: asked ${lines.length} times, ${failed.length} without an answer, ${refused.length} refused`,
      );
      return { total: lines.length, failed, refused };
    };
    return { service: await of("service"), api: await of("api"), inside: await of("inside") };
  }

  async stop(): Promise<void> {
    await this.cluster.host(this.node, `rm -f ${FOLDER}/run`).catch(() => undefined);
    await this.running.catch(() => undefined);
  }
}

/** Every certificate on every host is of the new CAs, which alone are trusted; tokens are of the new key. */
export async function expectNewAlone(
  cluster: LabCluster,
  plane: readonly string[],
  workers: readonly string[],
): Promise<void> {
  const ca = cluster.caCertificate().trim();
  for (const name of [...plane, ...workers]) {
    const said = await cluster.host(
      name,
      `cd /etc/kubernetes/pki
check() { openssl verify -CAfile "$1" "$2" 2>&1 | tail -n 1; }
cat ca.crt; echo "#rest"
grep -c BEGIN ca.crt
sed -n 's/^ *certificate-authority-data: *//p' /etc/kubernetes/kubelet.conf | base64 -d | cmp - ca.crt && echo same
for file in client server; do check ca.crt /var/lib/kubelet/pki/kubelet-$file-current.pem; done
[ -e apiserver.crt ] || exit 0
grep -c BEGIN etcd/ca.crt front-proxy-ca.crt sa.pub
for file in apiserver apiserver-kubelet-client; do check ca.crt $file.crt; done
for file in apiserver-etcd-client etcd/server etcd/peer etcd/healthcheck-client; do check etcd/ca.crt $file.crt; done
check front-proxy-ca.crt front-proxy-client.crt
for file in admin controller-manager scheduler; do
  sed -n 's/^ *certificate-authority-data: *//p' /etc/kubernetes/$file.conf | base64 -d | cmp - ca.crt
  sed -n 's/^ *client-certificate-data: *//p' /etc/kubernetes/$file.conf | base64 -d >/run/lab.crt; check ca.crt /run/lab.crt
done
openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -issuer
ls ca-signing.crt 2>&1 | tail -n 1
grep cluster-signing-cert-file /etc/kubernetes/manifests/kube-controller-manager.yaml`,
    );
    const [shown = "", rest = ""] = said.split("#rest\n");
    saw(`${name}: ${rest}`);
    expect(shown.trim()).toBe(ca);
    const lines = rest.trim().split("\n");
    expect(lines.filter((line) => /error|fail|unable|differ/i.test(line))).toEqual([]);
    expect(lines.filter((line) => line.endsWith(": OK"))).toHaveLength(plane.includes(name) ? 12 : 2);
  }
  const map = await cluster.kubectl(
    "get",
    "configmap",
    "kube-root-ca.crt",
    "-o",
    "jsonpath={.data.ca\\.crt}",
  );
  expect(map.trim()).toBe(ca);
  const info = await cluster.kubectl(
    "-n",
    "kube-public",
    "get",
    "configmap",
    "cluster-info",
    "-o",
    "jsonpath={.data.kubeconfig}",
  );
  expect(
    Buffer.from(/certificate-authority-data: (\S+)/.exec(info)?.[1] ?? "", "base64")
      .toString()
      .trim(),
  ).toBe(ca);
  const token = Buffer.from(
    await cluster.kubectl("get", "secret", "lasting", "-o", "jsonpath={.data.token}"),
    "base64",
  ).toString();
  const who = await cluster.host(
    plane[0] ?? "",
    `kubectl --kubeconfig /dev/null --server https://127.0.0.1:6443 --certificate-authority /etc/kubernetes/pki/ca.crt --token ${token} auth whoami -o 'jsonpath={.status.userInfo.username}'`,
  );
  expect(who).toBe("system:serviceaccount:default:default");
}
