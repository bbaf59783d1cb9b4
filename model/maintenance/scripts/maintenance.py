#!/usr/bin/python3 -I
# Patches and reboots this node while it has the drain lock, and lets pods come back when it is well.
# Uses: maintenance/scripts/common.py maintenance/scripts/windows.py maintenance/scripts/packages.py maintenance/scripts/draining.py
# Variables: STATE STATUS LOCK_FILE BOOT_MARK JOB_UNITS POLL WELL_WITHIN

import fcntl, random

# Seconds after which a look that failed is repeated, and how many looks in a row have to find a node well.
RETRY, WELL_LOOKS = 900, 5
# Seconds between two signs of life while a node waits for the drain lock.
ALIVE = 60


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
    except ValueError:
        # Written whole or not at all: somebody else's text says nothing.
        return {}


def write_json(path, value):
    """On the disk when it returns: a power cut finds the old text or the new one."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path + ".new", "w") as file:
        json.dump(value, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def tell(run_, state, **more):
    """Tells the control plane, by an annotation of this node's own Node, which no other node may write."""
    said = json.dumps(dict(more, run=run_, state=state, at=stamp(moment())), sort_keys=True)
    kubectl(["annotate", "--overwrite", "node", NODE, "%s=%s" % (ASKS, said)], "annotating Node %s" % NODE)


def tell_at_last(*words, **more):
    """The same, for as long as it takes: the API server may be this node's own."""
    while True:
        try:
            return tell(*words, **more)
        except Problem as problem:
            say(problem)
            time.sleep(POLL)


def current_run(conf, status):
    """(run, end) of what is to be done now: by `now`, once for each value, or by the window that is open. None: nothing."""
    if conf["now"] and status.get("now") != conf["now"]:
        return "now %s" % conf["now"], None
    window = window_at(moment(), conf["windows"], conf["timeZone"])
    if window is None or status.get("window") == stamp(window[0]):
        return None
    return stamp(window[0]), window[1]


def record(conf, run_, result, why="", **more):
    """What became of a run, for the doctor and for people; a run that is recorded is over."""
    status = read_json(STATUS)
    done = {"result": result, "why": why, "run": run_, "time": stamp(moment())}
    status.update(done, **more)
    status["now" if run_.startswith("now ") else "window"] = run_[4:] if run_.startswith("now ") else run_
    if result in ("done", "nothing"):
        status["missed"] = 0
    else:
        status["missed"] = status.get("missed", 0) + 1
    try:
        status["rebootsItself"] = reboots_itself()
        status["rebootNeeded"] = reboot_reasons() if conf["reboot"] != "never" else []
    except (Problem, OSError) as problem:
        say(problem)
    write_json(STATUS, status)
    say("%s%s" % (WORDS[result], ": " + why if why else ""))


WORDS = {
    "done": "maintenance is done",
    "nothing": "nothing to do: no package is to be upgraded, and no reboot is needed",
    "late": "the window closed before this node got the drain lock",
    "blocked": "pods could not be moved away; nothing was changed",
    "failed": "packages could not be upgraded; the node is well",
}


def look(conf):
    """What there is to do: packages to upgrade, and why to reboot."""
    wanted = upgrades(conf["packages"])
    reasons = {"always": ["always"], "never": []}.get(conf["reboot"])
    return wanted, reboot_reasons() if reasons is None else reasons


def granted(run_):
    return annotation(own_node(), GRANT) == run_


def wait_for_lock(run_, end, conf):
    """Whether this node gets the drain lock before the window closes."""
    told = float("-inf")
    while end is None or moment() < end:
        try:
            if time.monotonic() - told > ALIVE:
                # People's own cordon says nothing of an earlier run, whose end nobody may have seen.
                tell(run_, "asks", pool=conf["pool"], stays=is_cordoned(own_node()))
                told = time.monotonic()
            if granted(run_):
                return True
        except Problem as problem:
            say(problem)
        time.sleep(POLL * random.uniform(0.8, 1.2))
    return False


def begin(conf):
    """What is to be done now, as it is remembered. Nothing where there is nothing to do."""
    status = read_json(STATUS)
    if time.time() < status.get("retryAt", 0):
        return None
    run_ = ""
    try:
        found = current_run(conf, status)
        if found is None:
            return None
        run_, end = found
        wanted, reasons = look(conf)
    except Problem as problem:
        missed = status.get("missed", 0) + (0 if status.get("run") == run_ else 1)
        write_json(STATUS, dict(status, result="failed", why=str(problem), run=run_, time=stamp(moment()), retryAt=time.time() + RETRY, missed=missed))
        raise
    if not wanted and not reasons:
        record(conf, run_, "nothing")
        return None
    say("waiting for the drain lock: %d packages to upgrade; %s" % (len(wanted), "reboot: " + ", ".join(reasons[:5]) if reasons else "no reboot"))
    # Remembered before it is said: whoever got the lock must give it back, also after a power cut.
    state = {"run": run_, "phase": "ask", "end": end.timestamp() if end else None}
    write_json(STATE, state)
    return state


