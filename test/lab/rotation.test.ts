/** All CAs and keys of a living cluster are replaced while clients ask: nobody is refused, and nothing of the old is left. */
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { machineInput, shapeOf } from "./environment";
import { Clients, deployed, expectNewAlone, oldPod, rotated } from "./rotationClients";

describeWithLab("rotation of one control-plane node and a worker", () => {
  let cluster: LabCluster;
  let clients: Clients;

  beforeAll(async () => {
    cluster = await LabCluster.create("rotation", shapeOf(1, 1), { spare: ["w2"] });
    await cluster.engine("up");
    await deployed(cluster, "w1");
    clients = await Clients.start(cluster, "w1");
  });
  afterAll(async () => {
    await clients?.stop();
    await cluster?.down();
  });

  it("while clients ask, one up replaces everything", async () => {
    const before = { kubeconfig: cluster.kubeconfig(), pod: await oldPod(cluster) };
    cluster.settings = rotated(cluster.settings, "2026-12");
    const { log } = await cluster.engine("up", {
      onLine: (line) => {
        if (/cp1: |w1: |rotation/.test(line)) saw(line);
      },
    });
    expect(log).toContain("the old CAs are gone");
    const asked = await clients.asked();
    expect(asked.service.failed).toEqual([]);
    // The only API server restarts three times, and once for its node step; whenever it answers, it takes the token and shows a
    // certificate that the client's CAs verify.
    expect(asked.api.refused).toEqual([]);
    expect(asked.inside.refused).toEqual([]);
    await expectNewAlone(cluster, ["cp1"], ["w1"]);
    // Without its CA, so that it is the certificate of the client that is refused.
    const old = before.kubeconfig.replace(/^ *certificate-authority-data: .*\n/m, "");
    const refused = await cluster.lab.run(
      [
        "bash",
        "-c",
        `printf '%s' "$OLD" >"$1" && "$0" --kubeconfig "$1" --insecure-skip-tls-verify get nodes`,
        cluster.kubectlBinary,
        cluster.lab.folder("old-kubeconfig"),
      ],
      { env: { ...process.env, OLD: old }, allowFailure: true },
    );
    saw(refused.stderr);
    expect(refused.stderr).toMatch(/Unauthorized|logged in|provide credentials/);
    expect(await oldPod(cluster)).toEqual(before.pod);
    expect(new X509Certificate(cluster.caCertificate()).subject).toBe("CN=kubernetes 2026-12");
  });

  it("a second preview is empty, and no key is anywhere in plain text", async () => {
    const key = (file: string): Promise<string> => cluster.host("cp1", `cat /etc/kubernetes/pki/${file}`);
    const search = {
      "key of the cluster CA": await key("ca.key"),
      "key of etcd's CA": await key("etcd/ca.key"),
      "service-account key": await key("sa.key"),
    };
    const { changed, leaks } = await cluster.engine("preview", { search });
    expect(changed).toEqual([]);
    expect(leaks).toEqual([]);
  });

  it("a new worker joins", async () => {
    const machines = { ...cluster.settings.machines, w2: machineInput(cluster.lab, "w2", "worker") };
    cluster.settings = { ...cluster.settings, machines };
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "node/w2", "--timeout=120s");
    await eventually(
      "logs of w2",
      () => cluster.kubectl("get", "--raw", "/api/v1/nodes/w2/proxy/healthz"),
      (text) => text === "ok",
    );
  });

  it("without the setting nothing is touched", async () => {
    const { certificates: _gone, ...others } = cluster.settings as { certificates?: object };
    const before = cluster.settings;
    cluster.settings = others as typeof before;
    const refused = await cluster.attempt("up");
    cluster.settings = before;
    saw(/certificates\.rotation.*/.exec(refused.log)?.[0] ?? refused.log.slice(-500));
    expect(refused.ok).toBe(false);
    expect(refused.log).toContain("certificates.rotation is missing");
    // Preflight refuses it; the administrator's first credentials, which were created before, go with the next up.
    const { changed } = await cluster.engine("preview");
    expect(changed.filter((line) => !line.startsWith("delete lab-pki-admin-"))).toEqual([]);
  });
});
