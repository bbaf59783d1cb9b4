/**
 * What is taken away from a living `dev` on a simulated EC2, one thing after the other: each rule of a security group, each
 * statement of a role, a spot instance, the control plane for longer than a join credential is good. What breaks has to be what the
 * rule's reason or the statement's names, and nothing may go without that something breaks. Beside it: roles of pods, and images of
 * ECR with the real credential provider. Takes longer than CI has. `LAB_KEEP=1` works on the region that is there, and leaves it open.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { awsProgram, credentialsUnit } from "../../model/aws/node/paths";
import { JOIN_GROUP, joinUser } from "../../model/kubeadm/joinAccess";
import { readAccount, withAccount } from "../engine/providers/aws/account";
import { describeWithLab } from "./available";
import { traefikChart } from "./chartSources";
import { eventually, saw } from "./cluster";
import { objectsOf, type Ec2Instance } from "./ec2/account";
import { registryHost } from "./ec2/ecr";
import type { Call } from "./ec2/endpoints";
import { faultsSettings, REGION } from "./ec2/environment";
import {
  forgetConnections,
  interrupt,
  keepStatements,
  rulesOf,
  statementsFor,
  statementsIn,
  withoutRule,
} from "./ec2/faults";
import { stopInstance } from "./ec2/hosts";
import type { Life } from "./ec2/lifecycle";
import { allows } from "./ec2/policies";
import { ECHO_PORT, PAGE_PORT, probesOf, type Ground } from "./ec2/probes";
import { searchHosts, secretsOf } from "./ec2/secretSearch";
import { SimulatedRegion } from "./ec2/simulation";
import { callerImage } from "./images";
import { podsOf } from "./objects";

const ID = "ec2f";
const KEEP = process.env["LAB_KEEP"] === "1";
const CONTROL_PLANE = `kubeadm-dev-${REGION}-control-plane`;
const POOL = `kubeadm-dev-${REGION}-pool-general`;
const CLOUD = `kubeadm-dev-${REGION}-cloud-controller`;
const BUCKET = "/kubeadm/dev/boot-bucket";
const JOIN = "/kubeadm/dev/general/join";
/** Seconds from a spot notice to the end of the instance (EC2 User Guide, "Spot Instance interruption notices"). */
const NOTICE = 120;

/** An image of the account's own registry that no node has yet: the lab's `lab.local/web`. */
const ECR_IMAGE = `${registryHost(REGION)}/web:1`;

