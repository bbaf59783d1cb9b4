/**
 * What would run on EC2, on hosts of the lab: cloud-init takes the rendered user data, control-plane nodes keep join
 * credentials, workers come by themselves. A server of our own plays AWS; it verifies signatures and judges calls by
 * the rendered policies.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { joinParameter, statusPrefix } from "../../model/aws/names";
import { credentialsUnit, joinedMark } from "../../model/aws/node/paths";
import {
  bastionUserData,
  controlPlaneUserData,
  workerBoot,
  workerCloudConfig,
  workerUserData,
} from "../../model/aws/boot/userData";
import { bootBundle, bundleFiles } from "../../model/aws/boot/bundle";
import { compressed } from "../../model/aws/boot/compressed";
import { flannelManifests } from "../support/cniManifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { NodeStepSpec, PoolReadySpec } from "../../host/protocol";
import { cloudConfigs } from "../unit/aws/boot/support";
import { describeWithLab } from "./available";
import { AwsLab, awsLabSettings, ISSUER, PRIVATE } from "./awsCloud";
import { eventually, saw } from "./cluster";
import { Lab } from "./lab";
import { initSpec, nodeStepSpec as specOfNode } from "../../components/machines/specs";
import { poolBoot, workerSpec } from "../../model/settings/pools";

const ID = "aws";
/** A certificate's key of the wrong kind: what a host shows before cloud-init has put its own there. */
const wrongKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr";

