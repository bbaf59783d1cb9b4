#!/usr/bin/python3 -I
# Takes encrypted snapshots of etcd to where the settings want them, and fetches them from there.
# Uses: etcd/backup/scripts/common.py etcd/backup/scripts/sealing.py etcd/backup/scripts/targets.py etcd/backup/scripts/lease.py
# Variables: LOCK_FILE WORK_FOLDER PKI RECORD MANIFESTS TOOLS ETCD NAME ENCRYPTION REWRITE_MARK

import fcntl, signal

def tool(name):
    """A program of etcd's own image, as the running container has it."""
    folders = [TOOLS]
    if not TOOLS:
        found = run(["crictl", "ps", "--quiet", "--state", "Running", "--name", "^etcd$"], "asking for etcd's container").split()
        if not found:
            raise Problem("no etcd runs here")
        pid = run(["crictl", "inspect", "--output", "go-template", "--template", "{{.info.pid}}", found[0]], "asking for etcd's process")
        folders = ["/proc/%d/root/%s" % (int(pid), folder) for folder in ("usr/local/bin", "usr/bin", "bin")]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    raise Problem("etcd's image has no %s; official images of etcd have it since 3.6.5" % name)


def etcdctl(words, what, seconds=120):
    return run([tool("etcdctl")] + ETCD + words, what, seconds=seconds)