describeWithLab("faults in dev on a simulated EC2", () => {
  let region: SimulatedRegion;

  const pool = (): Life[] => region.instances().filter(({ instance }) => instance.group !== "");
  const controlPlane = (): Ec2Instance => {
    const found = region.instances().find(({ instance }) => instance.group === "");
    return found?.instance ?? expect.fail("there is no control-plane instance");
  };
  const bash = async (instance: string, line: string): Promise<string> => {
    const full = `export PATH=$PATH:/usr/local/bin; ${line}`;
    const { stdout, stderr } = await region.lab.exec(instance, ["bash", "-c", full], { allowFailure: true });
    return stdout + stderr;
  };
  const apply = (...items: object[]): Promise<void> => region.apply(...items);
  const tried = (...words: string[]): Promise<string> =>
    region.kubectl(...words).catch((error: unknown) => String(error));
  const ready = async (count: number): Promise<void> => {
    await eventually(
      `${count} nodes are Ready`,
      async () => (await region.kubectl("get", "nodes", "--no-headers")).trim().split("\n"),
      (lines) => lines.length === count && lines.every((line) => / Ready /.test(line)),
      420,
    );
  };
  /** Waits for a call that is refused from now on. */
  const refusal = async (role: string, action: string, since: number): Promise<string> => {
    const found = await eventually(
      `${action} of ${role} is refused`,
      () =>
        Promise.resolve(
          region
            .calls()
            .slice(since)
            .find((call) => isRefused(call, role, action)),
        ),
      (call) => call !== undefined,
      240,
    );
    return `${found?.role}: ${found?.answer}`;
  };

  beforeAll(async () => {
    const there = KEEP && SimulatedRegion.exists(ID);
    region = there
      ? SimulatedRegion.load(ID)
      : await SimulatedRegion.create(ID, "10.0.0.0/16", { addons: true });
    if (there) await region.start();
    const chart = await traefikChart(region.lab.folder("charts", "traefik"));
    const report = await region.engine("up", await faultsSettings(chart), { podRole: true });
    expect(report.ok, `${report.error}\n${region.log()}`).toBe(true);
    await apply(echoDaemonSet, echoService);
    await region.kubectl("rollout", "status", "daemonset/echo", "--timeout=300s");
  });

  afterAll(async () => {
    if (!KEEP) await region?.down();
  });

  const ground = async (): Promise<Ground> => {
    const found = podsOf(await region.kubectl("get", "pods", "-l", "app=echo", "-o", "json"));
    const at = ({ privateName }: Ec2Instance) =>
      found.find(({ node }) => node === privateName) ?? expect.fail(`no echo pod on ${privateName}`);
    const own = controlPlane();
    const [first, second] = pool().map(({ instance }) => instance);
    const pods = [own, first, second].map((one) => [one.id, at(one).address] as const);
    return {
      region,
      controlPlane: own,
      workers: [first, second],
      pods: Object.fromEntries(pods),
      podOnWorker: at(first).name,
    };
  };

  it("each rule of a security group is there for what its reason says, and none can go", async () => {
    const probes = probesOf(await ground());
    const rules = rulesOf(region);
    expect(rules.map(({ name }) => name).sort()).toEqual(Object.keys(probes).sort());
    const needless: string[] = [];
    for (const rule of rules) {
      const { what, works } = probes[rule.name];
      const again = (): Promise<boolean> => eventually(`${rule.name}: ${what}`, works, (well) => well, 60);
      await again();
      await withoutRule(region, rule, async () => {
        await forgetConnections(region);
        const broken = !(await works());
        saw(`without ${rule.name} (${rule.reason}): ${what} ${broken ? "fails" : "goes on"}`);
        if (!broken) needless.push(rule.name);
      });
      await again();
    }
    expect(needless).toEqual([]);
  });

  it("no port is open that no rule names", async () => {
    const { controlPlane: own, workers } = await ground();
    const [first, second] = workers;
    const scan = async (from: Ec2Instance | "people", to: Ec2Instance): Promise<string> => {
      const outside = from === "people";
      const command = ["python3", "-c", SCAN, outside ? to.publicAddress : to.address];
      const { stdout } = outside ? await region.asOperator(command) : await region.lab.exec(from.id, command);
      return stdout.trim();
    };
    const found = {
      "people to control plane": await scan("people", own),
      "people to worker": await scan("people", first),
      "worker to control plane": await scan(first, own),
      "control plane to worker": await scan(own, first),
      "worker to worker": await scan(first, second),
    };
    saw(JSON.stringify(found, null, 1));
    // What answers or refuses has been let in.
    expect(found).toEqual({
      "people to control plane": "22 6443 30000-32767",
      "people to worker": "80 443 30000-32767",
      "worker to control plane": "6443",
      "control plane to worker": "10250",
      "worker to worker": "",
    });
  });

  it("a pod with a role does what it allows and no more; one without gets nothing from the metadata service", async () => {
    const allowed = await tried("exec", "caller", "--", "/caller", BUCKET, JOIN);
    saw(`with the role: ${allowed.trim()}`);
    expect(allowed).toBe(`${BUCKET}: done\n${JOIN}: AccessDeniedException\n`);
    const { podOnWorker } = await ground();
    const without = await tried("exec", podOnWorker, "--", "env", `AWS_REGION=${REGION}`, "/caller", BUCKET);
    saw(`without: ${without.trim()}`);
    expect(without).toMatch(/no credentials: .*no EC2 IMDS role found/);
    const put = keepStatements(region, `kubeadm-dev-${REGION}-caller`, () => false);
    const gone = await tried("exec", "caller", "--", "/caller", BUCKET);
    put();
    saw(`with the role, without its statement: ${gone.trim()}`);
    expect(gone).toBe(`${BUCKET}: AccessDeniedException\n`);
  });

  it("an image of ECR takes the login and the pull that the node's role allows, on workers and control-plane nodes", async () => {
    for (const [role, instance] of [
      [POOL, pool()[0].instance],
      [CONTROL_PLANE, controlPlane()],
    ] as const) {
      const name = role === POOL ? "ecr-worker" : "ecr-control-plane";
      for (const [missing, action] of [
        ["LogInToRegistries", "GetAuthorizationToken"],
        ["PullImages", "BatchGetImage"],
      ]) {
        const since = region.calls().length;
        const put = keepStatements(region, role, ({ Sid }) => Sid !== missing);
        await apply(ecrPod(name, instance.privateName));
        saw(`without ${missing}: ${await refusal(role, action, since)}`);
        const why = await eventually(
          "the kubelet says why the pod does not start",
          () =>
            region.kubectl("get", "pod", name, "-o", "jsonpath={.status.containerStatuses[0].state.waiting}"),
          (said) => /ErrImagePull|ImagePullBackOff/.test(said),
        );
        saw(why);
        put();
        await region.kubectl("delete", "pod", name, "--wait");
      }
      await apply(ecrPod(name, instance.privateName));
      await region.kubectl("wait", "--for=condition=Ready", `pod/${name}`, "--timeout=120s");
      await region.kubectl("delete", "pod", name, "--wait");
    }
  });

  it("what control-plane nodes call by hand and by timer is refused without its statement, and done with it", async () => {
    const { id, userData } = controlPlane();
    const program = `python3 -I ${awsProgram}`;
    const { bootcmd } = parse(Buffer.from(userData, "base64").toString()) as { bootcmd: string[][] };
    const [hostKey = []] = bootcmd;
    const mark = "/var/lib/pulumi-kubeadm/host-key";
    const parts: [sid: string, action: string, start: () => Promise<unknown>][] = [
      [
        "ReadPoolStatus",
        "GetParametersByPath",
        () => bash(id, `timeout 5 ${program} statuses /kubeadm/dev/general/status`),
      ],
      [
        "ReadScalingActivities",
        "DescribeScalingActivities",
        () => bash(id, `timeout 5 ${program} activities ${pool()[0].instance.group}`),
      ],
      [
        "KeepJoinCredentials",
        "PutParameter",
        () =>
          bash(
            id,
            `rm /var/lib/pulumi-kubeadm/pools/general.written; systemctl start --no-block ${credentialsUnit}.service`,
          ),
      ],
      [
        "ReadOwnHostKey",
        "GetSecretValue",
        async () => {
          await bash(id, `rm ${mark}`);
          // It never gives up, and is to be asked again.
          await region.lab.exec(id, ["timeout", "8", ...hostKey], { allowFailure: true });
        },
      ],
    ];
    for (const [sid, action, start] of parts) {
      const since = region.calls().length;
      const put = keepStatements(region, CONTROL_PLANE, ({ Sid }) => Sid !== sid);
      await start();
      saw(`without ${sid}: ${await refusal(CONTROL_PLANE, action, since)}`);
      put();
    }
    await region.lab.exec(id, hostKey);
    expect(await bash(id, `ls ${mark}`)).toBe(`${mark}\n`);
    // up asks for them where a pool does not get ready, and none has.
    expect(await bash(id, `${program} activities ${pool()[0].instance.group}`)).toBe("");
    const written = "/var/lib/pulumi-kubeadm/pools/general.written";
    await eventually(
      "a credential is written again",
      () => bash(id, `ls ${written}`),
      (said) => said === `${written}\n`,
      180,
    );
  });

  it("a spot notice drains; the instance in its place needs each statement of its pool in turn", async () => {
    await apply(shop);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=120s");
    const on = podsOf(await region.kubectl("get", "pods", "-l", "app=shop", "-o", "json"));
    const taken = pool().find(({ instance }) => instance.privateName === on[0].node)?.instance;
    if (taken === undefined) expect.fail("the shop is on no worker");
    const others = new Set(pool().map(({ instance }) => instance.id));
    let missing: readonly string[] = [
      "AnswerHooks",
      "WriteOwnStatus",
      "FindBootFiles",
      "ReadOwnBootFiles",
      "ReadOwnJoinCredential",
    ];
    const since = region.calls().length;
    const puts = [
      keepStatements(region, POOL, ({ Sid }) => !missing.includes(Sid ?? "")),
      keepStatements(region, CONTROL_PLANE, ({ Sid }) => Sid !== "KnowInstances"),
      keepStatements(region, CLOUD, ({ Sid }) => Sid !== "LookUpNodesAndBalancers"),
    ];
    try {
      interrupt(region, taken.interfaceId, Date.now() + NOTICE * 1000);
      await eventually(
        "the group starts another instance",
        () => Promise.resolve(pool().find(({ instance }) => !others.has(instance.id))),
        (life) => life !== undefined,
      );
      const drained = eventually(
        "no pod is left on the instance",
        () => bash(taken.id, "journalctl -u pulumi-kubeadm-lifecycle --no-pager -o cat | tail -n 30"),
        (said) => said.includes("no pod is left to move"),
        NOTICE,
      );
      for (const [sid, action] of [
        ["WriteOwnStatus", "PutParameter"],
        ["FindBootFiles", "GetParameter"],
        ["ReadOwnBootFiles", "GetObject"],
        ["ReadOwnJoinCredential", "GetParameter"],
      ]) {
        saw(
          `without ${sid}: ${await refusal(POOL, action, sid === "ReadOwnJoinCredential" ? lastOf(region, "GetObject") : since)}`,
        );
        missing = missing.filter((one) => one !== sid);
        puts[0]();
        puts[0] = keepStatements(region, POOL, ({ Sid }) => !missing.includes(Sid ?? ""));
      }
      saw(`drained: ${await drained}`);
      saw(`without KnowInstances: ${await refusal(CONTROL_PLANE, "DescribeInstances", since)}`);
      puts[1]();
      saw(`without LookUpNodesAndBalancers: ${await refusal(CLOUD, "DescribeInstances", since)}`);
      // The boot script's own heartbeats are for hosts that started a moment ago, by a clock that all hosts here share.
      saw(`without AnswerHooks: ${await refusal(POOL, "LifecycleAction", since)}`);
    } finally {
      for (const put of puts) put();
    }
    await eventually(
      "EC2 has its instance back",
      () => Promise.resolve(pool()),
      (all) => all.every(({ instance }) => instance.id !== taken.id),
      240,
    );
    await ready(3);
    await region.kubectl("rollout", "status", "deployment/shop", "--timeout=120s");
    saw(region.log().split("\n").slice(-12).join("\n"));
    expect(region.log()).toContain(`${taken.id} ends: EC2 takes the spot instance back`);
  });

  it("the control plane is away for longer than credentials are good: an instance that comes meanwhile joins afterwards", async () => {
    const own = controlPlane();
    // What it wrote seven hours ago: the cluster's own credential, whose end has passed, and a mark of that age. kubeadm takes no end in
    // the past, so this one is good for a second.
    const mark = "/var/lib/pulumi-kubeadm/pools/general.written";
    const make = `kubeadm kubeconfig user --config /tmp/configuration --client-name ${joinUser("general")} --org ${JOIN_GROUP} --validity-period 1s`;
    const said = await bash(
      own.id,
      [
        `systemctl stop ${credentialsUnit}.timer ${credentialsUnit}.service`,
        "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' >/tmp/configuration",
        `${make} 2>/dev/null | python3 -I ${awsProgram} putParameter ${JOIN} SecureString >${mark}`,
        `touch -d '7 hours ago' ${mark}; rm /tmp/configuration; cat ${mark}`,
      ].join("; "),
    );
    expect(said.trim()).toMatch(/^\d+$/);
    await stopInstance(ID, own.id);
    const [lost] = pool().map(({ instance }) => instance);
    interrupt(region, lost.interfaceId, Date.now());
    const fresh = await eventually(
      "the group starts another instance",
      () =>
        Promise.resolve(pool().find(({ instance, phase }) => instance.id !== lost.id && phase === "launch")),
      (life) => life !== undefined,
    );
    const waiting = await eventually(
      "it waits for a credential",
      () => Promise.resolve(statusOf(region, fresh?.instance.id ?? "")),
      ({ phase }) => phase === "credential",
      300,
    );
    saw(`while the control plane is away: ${JSON.stringify(waiting)}`);
    expect(waiting["state"]).toBe("running");
    withAccount(region.accountFile, (data) => {
      const instance = data.objects["ec2.Instance"]?.[own.id];
      if (instance !== undefined) instance["_starts"] = Number(instance["_starts"] ?? 1) + 1;
    });
    await eventually(
      "the API is back",
      () => tried("get", "--raw", "/readyz", "--request-timeout=3s"),
      (answer) => answer === "ok",
      240,
    );
    const done = await eventually(
      "it has joined",
      () => Promise.resolve(statusOf(region, fresh?.instance.id ?? "")),
      ({ state }) => state === "joined",
      300,
    );
    await ready(3);
    saw(`afterwards: ${JSON.stringify(done)}\n${await region.kubectl("get", "nodes")}`);
  });

  it("each statement of each role was needed by a call, and each call by one statement alone", () => {
    const calls = region.calls();
    const rows = statementsIn(region).map(({ role, sid }) => {
      const allowed = calls.filter(
        (call) => call.role === role && call.decisions.some(({ by }) => by.includes(sid)),
      );
      const rest = statementsFor(region, role).filter(({ Sid }) => Sid !== sid);
      // Without it these would be refused: no other statement allows them too.
      const needed = allowed.filter(({ decisions }) =>
        decisions.some((one) => one.by.includes(sid) && !allows(rest, one)),
      );
      const actions = [
        ...new Set(needed.flatMap(({ decisions }) => decisions.map(({ action }) => action))),
      ].sort();
      return { key: `${role} ${sid}`, actions };
    });
    saw(rows.map(({ key, actions }) => `${key}: ${actions.join(", ") || "not asked for"}`).join("\n"));
    const idle = rows.filter(({ actions }) => actions.length === 0).map(({ key }) => key);
    // Of Services of type LoadBalancer.
    expect(idle).toEqual(
      [
        "MakeBalancers",
        "KeepOwnBalancers",
        "TagNewBalancers",
        "MakeBalancersGroup",
        "TagNewGroups",
        "KeepOwnGroups",
        "FirstBalancerOfAccount",
      ].map((sid) => `${CLOUD} ${sid}`),
    );
  });

  it("no secret and no credential stands in user data, consoles, processes or logs", async () => {
    const credentials = region.credentials().map((piece, index) => [`credential ${index}`, piece] as const);
    const secrets = { ...(await secretsOf(region, controlPlane().id)), ...Object.fromEntries(credentials) };
    saw(`looked for ${Object.keys(secrets).length} secrets`);
    expect(await searchHosts(region, secrets)).toEqual([]);
  });
});

