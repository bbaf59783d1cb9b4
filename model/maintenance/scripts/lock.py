#!/usr/bin/python3 -I
# Gives nodes the drain lock: on control-plane nodes, with what the API says of all nodes.
# Uses: maintenance/scripts/common.py maintenance/scripts/windows.py
# Variables: LEASE HOLDERS CHANGES PROVEN UPGRADING ETCD LOOK

# Seconds after which a node that asks is not believed to wait any more, and for which a node may be at its maintenance before it is
# treated as one that does not come back.
ASKS_FOR, AT_IT_FOR = 240, 3600
# Seconds for which a step of Pulumi keeps nodes from their maintenance that does not say when it ends, since it was killed; and after
# its end, since the next step of the same run follows.
CHANGE_FOR, QUIET = 3600, 60
# What names a run: the beginning of a window, or `now` and the setting's value.
RUN = r"(now )?[A-Za-z0-9:._-]{1,64}"
ROLE = "node-role.kubernetes.io/"
CONTROL_PLANE = ROLE + "control-plane"
# Exit statuses of `enter`.
ENTERED, HELD = 0, 3


def read_lease():
    text = kubectl(["--namespace", "kube-system", "get", "lease", LEASE, "--ignore-not-found", "--output", "json"], "reading the lease of maintenance")
    return json.loads(text) if text.strip() else None


def kept(lease, key):
    """What the lease keeps under a key; of a lease that somebody wrote something else into, nothing can be told."""
    text = annotation(lease, key) if lease else ""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Problem("lease %s in kube-system has %s, which is not what this program wrote: delete the lease once no node is at its maintenance" % (LEASE, key))
    return value


