import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { lifecycleFiles } from "../../../../model/aws/boot/lifecycle";
import { LET_GO, launchTimeout } from "../../../../model/aws/hooks";
import { have } from "../../../support/have";
import { awsSettings, poolOf } from "./support";

/** What the host, the cluster and AWS are to the program, second by second. */
interface World {
  /** Second from which the node is Ready; undefined: never. */
  readonly readyFrom?: number;
  /** Second from which the group takes the instance away. */
  readonly endsFrom?: number;
  /** Second at which a spot instance is taken, as a notice from the start says. */
  readonly spotEnd?: number;
  /** Seconds that a pod takes to end after its eviction. */
  readonly grace?: number;
  readonly services?: string;
  /** The API server answers nothing. */
  readonly apiAway?: boolean;
  /** By call and how often it was made: what AWS refuses it with. */
  readonly refused?: Readonly<Record<string, readonly string[]>>;
  /** The node was told Ready at an earlier start of the program. */
  readonly launched?: boolean;
  /** Seconds to play. */
  readonly until: number;
}

interface Event {
  readonly at: number;
  readonly what: string;
}

const harness = `
import io, json, sys, types
world = json.loads(sys.argv[1])
clock = [0.0]
events = []

def note(what):
    events.append({"at": round(clock[0]), "what": what})

class End(BaseException):
    pass

import time, os, subprocess
time.time = lambda: 1e9 + clock[0]
def sleep(seconds):
    clock[0] += seconds
    if clock[0] >= world["until"]:
        raise End()
time.sleep = sleep
evicted = {}
exists = os.path.exists
os.path.exists = lambda path: bool(world.get("launched")) if path.endswith("/launched") else exists(path)

def pods():
    for name in ("a", "b"):
        if name not in evicted:
            yield {"metadata": {"name": name, "namespace": "default"}, "status": {"phase": "Running"}}
        elif clock[0] < evicted[name] + world.get("grace", 0):
            yield {"metadata": {"name": name, "namespace": "default", "deletionTimestamp": "now"}, "status": {"phase": "Running"}}
    yield {"metadata": {"name": "proxy", "namespace": "kube-system", "ownerReferences": [{"controller": True, "kind": "DaemonSet"}]}, "status": {"phase": "Running"}}

def run(words, input=None, **more):
    asked = [word for word in words[1:] if not word.startswith(("--kubeconfig", "--cache-dir", "--request-timeout"))]
    done = types.SimpleNamespace(returncode=0, stdout="")
    if world.get("apiAway"):
        done.returncode, done.stdout = 1, "connection refused"
        if asked[0] in ("label", "cordon"):
            note(" ".join(asked[:1]))
    elif asked[:2] == ["get", "node"]:
        ready = world.get("readyFrom") is not None and clock[0] >= world["readyFrom"]
        done.stdout = "True" if ready else "False"
    elif asked[:2] == ["get", "services"]:
        done.stdout = world.get("services", "")
    elif asked[:2] == ["get", "pods"]:
        done.stdout = json.dumps({"items": list(pods())})
    elif asked[0] == "create":
        name = json.loads(input)["metadata"]["name"]
        evicted[name] = clock[0]
        note("evict " + name)
    else:
        note(" ".join(asked))
    return done
subprocess.run = run

aws = types.ModuleType("aws")
class Refused(Exception):
    pass
aws.Refused = Refused
def metadata(path):
    if path.endswith("instance-id"):
        return "i-1"
    if path.endswith("local-hostname"):
        return "ip-1 second.example"
    if path.endswith("target-lifecycle-state"):
        return "Terminated" if clock[0] >= world.get("endsFrom", 1e9) else "InService"
    if path.endswith("instance-action") and world.get("spotEnd") is not None:
        end = time.gmtime(1e9 + world["spotEnd"])
        return json.dumps({"action": "terminate", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", end)})
    return None
aws.metadata = metadata
def call(service, action, params, patience):
    what = "%s %s" % (action, params["LifecycleHookName"])
    refusals = world.get("refused", {}).get(what, [])
    if refusals:
        note(what + " refused")
        refusal = refusals.pop(0) if len(refusals) > 1 else refusals[0]
        if refusal:
            raise Refused("autoscaling %s: %s" % (action, refusal))
    note("%s %s" % (what, params.get("LifecycleActionResult", "")))
aws.call = call
aws.write = lambda path, content, mode=0o600: note("write " + path)
sys.modules["aws"] = aws
out, sys.stdout = sys.stdout, io.StringIO()
try:
    exec(compile(sys.stdin.read(), "lifecycle.py", "exec"), {"__name__": "lifecycle"})
except End:
    pass
out.write(json.dumps(events))
`;

const settings = awsSettings({ drainTimeoutSeconds: 120 });
const pool = poolOf(settings);