function isRefused(call: Call, role: string, action: string): boolean {
  return call.role === role && call.action.includes(action) && /AccessDenied|Unauthorized/.test(call.answer);
}

/** How many calls there were when this one was last answered. */
function lastOf(region: SimulatedRegion, action: string): number {
  return region.calls().findLastIndex((call) => call.action === action) + 1;
}

/** What an instance says of its boot. */
function statusOf(region: SimulatedRegion, instance: string): Record<string, unknown> {
  const parameters = objectsOf(readAccount(region.accountFile), "ssm.Parameter");
  const found = Object.entries(parameters).find(([name]) => name.endsWith(`/status/${instance}`));
  return JSON.parse((found?.[1]["value"] as string | undefined) ?? "{}") as Record<string, unknown>;
}

const labels = { app: "echo" };

const echoDaemonSet = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "echo" },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: "echo", image: callerImage, args: ["serve"] }],
      },
    },
  },
};

/** Each node's port leads to its own pod: what fails is the way to the node. */
const echoService = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "echo" },
  spec: {
    type: "NodePort",
    externalTrafficPolicy: "Local",
    selector: labels,
    ports: [
      { name: "page", protocol: "TCP", port: 8081, nodePort: PAGE_PORT },
      { name: "echo", protocol: "UDP", port: 8081, nodePort: ECHO_PORT },
    ],
  },
};

