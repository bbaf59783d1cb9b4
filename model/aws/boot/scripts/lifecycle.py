# Moves pods away before an instance ends.
# Variables: PROGRAM_FOLDER GROUP LAUNCHED LAUNCH_HOOK DRAIN_HOOK EXCLUDED_LABEL JOIN_TIMEOUT HEARTBEAT LONGEST LET_GO MARGIN INTERVAL

import calendar, json, os, subprocess, sys, time

sys.path.insert(0, PROGRAM_FOLDER)
import aws

KUBECTL = ["/usr/local/bin/kubectl", "--kubeconfig=/etc/kubernetes/kubelet.conf", "--cache-dir=/run/pulumi-kubeadm/kubectl", "--request-timeout=20s"]


def kubectl(*words, text=None):
    return subprocess.run(KUBECTL + list(words), input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)


def ending():
    """When the instance ends: None, or seconds since 1970; and whether the group waits for it."""
    waits = (aws.metadata("meta-data/autoscaling/target-lifecycle-state") or "").strip() == "Terminated"
    notice = aws.metadata("meta-data/spot/instance-action")
    if notice:
        end = calendar.timegm(time.strptime(json.loads(notice)["time"], "%Y-%m-%dT%H:%M:%SZ"))
        return min(end - MARGIN, time.time() + LONGEST), waits
    return (time.time() + LONGEST if waits else None), waits


def tell(action, hook, **more):
    """Whether the group knows it; a group that waits for nothing (ValidationError) has no need to."""
    try:
        aws.call("autoscaling", action, dict(more, AutoScalingGroupName=GROUP, LifecycleHookName=hook, InstanceId=INSTANCE), 20)
    except aws.Refused as error:
        print(error, flush=True)
        return ": ValidationError" in str(error)
    return True


def launch(since, beat):
    """Lets the group go on once the node is Ready: the time of the last heartbeat, or None when it goes on."""
    said = kubectl("get", "node", NODE, "--output=jsonpath={.status.conditions[?(@.type=='Ready')].status}")
    if said.stdout.strip() == "True":
        if tell("CompleteLifecycleAction", LAUNCH_HOOK, LifecycleActionResult="CONTINUE"):
            aws.write(LAUNCHED, "")
            return None
    elif time.time() - since < JOIN_TIMEOUT and time.time() - beat > HEARTBEAT:
        tell("RecordLifecycleActionHeartbeat", LAUNCH_HOOK)
        return time.time()
    return beat


def has_balancers():
    said = kubectl("get", "services", "--all-namespaces", "--output=jsonpath={.items[*].spec.type}")
    return said.returncode != 0 or "LoadBalancer" in said.stdout.split()


def owned_by_daemon_set(pod):
    return any(owner.get("controller") and owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences", []))


def to_move():
    listed = kubectl("get", "pods", "--all-namespaces", "--field-selector=spec.nodeName=" + NODE, "--output=json")
    if listed.returncode != 0:
        raise RuntimeError(listed.stdout.strip())
    for pod in json.loads(listed.stdout)["items"]:
        mirror = "kubernetes.io/config.mirror" in pod["metadata"].get("annotations", {})
        done = pod["status"].get("phase") in ("Succeeded", "Failed")
        if not mirror and not done and not owned_by_daemon_set(pod):
            yield pod


def evict(pod):
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    wanted = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    path = "/api/v1/namespaces/%s/pods/%s/eviction" % (namespace, name)
    answer = kubectl("create", "--raw", path, "--filename=-", text=json.dumps(wanted))
    print("evict %s/%s: %s" % (namespace, name, "done" if answer.returncode == 0 else answer.stdout.strip()), flush=True)


def drain(deadline, waits):
    print("the instance ends; moving its pods away", flush=True)
    print(kubectl("label", "--overwrite", "node", NODE, EXCLUDED_LABEL + "=").stdout.strip(), flush=True)
    print(kubectl("cordon", NODE).stdout.strip(), flush=True)
    # Balancers see neither cordon nor eviction, and nodes pass flows on to pods of other nodes.
    let_go = time.time() + (LET_GO if has_balancers() else 0)
    beat = 0.0
    while time.time() < deadline:
        if waits and time.time() - beat > HEARTBEAT:
            tell("RecordLifecycleActionHeartbeat", DRAIN_HOOK)
            beat = time.time()
        try:
            left = list(to_move())
        except (RuntimeError, ValueError) as error:
            print(error, flush=True)
            left = None
        if left == [] and time.time() >= let_go:
            print("no pod is left to move", flush=True)
            return
        # A disruption budget answers 429, and is asked again.
        for pod in left or []:
            if not pod["metadata"].get("deletionTimestamp"):
                evict(pod)
        time.sleep(2)
    print("time is up; what is left ends with the instance", flush=True)


INSTANCE = aws.metadata("meta-data/instance-id").strip()
NODE = aws.metadata("meta-data/local-hostname").split()[0]
drained = told = False
since = time.time()
beat = None if os.path.exists(LAUNCHED) else 0.0
while True:
    try:
        if beat is not None:
            beat = launch(since, beat)
        deadline, waits = ending()
        if deadline is not None and not drained:
            drain(deadline, waits)
            drained = True
        if drained and waits and not told:
            told = tell("CompleteLifecycleAction", DRAIN_HOOK, LifecycleActionResult="CONTINUE")
    except (aws.Refused, ValueError, KeyError) as error:
        print(error, flush=True)
    time.sleep(INTERVAL)