describeWithLab("hosts of AWS: one control-plane node, workers that join by themselves", () => {
  let lab: Lab;
  let cloud: AwsLab;
  let settings: ClusterSettings;

  const pool = (name: string) => {
    const found = settings.aws?.pools.find((one) => one.name === name);
    if (!found) throw new Error(`no pool ${name}`);
    return found;
  };
  const controlPlaneNode = () => {
    const [machine] = settings.machines;
    if (!machine) throw new Error("no control-plane node");
    return machine;
  };
  const nodeStepSpec = (): NodeStepSpec => {
    return specOfNode(settings, controlPlaneNode());
  };
  const ready = (name: string, wanted: number, timeout = 420): PoolReadySpec => ({
    step: "poolReady",
    cluster: settings.name,
    pool: name,
    wanted,
    boot: poolBoot(settings, pool(name)),
    timeout,
    rolling: 0,
    controlPlaneNodes: [controlPlaneNode().name],
  });
  const log = (host: string) => lab.exec(host, ["tail", "-n", "40", "/var/log/pulumi-kubeadm.log"]);
  const bash = async (host: string, line: string): Promise<string> =>
    (await lab.exec(host, ["bash", "-c", line])).stdout;

  beforeAll(async () => {
    if (Lab.exists(ID)) await Lab.load(ID).down();
    settings = await awsLabSettings();
    lab = await Lab.create({ id: ID });
    cloud = await AwsLab.start(lab, settings);
    cloud.instance("cp", { role: "controlPlaneNodes" });
  });

  afterAll(async () => {
    await cloud?.stop();
    await lab?.down();
  });

  it("a control-plane node boots with its own host key from Secrets Manager, and no other", async () => {
    expect(lab.host("cp").address).toBe(controlPlaneNode().nodeAddress);
    // What an image might bring: keys that nobody pinned.
    const prepare =
      "rm -f /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; ssh-keygen -q -t rsa -N '' -f /etc/ssh/ssh_host_rsa_key";
    await cloud.launch("cp", Buffer.from(controlPlaneUserData(settings)), prepare);
    await lab.exec("cp", ["cloud-init", "status", "--wait"]);
    const keys = await bash(
      "cp",
      "ls /etc/ssh/ssh_host_*; cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub; cloud-init status --long",
    );
    saw(keys);
    expect(keys).toContain(lab.host("cp").hostKey);
    expect(keys).not.toContain("rsa");
    const { calls } = await cloud.state();
    expect(calls.map(({ role, action, answer }) => [role, action, answer])).toEqual([
      ["controlPlaneNodes", "GetSecretValue", "done"],
    ]);
  });

  it("the cloud-init of these hosts takes every rendering", async () => {
    const texts = [
      ...Object.values(cloudConfigs()),
      controlPlaneUserData(settings),
      workerCloudConfig(workerSpec(settings, pool("general")), pool("general")),
      bastionUserData(await awsLabSettings(PRIVATE)),
    ];
    for (const input of texts) {
      await lab.exec("cp", ["bash", "-c", "cat >/run/user-data"], { input });
      const said = await bash("cp", "cloud-init schema --config-file /run/user-data 2>&1");
      expect(said).toContain("Valid cloud-config");
    }
  });

  it("init takes the keys over SSH and none from AWS, sets the issuer, and names the node as EC2 does", async () => {
    const made = await cloud.step(initSpec(settings));
    saw(made.stderr);
    expect(made.status, made.stderr).toBe(0);
    const objects = JSON.stringify({ apiVersion: "v1", kind: "List", items: flannelManifests(settings) });
    await cloud.kubectl("apply --server-side -f -", objects);
    // The cloud controller manager's part, which has no AWS here: it has seen the node.
    await cloud.kubectl("taint nodes --all node.cloudprovider.kubernetes.io/uninitialized-");
    const joined = await cloud.step(nodeStepSpec());
    saw(joined.stderr);
    expect(joined.status, joined.stderr).toBe(0);
    const node = await cloud.kubectl(
      `get node ${controlPlaneNode().nodeName} -o jsonpath='{.spec.providerID} {.metadata.labels}'`,
    );
    saw(node);
    expect(node).toContain(`aws:///eu-central-1a/${cloud.instanceId("cp")}`);
    expect(node).toContain("node-role.kubernetes.io/control-plane");
    const flags = await bash(
      "cp",
      "grep -hE 'issuer|audiences|jwks|cloud-provider' /etc/kubernetes/manifests/*.yaml /var/lib/kubelet/kubeadm-flags.env",
    );
    saw(flags);
    expect(flags).toContain(`--service-account-issuer=${ISSUER}\n`);
    expect(flags).not.toContain("${issuer}");
    expect(flags).toContain("--cloud-provider=external");
    expect(await bash("cp", "stat -c %a /etc/kubernetes/pki/ca.key")).toBe("600\n");
  });

  it("an update brings a changed file, and changes nothing else", async () => {
    const file = "/etc/kubernetes/pulumi-kubeadm/apiserver/encryption.yaml";
    const before = await bash("cp", "sha256sum /etc/kubernetes/pki/ca.key /etc/kubernetes/manifests/*.yaml");
    const files = { [file]: `${await bash("cp", `cat ${file}`)}# a new version\n` };
    const updated = await cloud.step(nodeStepSpec(), "update", { files });
    expect(updated.status, updated.stderr).toBe(0);
    expect(await bash("cp", `tail -n 1 ${file}; stat -c %a ${file}`)).toBe("# a new version\n600\n");
    const after = await bash("cp", "sha256sum /etc/kubernetes/pki/ca.key /etc/kubernetes/manifests/*.yaml");
    expect(after).toBe(before);
  });

  it("the timer writes a credential for each pool, small enough for a parameter", async () => {
    const names = ["general", "other"].map((name) => joinParameter(settings.name, name));
    const { parameters } = await eventually(
      "credentials",
      () => cloud.state(),
      (state) => names.every((name) => state.parameters[name]?.by !== undefined),
      60,
    );
    for (const name of names) {
      saw(`${name}: ${parameters[name]?.type}, ${parameters[name]?.value.length} characters`);
      expect(parameters[name]?.type).toBe("SecureString");
      expect(parameters[name]?.value).toMatch(/client-certificate-data: /);
    }
    expect(await bash("cp", `systemctl is-active ${credentialsUnit}.timer`)).toBe("active\n");
  });

  it("a worker boots unattended and joins; up's step waits for it", async () => {
    await lab.addHost("w1");
    cloud.instance("w1", { role: "general", lifecycle: "InService" });
    const launched = cloud.launch(
      "w1",
      workerUserData(workerSpec(settings, pool("general")), pool("general")),
    );
    const step = cloud.step(ready("general", 1));
    await launched;
    const result = await step;
    saw(result.stderr);
    expect(result.status, `${result.stderr}\n${(await log("w1")).stdout}`).toBe(0);
    expect(result.stdout).toContain('"nodes":1');
    const name = cloud.nodeName("w1");
    const node = await cloud.kubectl(`get node ${name} -o jsonpath='{.spec.providerID} {.metadata.labels}'`);
    expect(node).toContain(`aws:///eu-central-1a/${cloud.instanceId("w1")}`);
    expect(node).toContain('"example.com/disk":"fast"');
    await eventually(
      "the role",
      () => cloud.kubectl(`get node ${name} -o jsonpath='{.metadata.labels}'`),
      (labels) => labels.includes("node-role.kubernetes.io/general"),
      60,
    );
    const { parameters } = await cloud.state();
    const status = parameters[`${statusPrefix(settings.name, "general")}/${cloud.instanceId("w1")}`];
    saw(status?.value ?? "");
    expect(JSON.parse(status?.value ?? "{}")).toMatchObject({ state: "joined", node: name, exit: 0 });
    expect(await bash("w1", "cloud-init status --long; ls /etc/systemd/system/pulumi*")).toContain(
      "status: done",
    );
  });

  it("its kubelet gets a serving certificate", async () => {
    const name = cloud.nodeName("w1");
    const requests = await eventually(
      "approval",
      () => cloud.kubectl("get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving"),
      (text) => text.split("\n").some((line) => line.includes(name) && line.includes("Approved,Issued")),
      60,
    );
    saw(requests);
  });

  it("a worker's role reads its own pool's credential and no other", async () => {
    const program = "python3 -I /usr/local/lib/pulumi-kubeadm/aws.py";
    const own = await bash(
      "w1",
      `${program} parameter ${joinParameter(settings.name, "general")} | head -n 1`,
    );
    expect(own).toContain("apiVersion");
    // Asked once: the program's patience with a role that is new is not what is tested.
    const once = `python3 -I -c 'import sys; sys.path.insert(0, "/usr/local/lib/pulumi-kubeadm"); import aws; aws.call_once("ssm", "GetParameter", {"Name": sys.argv[1], "WithDecryption": True})' ${joinParameter(settings.name, "other")}`;
    const other = await lab.exec("w1", ["bash", "-c", once], { allowFailure: true });
    expect(other.status).not.toBe(0);
    expect(other.stderr).toContain("AccessDeniedException");
  });

  it("does nothing at the next boot, and is a node again", async () => {
    const name = cloud.nodeName("w1");
    const before = (await cloud.state()).calls.length;
    await cloud.reboot("w1");
    await cloud.kubectl(`wait --for=condition=Ready node/${name} --timeout=120s`);
    expect(await bash("w1", "systemctl is-active pulumi-kubeadm-lifecycle kubelet")).toBe("active\nactive\n");
    const calls = (await cloud.state()).calls.slice(before).filter(({ role }) => role === "general");
    expect(calls).toEqual([]);
  });

  it("a worker that finds an expired credential waits, and joins with the timer's next one", async () => {
    await bash("cp", `systemctl stop ${credentialsUnit}.timer`);
    const expired = await bash(
      "cp",
      "export KUBECONFIG=/etc/kubernetes/admin.conf; kubectl -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >/run/c.yaml; kubeadm kubeconfig user --config /run/c.yaml --client-name system:bootstrap:general --org system:bootstrappers:pulumi-kubeadm --validity-period 1s 2>/dev/null",
    );
    expect(expired).toContain("client-key-data");
    await cloud.putParameter(joinParameter(settings.name, "general"), expired);
    await lab.addHost("w2");
    cloud.instance("w2", { role: "general", lifecycle: "InService" });
    await cloud.launch("w2", workerUserData(workerSpec(settings, pool("general")), pool("general")));
    const name = `${statusPrefix(settings.name, "general")}/${cloud.instanceId("w2")}`;
    const asks = async (): Promise<number> => {
      const { calls } = await cloud.state();
      return calls.filter(({ action, role }) => action === "GetParameter" && role === "general").length;
    };
    await eventually(
      "phase credential",
      () => cloud.state(),
      ({ parameters }) => parameters[name]?.value.includes('"credential"') === true,
      240,
    );
    const first = await asks();
    await eventually("it asks again", asks, (count) => count > first + 1, 60);
    expect(await cloud.kubectl("get nodes -o name")).not.toContain(cloud.nodeName("w2"));
    await bash(
      "cp",
      `rm -f /var/lib/pulumi-kubeadm/pools/general.written; systemctl start ${credentialsUnit}.timer`,
    );
    const result = await cloud.step(ready("general", 2));
    saw(result.stderr);
    expect(result.status, `${result.stderr}\n${(await log("w2")).stdout}`).toBe(0);
    expect(await bash("w2", `test -e ${joinedMark} && echo joined`)).toBe("joined\n");
  });

  it("a boot that breaks shows its instance, phase, exit status and tail in the error of up", async () => {
    await lab.addHost("w3");
    cloud.instance("w3", { role: "other", lifecycle: "InService" });
    const { bundle, cloudConfig } = workerBoot(workerSpec(settings, pool("other")), pool("other"));
    const files = bundleFiles(bundle.bytes);
    const [, checksum = ""] = /runc\.amd64 ([0-9a-f]{64})/.exec(JSON.stringify(files)) ?? [];
    expect(checksum).not.toBe("");
    const broken = bootBundle(
      "other",
      files.map((file) => ({ ...file, content: file.content.replaceAll(checksum, "0".repeat(64)) })),
    );
    cloud.putBundle(broken);
    const launched = cloud.launch("w3", compressed(cloudConfig.replaceAll(bundle.key, broken.key)));
    const step = cloud.step(ready("other", 1));
    await launched;
    const result = await step;
    saw(result.stderr);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(
      new RegExp(
        `pool other: instance ${cloud.instanceId("w3")} .*failed in phase "node setup: downloads" \\(exit status 1\\)`,
      ),
    );
    expect(result.stderr).toContain("  | ##error checksum of");
  });

  it("moves pods away when the group ends the instance, and lets the group go on", async () => {
    const [w1, w2] = [cloud.nodeName("w1"), cloud.nodeName("w2")];
    await cloud.kubectl(`taint nodes ${w1} ${w2} node.cloudprovider.kubernetes.io/uninitialized-`);
    const labels = { app: "web" };
    const pods = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 4,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: "pause", image: `registry.k8s.io/pause:${settings.versions.pause}` }],
          },
        },
      },
    };
    const budget = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web", namespace: "default" },
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    };
    await cloud.kubectl(
      "apply -f -",
      JSON.stringify({ apiVersion: "v1", kind: "List", items: [pods, budget] }),
    );
    await cloud.kubectl("rollout status deployment web --timeout=120s");
    cloud.instance("w1", { lifecycle: "Terminated" });
    const actions = async (): Promise<{ action: string; hook: unknown }[]> => {
      const { calls } = await cloud.state();
      return calls
        .filter(({ service }) => service === "autoscaling")
        .map(({ action, role, answer, params }) => ({
          action,
          role,
          answer,
          hook: params["LifecycleHookName"],
          instance: params["InstanceId"],
        }));
    };
    const seen = await eventually(
      "the action is completed",
      actions,
      // The hook of the launch was completed when the instance had become a node.
      (list) => list.some(({ action, hook }) => action === "CompleteLifecycleAction" && hook === "drain"),
      120,
    );
    saw(JSON.stringify(seen));
    const expected = { role: "general", answer: "done", hook: "drain", instance: cloud.instanceId("w1") };
    expect(seen).toContainEqual({ ...expected, action: "RecordLifecycleActionHeartbeat" });
    expect(seen).toContainEqual({ ...expected, action: "CompleteLifecycleAction" });
    saw(await bash("w1", "journalctl -u pulumi-kubeadm-lifecycle --no-pager -o cat | tail -n 20"));
    const where = await cloud.kubectl(
      "get pods -o jsonpath='{range .items[*]}{.spec.nodeName} {.status.phase}{\"\\n\"}{end}'",
    );
    expect(where).not.toContain(w1);
    expect(await cloud.kubectl(`get node ${w1} -o jsonpath='{.spec.unschedulable}'`)).toBe("true");
    const left = await cloud.kubectl(`get pods -A --field-selector spec.nodeName=${w1} -o name`);
    expect(left).toMatch(/kube-flannel|kube-proxy/);
  });

  it("the bastion has its own host key, and leads to the private API", async () => {
    const settingsOfIt = await awsLabSettings(PRIVATE);
    await lab.addHost("bastion");
    cloud.instance("bastion", { role: "bastion" });
    await cloud.launch("bastion", Buffer.from(bastionUserData(settingsOfIt)));
    expect(await bash("bastion", "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")).toBe(
      `${lab.host("bastion").hostKey}\n`,
    );
    const url = `https://${lab.host("bastion").address}:6443/readyz`;
    const answered = await eventually(
      "the API",
      () => lab.run(["curl", "-sk", "--max-time", "5", url]),
      ({ stdout }) => stdout === "ok",
      60,
    );
    expect(answered.stdout).toBe("ok");
  });

  it("never accepts a host key that is not the pinned one", async () => {
    const spec = ready("general", 1);
    const result = await cloud.step(spec, "update", { hostKey: wrongKey });
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("the host key does not match the settings");
  });
});