/** What a drain moves. */
const shop = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "shop" } },
    template: {
      metadata: { labels: { app: "shop" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "shop", image: callerImage, args: ["serve"] }],
      },
    },
  },
};

function ecrPod(name: string, nodeName: string): object {
  const container = { name: "own", image: ECR_IMAGE, imagePullPolicy: "Always" };
  const spec = {
    nodeName,
    terminationGracePeriodSeconds: 1,
    tolerations: [{ operator: "Exists" }],
    containers: [container],
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec };
}

/** Prints ports that answer or refuse, as ranges: all of them are asked, many at a time. */
const SCAN = `
import errno, resource, select, socket, sys
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
address, found, at_once = sys.argv[1], [], 4096
for start in range(1, 65536, at_once):
    poll, sockets = select.poll(), {}
    for port in range(start, min(start + at_once, 65536)):
        one = socket.socket()
        one.setblocking(False)
        if one.connect_ex((address, port)) not in (errno.EINPROGRESS, 0):
            found.append(port)
            continue
        sockets[one.fileno()] = (one, port)
        poll.register(one, select.POLLOUT)
    while sockets:
        ready = poll.poll(1500)
        if not ready:
            break
        for descriptor, _ in ready:
            one, port = sockets.pop(descriptor)
            poll.unregister(descriptor)
            found.append(port)
            one.close()
    for one, port in sockets.values():
        one.close()
ranges = []
for port in sorted(found):
    if ranges and ranges[-1][1] == port - 1:
        ranges[-1][1] = port
    else:
        ranges.append([port, port])
print(" ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in ranges))
`;
