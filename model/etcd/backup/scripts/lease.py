# One node per run: a Lease of the API says which node is at it, and when the last run was.
# Uses: etcd/backup/scripts/common.py
# Variables: LEASE ANNOTATIONS

# Seconds after which a node that holds the lease and is not heard from is treated as gone; clocks may differ by sixty.
LAPSE, RENEW, LOOK = 150, 20, 5
# Seconds for which a node waits for another one that takes the snapshot of this run.
WAIT = 3600


def written(time_):
    return time_.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_since(text):
    """Since a time as `written` writes it; a very long time where there is none."""
    try:
        then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    except (TypeError, ValueError):
        return float("inf")
    return (moment() - then).total_seconds()


def read_lease():
    text = kubectl(["get", "lease", LEASE, "--ignore-not-found", "--output", "json"], "reading the lease of backups")
    return json.loads(text) if text.strip() else None


def write_lease(lease, holder=None, annotations=None):
    """Whether the lease is written; not where another node has written it since it was read."""
    known = lease is not None
    lease = lease or {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE}, "spec": {}}
    lease["metadata"].setdefault("annotations", {}).update(annotations or {})
    if holder is not None:
        lease["spec"].update({"holderIdentity": holder, "renewTime": written(moment()), "leaseDurationSeconds": LAPSE})
    try:
        kubectl(["replace" if known else "create", "--filename", "-"], "writing the lease of backups", json.dumps(lease))
        return True
    except Problem as problem:
        if re.search("Conflict|AlreadyExists|already exists|has been modified", str(problem)):
            return False
        raise


def update_lease(holder=None, annotations=None):
    for _ in range(10):
        if write_lease(read_lease(), holder, annotations):
            return
        time.sleep(1)
    raise Problem("the lease of backups changes all the time")


def done(lease):
    """Whether a node has taken the snapshot of this run; runs are further apart than that."""
    annotations = (lease or {}).get("metadata", {}).get("annotations") or {}
    return seconds_since(annotations.get(ANNOTATIONS["scheduled"])) < settings()["leastAgeSeconds"]


def claim(node):
    """Waits until this node has the lease. Whether there is still something to do then."""
    until = time.monotonic() + WAIT
    told = None
    while time.monotonic() < until:
        lease = read_lease()
        if done(lease):
            return False
        spec = (lease or {}).get("spec", {})
        holder = spec.get("holderIdentity") or ""
        if holder in ("", node) or seconds_since(spec.get("renewTime")) > LAPSE:
            if write_lease(lease, node):
                return True
        elif holder != told:
            say("%s takes the snapshot of this run; waiting until it has it, or fails" % holder)
            told = holder
        time.sleep(LOOK)
    raise Problem("%s has been at the snapshot of this run for %d s" % (told, WAIT))


def remembered(name, header, scheduled):
    found = {ANNOTATIONS["snapshot"]: name, ANNOTATIONS["time"]: header["time"]}
    return dict(found, **{ANNOTATIONS["scheduled"]: header["time"][:-1] + ".000000Z"}) if scheduled else found


@contextlib.contextmanager
def renewed(node):
    ended = threading.Event()

    def renew():
        while not ended.wait(RENEW):
            with contextlib.suppress(Problem):
                update_lease(node)

    keeper = threading.Thread(target=renew, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