/** Plays the rendered program; what happened, with the seconds since its start. */
function play(world: World): Event[] {
  const [program] = lifecycleFiles(settings, pool);
  const words = ["-I", "-c", harness, JSON.stringify(world)];
  const ran = spawnSync("python3", words, {
    input: program?.content ?? "",
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(ran.stderr).toBe("");
  return JSON.parse(ran.stdout) as Event[];
}

const of = (events: readonly Event[], start: string): Event[] =>
  events.filter(({ what }) => what.startsWith(start));
const at = (events: readonly Event[], start: string): number =>
  of(events, start)[0]?.at ?? expect.fail(`no ${start} in ${JSON.stringify(events)}`);

const COMPLETE_LAUNCH = "CompleteLifecycleAction launch";
const COMPLETE_DRAIN = "CompleteLifecycleAction drain";
const NOT_WAITING = "ValidationError: No active Lifecycle Action found with instance ID i-1";

describe.skipIf(!have("python3"))("a new node", () => {
  it("comes into service when it is Ready, and says every minute until then that it is on its way", () => {
    const events = play({ readyFrom: 200, until: 400 });
    expect(of(events, "RecordLifecycleActionHeartbeat launch").map((one) => one.at)).toEqual([
      0, 65, 130, 195,
    ]);
    expect(of(events, COMPLETE_LAUNCH)).toEqual([{ at: 200, what: `${COMPLETE_LAUNCH} CONTINUE` }]);
    expect(of(events, "write")).toEqual([{ at: 200, what: "write /var/lib/pulumi-kubeadm/launched" }]);
  });

  it.each([
    ["is not Ready", {}],
    ["cannot ask the control plane", { apiAway: true }],
  ])("falls silent after joinTimeoutSeconds while it %s, so that the group ends it", (_, world) => {
    const events = play({ ...world, until: 3 * launchTimeout(pool) });
    const beats = of(events, "RecordLifecycleActionHeartbeat launch").map((one) => one.at);
    expect(Math.max(...beats)).toBeLessThan(pool.joinTimeoutSeconds);
    expect(Math.max(...beats)).toBeGreaterThan(pool.joinTimeoutSeconds - 120);
    expect(of(events, COMPLETE_LAUNCH)).toEqual([]);
  });

  it("asks nothing of a group that does not wait, and says it once", () => {
    const events = play({ readyFrom: 0, until: 300, refused: { [COMPLETE_LAUNCH]: [NOT_WAITING] } });
    expect(of(events, COMPLETE_LAUNCH)).toHaveLength(1);
    expect(of(events, "write")).toHaveLength(1);
  });

  it("tells the group again when it could not be told", () => {
    const refused = { [COMPLETE_LAUNCH]: ["AccessDenied: not yet", "Throttling: later", ""] };
    const events = play({ readyFrom: 0, until: 60, refused });
    expect(of(events, "write").map((one) => one.at)).toEqual([10]);
  });

  it("is silent once the group knows it, also after a reboot", () => {
    expect(play({ readyFrom: 0, launched: true, until: 300 })).toEqual([]);
  });
});

describe.skipIf(!have("python3"))("a node that the group ends", () => {
  const ends = { launched: true, endsFrom: 10, until: 600 } as const;

  it("is taken out of balancers before its pods are evicted, and ends when balancers have let go", () => {
    const events = play({ ...ends, services: "ClusterIP LoadBalancer" });
    const label = at(events, "label");
    expect(of(events, "label")[0]?.what).toBe(
      "label --overwrite node ip-1 node.kubernetes.io/exclude-from-external-load-balancers=",
    );
    expect(at(events, "cordon")).toBe(label);
    const names = events.map(({ what }) => what.split(" ")[0]);
    expect(names.indexOf("label")).toBeLessThan(names.indexOf("evict"));
    expect(at(events, COMPLETE_DRAIN) - label).toBeGreaterThanOrEqual(LET_GO);
    expect(at(events, COMPLETE_DRAIN) - label).toBeLessThan(LET_GO + 10);
  });

  it("ends as soon as its pods are gone where no balancer has it", () => {
    const events = play({ ...ends, services: "ClusterIP NodePort", grace: 6 });
    expect(at(events, COMPLETE_DRAIN) - at(events, "label")).toBeLessThan(12);
  });

  it("waits for balancers where nobody can be asked whether there are some", () => {
    const events = play({ ...ends, apiAway: true });
    expect(at(events, COMPLETE_DRAIN) - at(events, "label")).toBeGreaterThanOrEqual(LET_GO);
  });

  it("gives a sign every minute, and ends after drainTimeoutSeconds whatever is left", () => {
    const events = play({ ...ends, services: "LoadBalancer", grace: 10_000 });
    const beats = of(events, "RecordLifecycleActionHeartbeat drain").map((one) => one.at);
    expect(beats).toEqual([10, 72]);
    expect(at(events, COMPLETE_DRAIN) - 10).toBeGreaterThanOrEqual(settings.drainTimeoutSeconds);
    expect(at(events, COMPLETE_DRAIN) - 10).toBeLessThan(settings.drainTimeoutSeconds + 10);
  });

  it("tells the group again until it is told, and then no more", () => {
    const refused = { [COMPLETE_DRAIN]: ["Unavailable: a portal", "Throttling: later", ""] };
    const events = play({ ...ends, refused });
    expect(of(events, `${COMPLETE_DRAIN} refused`)).toHaveLength(3);
    expect(of(events, `${COMPLETE_DRAIN} CONTINUE`)).toHaveLength(1);
  });

  it("is through on time before EC2 takes a spot instance, balancers or not", () => {
    const events = play({
      launched: true,
      spotEnd: 120,
      grace: 10_000,
      services: "LoadBalancer",
      until: 600,
    });
    expect(Math.max(...of(events, "evict").map((one) => one.at))).toBeLessThan(105);
    expect(of(events, "label")).toHaveLength(1);
    // The group waits for nothing: nobody is told.
    expect(of(events, COMPLETE_DRAIN)).toEqual([]);
  });
});