def write_lease(lease, holders, changes, proven=None):
    """Whether the lease is written; not where somebody has written it since it was read."""
    new = json.loads(json.dumps(lease)) if lease else {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE, "namespace": "kube-system"}, "spec": {}}
    annotations = new["metadata"].setdefault("annotations", {}) or {}
    annotations.update({HOLDERS: json.dumps(holders, sort_keys=True), CHANGES: json.dumps(changes, sort_keys=True)})
    if proven is not None:
        annotations[PROVEN] = json.dumps(proven, sort_keys=True)
    new["metadata"]["annotations"] = annotations
    new["spec"] = {"holderIdentity": ", ".join(sorted(holders)), "renewTime": moment().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    try:
        kubectl(["--namespace", "kube-system", "replace" if lease else "create", "--filename", "-"], "writing the lease of maintenance", json.dumps(new))
        return True
    except Problem as problem:
        if re.search("Conflict|AlreadyExists|already exists|has been modified", str(problem)):
            return False
        raise


def read_nodes():
    return {node["metadata"]["name"]: node for node in json.loads(kubectl(["get", "nodes", "--output", "json"], "reading the Nodes"))["items"]}


def is_control_plane(node):
    return CONTROL_PLANE in (node["metadata"].get("labels") or {})


def pool_of(node):
    """Its pool's name, by the label that only the library and people may write (NodeRestriction); "" of a control-plane node."""
    names = [label[len(ROLE):] for label in node["metadata"].get("labels") or {} if label.startswith(ROLE)]
    return "" if is_control_plane(node) else min(names or ["worker"])


def bound(pool, nodes, conf):
    """How many nodes of a pool may be away at a time, as `upgrades` says it."""
    wanted = str(conf["pools"].get(pool, conf["maxUnavailable"])) if pool else "1"
    total = sum(1 for node in nodes.values() if pool_of(node) == pool)
    return max(1, total * int(wanted[:-1]) // 100 if wanted.endswith("%") else int(wanted))


def etcd_is_well():
    """Whether every member of etcd answers."""
    try:
        found = run(["crictl", "ps", "--quiet", "--state", "Running", "--name", "^etcd$"], "asking for etcd's container").split()
        if not found:
            return False
        run(["crictl", "exec", found[0], "etcdctl"] + ETCD + ["endpoint", "health", "--cluster"], "asking etcd's members", seconds=60)
        return True
    except Problem as problem:
        say(problem)
        return False


def plain(text):
    """Words of a node, which may have fallen into wrong hands."""
    return re.sub(r"[^ -~]", " ", str(text))[:300]


def fresh(changes):
    """Steps that keep nodes from their maintenance."""
    return {step: one for step, one in changes.items() if seconds_since(one.get("at")) < (QUIET if one.get("ended") else CHANGE_FOR)}


def has_ended(name, holder, nodes):
    """Whether a node is done, by its own word and by what the API sees; one that was removed is. One that asks for another run is done
    with this one: its end may have been said while no control-plane node looked."""
    node = nodes.get(name)
    if node is None:
        return True
    said = said_by(node)
    if said.get("state") != ("ended" if said.get("run") == holder["run"] else "asks"):
        return False
    return is_ready(node) and (not is_cordoned(node) or said.get("stays") is True)


def stopped(holders, nodes, limit):
    """Nodes that did not come back well, with why."""
    found = {}
    for name, holder in holders.items():
        said = said_by(nodes.get(name) or {"metadata": {}})
        if said.get("run") == holder["run"] and said.get("state") == "failed":
            found[name] = plain(said.get("why") or "it is not well")
        elif seconds_since(holder["since"]) > limit:
            found[name] = "it has been at its maintenance since %s" % holder["since"]
    return found


def asking(nodes, holders):
    """Nodes that wait for the drain lock: workers first, of which one that comes to harm costs least."""
    found = []
    for name, node in nodes.items():
        said = said_by(node)
        if name not in holders and said.get("state") == "asks" and re.fullmatch(RUN, str(said.get("run"))) and seconds_since(said.get("at")) < ASKS_FOR:
            found.append(name)
    return sorted(found, key=lambda name: (is_control_plane(nodes[name]), name))


def have(holders):
    return "%s %s the drain lock" % (", ".join(sorted(holders)), "has" if len(holders) == 1 else "have")


def obstacle(name, nodes, holders, changes, proven, conf):
    """Why a node may not have the drain lock now; empty: it may."""
    gone = stopped(holders, nodes, conf["drainTimeoutSeconds"] + AT_IT_FOR)
    if gone:
        return "; ".join("node %s does not come back: %s" % one for one in sorted(gone.items()))
    if changes:
        # A step that ends when its begin is not on record, or not any more, leaves no name.
        names = sorted({one["machine"] for one in changes.values() if one.get("machine")})
        return "pulumi up is changing %s" % (", ".join(names) or "nodes")
    drained = sorted(other for other, node in nodes.items() if annotation(node, UPGRADING))
    if drained:
        return "an upgrade has drained %s" % ", ".join(drained)
    pool = pool_of(nodes[name])
    # Its own pool's may be several; one of another pool, or of the control plane, is alone.
    if holders and (not pool or any(pool_of(nodes[other]) != pool for other in holders if other in nodes)):
        return have(holders)
    away = sorted(other for other, node in nodes.items() if other not in (name, *holders) and not is_ready(node) and pool_of(node) in ("", pool))
    most = bound(pool, nodes, conf)
    if any(is_control_plane(nodes[other]) for other in away) or len(holders) + len(away) >= most:
        found = ["not Ready: %s" % ", ".join(away)] if away else []
        return "; ".join(([have(holders)] if holders else []) + found)
    if holders and proven.get(pool) != said_by(nodes[name]).get("run"):
        return "the first node of a pool goes alone, and %s" % have(holders)
    if not is_ready(nodes[name]):
        return "it is not Ready itself"
    if is_control_plane(nodes[name]) and not etcd_is_well():
        return "not every member of etcd is healthy"
    return ""


def annotate(name, *words):
    kubectl(["annotate", "--overwrite", "node", name] + list(words), "annotating Node %s" % name)


def tidy(nodes, holders):
    """Brings what nodes are told to what the lease says: a run that was cut off, or another control-plane node, may have left it."""
    for name, node in nodes.items():
        holder = holders.get(name)
        if holder and annotation(node, GRANT) != holder["run"]:
            annotate(name, "%s=%s" % (GRANT, holder["run"]))
        elif not holder and (annotation(node, GRANT) or said_by(node).get("state") == "ended"):
            annotate(name, GRANT + "-", ASKS + "-")


def round_():
    """One look. (whether there is something to wait for, why the first node that asks does not get the lock)"""
    conf = config()
    nodes, lease = read_nodes(), read_lease()
    before, changes, proven = kept(lease, HOLDERS), fresh(kept(lease, CHANGES)), kept(lease, PROVEN)
    holders = {name: one for name, one in before.items() if not has_ended(name, one, nodes)}
    if holders != before and any(is_control_plane(nodes[name]) for name in before if name in nodes and name not in holders) and not etcd_is_well():
        # The next node waits until this one's member has caught up.
        holders = before
    for name in set(before) - set(holders):
        if name in nodes and said_by(nodes[name]).get("result") == "done":
            proven = dict(proven, **{pool_of(nodes[name]): before[name]["run"]})
    waiting, why = asking(nodes, holders), ""
    if waiting:
        why = obstacle(waiting[0], nodes, holders, changes, proven, conf)
        if not why:
            holders = dict(holders, **{waiting[0]: {"run": said_by(nodes[waiting[0]]).get("run") or "", "since": stamp(moment())}})
    if (holders != before or (lease is None)) and not write_lease(lease, holders, changes, proven):
        return True, ""
    for name in sorted(set(holders) - set(before)):
        say("node %s has the drain lock" % name)
    for name in sorted(set(before) - set(holders)):
        say("node %s gave the drain lock back" % name)
    tidy(nodes, holders)
    return bool(holders or waiting), "%s waits: %s" % (waiting[0], why) if why else ""


def give():
    """run: the timer's. Every control-plane node has one; the lease takes one change at a time, so they need no order."""
    told = ""
    while True:
        more, why = round_()
        if why and why != told:
            say(why)
            told = why
        if not more:
            return
        time.sleep(LOOK)


def enter(step, machine):
    """enter STEP MACHINE: for a step of Pulumi, which waits for nodes that are at their maintenance, but for none that does not come back."""
    for _ in range(20):
        lease = read_lease()
        holders, changes = kept(lease, HOLDERS), fresh(kept(lease, CHANGES))
        nodes = read_nodes()
        gone = stopped(holders, nodes, config()["drainTimeoutSeconds"] + AT_IT_FOR)
        active = sorted(name for name, one in holders.items() if name not in gone and not has_ended(name, one, nodes))
        if active:
            print(", ".join(active))
            return HELD
        if write_lease(lease, holders, dict(changes, **{step: {"machine": machine, "at": stamp(moment())}})):
            return ENTERED
        time.sleep(0.2)
    raise Problem("the lease of maintenance changes all the time")


def leave(step):
    """leave STEP: the step has ended."""
    for _ in range(20):
        lease = read_lease()
        changes = fresh(kept(lease, CHANGES))
        ended = dict(changes, **{step: dict(changes.get(step, {}), ended=True, at=stamp(moment()))})
        if write_lease(lease, kept(lease, HOLDERS), ended):
            return
        time.sleep(0.2)


def release(name):
    """release NODE: takes the drain lock from a node that does not come back, so that the others go on. The node stays cordoned."""
    for _ in range(20):
        lease = read_lease()
        holders = kept(lease, HOLDERS)
        if name not in holders:
            raise Problem("node %s does not have the drain lock; %s" % (name, ", ".join(sorted(holders)) + " has it" if holders else "no node has it"))
        if write_lease(lease, {one: what for one, what in holders.items() if one != name}, kept(lease, CHANGES)):
            if name in read_nodes():
                annotate(name, GRANT + "-", ASKS + "-")
            return print("node %s does not have the drain lock any more; other nodes go on" % name)
        time.sleep(0.2)
    raise Problem("the lease of maintenance changes all the time")


def show():
    """status: prints which node has the drain lock, which wait, and why."""
    nodes, lease, conf = read_nodes(), read_lease(), config()
    holders, changes = kept(lease, HOLDERS), fresh(kept(lease, CHANGES))
    gone = stopped(holders, nodes, conf["drainTimeoutSeconds"] + AT_IT_FOR)
    for name, one in sorted(holders.items()):
        print("%s has the drain lock since %s%s" % (name, one["since"], "; it does not come back: " + gone[name] if name in gone else ""))
    for name in asking(nodes, holders):
        print("%s waits: %s" % (name, obstacle(name, nodes, holders, changes, kept(lease, PROVEN), conf) or "it is next"))


COMMANDS = {"run": (give, 0, 0), "enter": (enter, 2, 2), "leave": (leave, 1, 1), "release": (release, 1, 1), "status": (show, 0, 0)}

if __name__ == "__main__":
    only_command(COMMANDS, "status | release NODE")