def cluster_id():
    """Of the node's record: the cluster keeps its identity when its CA is rotated."""
    try:
        with open(RECORD) as file:
            return str(json.load(file)["cluster"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with open(os.path.join(PKI, "ca.crt")) as file:
        return hashlib.sha256(file.read().strip().encode()).hexdigest()


def kubernetes_version():
    """Of the API server that this node runs."""
    with open(os.path.join(MANIFESTS, "kube-apiserver.yaml")) as file:
        found = re.search(r"^ *image: \S+:v(\d+\.\d+\.\d+)\S*$", file.read(), re.M)
    if not found:
        raise Problem("%s/kube-apiserver.yaml names no version" % MANIFESTS)
    return found.group(1)


def encryption_keys():
    """Which keys Secrets may be encrypted with, as keyId (model/kubeadm/encryption.ts) writes them: it gives none away."""
    found, provider, name = [], "", ""
    with open(ENCRYPTION) as file:
        for line in file:
            word, _, value = line.strip().lstrip("- ").partition(":")
            value = value.strip().strip("\"'")
            if word in ("secretbox", "aescbc"):
                provider = word
            elif word == "name":
                name = value
            elif word == "secret":
                found.append("%s:%s:%s" % (provider, name, hashlib.sha256(value.encode()).hexdigest()[:12]))
    # All of them while Secrets are being rewritten; otherwise the first has encrypted every one.
    return found if os.path.exists(REWRITE_MARK) else found[:1]


def snapshot(work, reason):
    """A verified, encrypted snapshot in the folder `work`: its file, and its header."""
    status = json.loads(etcdctl(["endpoint", "status", "--write-out", "json"], "asking etcd for its status"))[0]["Status"]
    size, free = status["dbSize"], shutil.disk_usage(work).free
    # Plain, encrypted, and as it is read back.
    if free < 3 * size + (64 << 20):
        raise Problem("%s has %d MiB free; a snapshot of %d MiB needs %d" % (work, free >> 20, size >> 20, (3 * size >> 20) + 64))
    plain = os.path.join(work, "snapshot.db")
    taken = datetime.datetime.now(datetime.timezone.utc)
    etcdctl(["--command-timeout", "15m", "snapshot", "save", plain], "taking the snapshot", 1000)
    # etcd writes the SHA-256 of what it sent behind it (server/etcdserver/api/v3rpc/maintenance.go).
    with open(plain, "rb") as file:
        file.seek(-TAG, os.SEEK_END)
        if file.read() != digest_of(plain, TAG):
            raise Problem("the snapshot did not arrive whole")
    # Opens the database and reads every key; fails where a page is damaged.
    read = json.loads(run([tool("etcdutl"), "snapshot", "status", plain, "--write-out", "json"], "checking the snapshot", seconds=900))
    header = {
        "cluster": cluster_id(),
        "clusterName": settings()["clusterName"],
        "node": settings()["node"],
        "reason": reason,
        "time": taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "etcd": status["version"],
        "kubernetes": kubernetes_version(),
        "revision": read["revision"],
        "keys": read["totalKey"],
        "encryption": encryption_keys(),
        "hash": read["hash"],
        "size": os.path.getsize(plain),
        "sha256": digest_of(plain).hex(),
    }
    name = "etcd-%s-%s-r%d-e%s-k%s.snapshot" % (
        header["cluster"][:16], taken.strftime("%Y%m%dT%H%M%SZ"), header["revision"], header["etcd"], header["kubernetes"])
    if not re.fullmatch(NAME, name):
        raise Problem("%s is not a name that a restore would find" % name)
    sealed = os.path.join(work, name)
    seal(plain, sealed, header)
    os.remove(plain)
    return sealed, header


def own(names, cluster):
    """Snapshots of this cluster, the oldest first; whatever else is there is nobody's business here."""
    found = [(match.group(2), int(match.group(3)), match.group(0)) for match in (re.fullmatch(NAME, name) for name in names) if match and match.group(1) == cluster[:16]]
    return [name for _, _, name in sorted(found)]


def surplus(names, cluster, keep):
    return own(names, cluster)[:-keep]


def unfinished(names, cluster, day):
    """What a run that was killed left: whole ones are renamed."""
    parts = [name[1:-len(".part")] for name in names if name.startswith(".") and name.endswith(".part")]
    return [".%s.part" % name for name in own(parts, cluster) if re.fullmatch(NAME, name).group(2) < day]


def prune(target, cluster, keep):
    names = target.names()
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    for name in surplus(names, cluster, keep) + unfinished(names, cluster, yesterday.strftime("%Y%m%dT%H%M%SZ")):
        target.remove(name)
        say("removed %s: %d are kept" % (name, keep))


@contextlib.contextmanager
def work_folder():
    """One run at a time on a node, in a folder that a killed run leaves empty for the next one."""
    os.makedirs(WORK_FOLDER, mode=0o700, exist_ok=True)
    with open(LOCK_FILE, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in os.listdir(WORK_FOLDER):
            os.remove(os.path.join(WORK_FOLDER, left))
        try:
            yield WORK_FOLDER
        finally:
            for left in os.listdir(WORK_FOLDER):
                os.remove(os.path.join(WORK_FOLDER, left))


def take(reason):
    """Takes a snapshot, reads it back from its target, and removes those that are too many."""
    with work_folder() as work:
        target = store()
        sealed, header = snapshot(work, reason)
        name = os.path.basename(sealed)
        size = os.path.getsize(sealed)
        target.put(sealed)
        os.remove(sealed)
        back = os.path.join(work, "back." + name)
        try:
            target.get(name, back)
            if unseal(back) != header:
                raise Problem("another snapshot came back")
        except Problem as problem:
            with contextlib.suppress(Problem, OSError):
                target.remove(name)
            raise Problem("the snapshot could not be read back, and was removed: %s" % problem)
        say("wrote %s: revision %d, %d keys, %d KiB" % (name, header["revision"], header["keys"], size >> 10))
        prune(target, header["cluster"], settings()["keep"])
        return name, header


def scheduled():
    """run: the timer's. One node takes the snapshot; when it fails or dies, the next one does."""
    node = settings()["node"]
    if not claim(node):
        say("another control-plane node has taken the snapshot of this run")
        return
    annotations = None
    try:
        with renewed(node):
            annotations = remembered(*take("scheduled"), scheduled=True)
    finally:
        update_lease("", annotations)


def now(reason="manual"):
    """now [REASON]: takes a snapshot on this node, whatever the others do, and prints its name."""
    name, header = take(reason)
    try:
        update_lease(annotations=remembered(name, header, scheduled=False))
    except Problem as problem:
        # The API may be what is about to be repaired.
        say("the lease of backups was not updated: %s" % problem)


def names():
    """list: prints the snapshots of this cluster, the newest first."""
    for name in reversed(own(store().names(), cluster_id())):
        print(name)


def fetch(name, file):
    """fetch NAME FILE: writes a decrypted snapshot into FILE, and prints what it is as one line of JSON."""
    if not re.fullmatch(NAME, name):
        raise Problem("%s is not the name of a snapshot" % name)
    with work_folder() as work:
        sealed = os.path.join(work, name)
        store().get(name, sealed)
        header = unseal(sealed, file + ".part")
        os.replace(file + ".part", file)
    print(json.dumps(header, sort_keys=True))


# With how many words each takes.
COMMANDS = {"run": (scheduled, 0, 0), "now": (now, 0, 1), "list": (names, 0, 0), "fetch": (fetch, 2, 2)}

if __name__ == "__main__":
    # Ends by an exception, so that the work folder is emptied and the lease given back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    command, least, most = COMMANDS.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0, 0))
    if command is None or not least <= len(sys.argv) - 2 <= most:
        sys.exit("usage: %s now [REASON] | list | fetch NAME FILE" % os.path.basename(sys.argv[0]))
    try:
        command(*sys.argv[2:])
    except Problem as problem:
        sys.exit(str(problem))