def ask_phase(conf, state):
    end = state["end"]
    if not wait_for_lock(state["run"], end and datetime.datetime.fromtimestamp(end, datetime.timezone.utc), conf):
        record(conf, state["run"], "late")
        tell_at_last(state["run"], "ended")
        os.remove(STATE)
        return
    # People's own cordon stays.
    keep(state, "drain", uncordon=not is_cordoned(own_node()), before=not_ready(own_pods()))


def keep(state, phase, **more):
    state.update(more, phase=phase)
    write_json(STATE, state)
    try:
        tell(state["run"], "works", phase=phase)
    except Problem as problem:
        say(problem)


def drain_phase(conf, state):
    if not granted(state["run"]):
        return keep(state, "check", result="blocked", why="somebody took the drain lock away")
    say("draining")
    cordon(True)
    left = drain(conf["drainTimeoutSeconds"])
    if left:
        return keep(state, "check", result="blocked", why=left)
    keep(state, "patch")


def patch_phase(conf, state):
    if not granted(state["run"]):
        return keep(state, "check", result="blocked", why="somebody took the drain lock away")
    try:
        state["packages"] = state.get("packages", []) + ["%s %s" % one for one in upgrade(conf["packages"])]
    except Problem as problem:
        return keep(state, "check", result="failed", why=str(problem))
    say("upgraded %d packages" % len(state["packages"]))
    if conf["reboot"] != "always":
        reasons = [] if conf["reboot"] == "never" else reboot_reasons()
        if not reasons:
            return keep(state, "check", result="done")
        say("a reboot is needed: %s" % ", ".join(reasons[:5]))
    keep(state, "reboot")


def reboot_phase(conf, state):
    mark = at(BOOT_MARK)
    if state.get("rebooting") and not os.path.exists(mark):
        # What lies in /run is gone after a boot.
        say("rebooted")
        return keep(state, "check", result="done", rebooted=True)
    if not granted(state["run"]):
        return keep(state, "check", result="blocked", why="somebody took the drain lock away")
    jobs = ["systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating,deactivating", JOB_UNITS]
    while run(jobs, "asking for steps of Pulumi").strip():
        say("waiting for a step of Pulumi on this host")
        time.sleep(POLL)
    os.makedirs(os.path.dirname(mark), exist_ok=True)
    with open(mark, "w"):
        pass
    keep(state, "reboot", rebooting=True)
    say("rebooting")
    run(["systemctl", "reboot"], "rebooting")
    # Ends with the host.
    while True:
        time.sleep(60)


def check_phase(conf, state):
    """Ends the maintenance once the node is well. Until then it stays cordoned and keeps the drain lock, so that no other node gets it."""
    boot = booted() if state.get("rebooted") else None
    until, well, why = time.monotonic() + WELL_WITHIN, 0, ""
    while well < WELL_LOOKS:
        why = unwell(boot, state["before"])
        well = 0 if why else well + 1
        if why and time.monotonic() > until:
            try:
                tell(state["run"], "failed", why=why)
            except Problem as problem:
                say(problem)
            write_json(STATUS, dict(read_json(STATUS), result="unwell", why=why, run=state["run"], time=stamp(moment())))
            raise Problem("the node is not well: it stays cordoned and keeps the drain lock, so other nodes wait: %s" % why)
        time.sleep(POLL / 3)
    if state["uncordon"]:
        cordon(False)
    more = {"packages": state.get("packages", []), "rebooted": bool(state.get("rebooted")), "retryAt": 0}
    record(conf, state["run"], state["result"], state.get("why", ""), **more)
    tell_at_last(state["run"], "ended", stays=not state["uncordon"], result=state["result"])
    os.remove(STATE)


PHASES = {"ask": ask_phase, "drain": drain_phase, "patch": patch_phase, "reboot": reboot_phase, "check": check_phase}


def tick():
    """run: the timer's. Goes on where an earlier run was cut off, by a reboot or by a power cut."""
    with open(at(LOCK_FILE), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        conf = config()
        state = read_json(STATE) or begin(conf)
        while state and os.path.exists(STATE):
            PHASES[state["phase"]](conf, state)


def check():
    """check: whether this host can do what the settings say."""
    conf = config()
    zone(conf["timeZone"])
    if conf["packages"] != "none" and not has("apt-get") and not has("dnf"):
        raise Problem("maintenance.packages is %s, and this host has neither apt-get nor dnf" % conf["packages"])


def show():
    """status: prints what is under way, and what became of the last run."""
    print(json.dumps({"now": read_json(STATE), "last": read_json(STATUS)}, indent=2, sort_keys=True))


def drop():
    """drop: gives up what is under way, for a host that is to have no maintenance any more."""
    state = read_json(STATE)
    if state.get("uncordon"):
        cordon(False)
    kubectl(["annotate", "--overwrite", "node", NODE, ASKS + "-", GRANT + "-"], "annotating Node %s" % NODE)
    if state:
        os.remove(STATE)


if __name__ == "__main__":
    only_command({"run": (tick, 0, 0), "check": (check, 0, 0), "status": (show, 0, 0), "drop": (drop, 0, 0)}, "run | check | status | drop")
