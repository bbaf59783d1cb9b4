# Moves a node's pods away, and finds whether the node is well, with the kubelet's own credentials.
# Uses: maintenance/scripts/common.py
# Variables: NODE KUBELET API_SERVER POLL


def own_node():
    return json.loads(kubectl(["get", "node", NODE, "--output", "json"], "reading Node %s" % NODE))


def own_pods():
    words = ["get", "pods", "--all-namespaces", "--field-selector", "spec.nodeName=" + NODE, "--output", "json"]
    return json.loads(kubectl(words, "reading the pods of %s" % NODE))["items"]


def controller(pod):
    found = [owner for owner in pod["metadata"].get("ownerReferences") or [] if owner.get("controller")]
    return found[0] if found else {}


def named(pod):
    return "%s/%s" % (pod["metadata"].get("namespace"), pod["metadata"]["name"])


def is_static(pod):
    return annotation(pod, "kubernetes.io/config.mirror") != ""


def stays(pod):
    """Whether a drain leaves it: static pods, and those of DaemonSets."""
    return is_static(pod) or controller(pod).get("kind") == "DaemonSet"


def to_move(pods):
    return [pod for pod in pods if not stays(pod) and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]


def evict(pod):
    """Why a pod was not evicted; empty where it was, or has gone."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    wanted = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    try:
        path = "/api/v1/namespaces/%s/pods/%s/eviction" % (namespace, name)
        kubectl(["create", "--raw", path, "--filename", "-"], "evicting %s/%s" % (namespace, name), json.dumps(wanted))
    except Problem as problem:
        return "" if "NotFound" in str(problem) or "not found" in str(problem) else str(problem)
    return ""


def drain(seconds):
    """Evicts pods until none is left to move, and asks again where a disruption budget has no room. Says what is left, and why."""
    until = time.monotonic() + max(seconds, 1)
    while True:
        left, why = to_move(own_pods()), {}
        if not left:
            return ""
        for pod in left:
            if not pod["metadata"].get("deletionTimestamp"):
                refusal = evict(pod)
                if refusal:
                    why[named(pod)] = refusal
        if time.monotonic() >= until:
            names = [named(pod) for pod in left]
            more = " and %d more" % (len(names) - 3) if len(names) > 3 else ""
            first = next((why[name] for name in names if name in why), "they take longer to end")
            return "%s%s did not leave within %d s: %s" % (", ".join(names[:3]), more, seconds, first)
        time.sleep(POLL / 5)


def cordon(on):
    kubectl(["cordon" if on else "uncordon", NODE], "%s Node %s" % ("cordoning" if on else "uncordoning", NODE))


def not_ready(pods):
    """Who owns pods that stay on a drained node and are not ready: by that name they are known over a restart."""
    return sorted({"%s/%s" % (pod["metadata"].get("namespace"), controller(pod).get("name") or pod["metadata"]["name"]) for pod in pods if stays(pod) and not is_ready(pod)})


def started_before(pod, boot):
    """Whether the API still says of it what was so before the boot."""
    running = [one.get("state", {}).get("running") for one in pod.get("status", {}).get("containerStatuses") or []]
    return any(one and seconds_since(one.get("startedAt")) > time.time() - boot + 1 for one in running)


def kubelet_answers():
    # Loaded where it is needed, which takes as long as all else: the program looks every few minutes, and seldom has to ask.
    import urllib.request

    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(KUBELET, timeout=3) as answer:
            return answer.status == 200
    except OSError:
        return False


def unwell(boot, before):
    """Why this node is not well; empty: it is.
    boot -- when its host booted, if it has since; what the API knew before that does not count
    before -- pods that were not ready before the maintenance, by `not_ready`"""
    if not kubelet_answers():
        return "the kubelet is not healthy"
    try:
        node = own_node()
        if not is_ready(node):
            return "Node %s is not Ready: %s" % (NODE, condition(node, "Ready").get("message") or "its kubelet does not report")
        if boot and seconds_since(condition(node, "Ready").get("lastHeartbeatTime")) > time.time() - boot + 1:
            return "the kubelet has not reported since the reboot"
        if API_SERVER:
            kubectl(["--server", API_SERVER, "get", "--raw", "/readyz"], "asking this node's API server")
        pods = own_pods()
    except Problem as problem:
        return str(problem)
    late = [one for one in not_ready(pods) if one not in before]
    stale = [named(pod) for pod in pods if boot and stays(pod) and started_before(pod, boot)]
    if late or stale:
        return "pods are not ready: %s" % ", ".join((late or stale)[:3])
    return ""
