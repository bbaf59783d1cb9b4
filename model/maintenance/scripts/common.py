# What both programs of maintenance have.
# Uses: node/scripts/program.py
# Variables: CONFIG ASKS GRANT ROOT

import datetime, json, os, re, subprocess, sys, time


def say(text):
    # Into the journal: the unit keeps what is less than a notice out of it.
    print("<5>%s" % text, flush=True)


def config():
    with open(CONFIG) as file:
        return json.load(file)


def at(path):
    """A path of the host; tests have a folder in its place."""
    return ROOT + path


def stamp(time_):
    return time_.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(text):
    """Since a time as `stamp` and the API write it; a very long time where there is none."""
    try:
        then = datetime.datetime.strptime(str(text)[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return float("inf")
    return (moment() - then).total_seconds()


def condition(thing, name):
    found = [one for one in thing.get("status", {}).get("conditions") or [] if one.get("type") == name]
    return found[0] if found else {}


def is_cordoned(node):
    return bool(node.get("spec", {}).get("unschedulable"))


def is_ready(thing):
    return condition(thing, "Ready").get("status") == "True"


def annotation(thing, key):
    return (thing["metadata"].get("annotations") or {}).get(key) or ""


def said_by(node):
    """What a node says of its maintenance; nothing where it says nothing that can be read."""
    try:
        said = json.loads(annotation(node, ASKS) or "{}")
    except ValueError:
        said = {}
    return said if isinstance(said, dict) else {}


def only_command(commands, usage):
    """Runs the command that the words name."""
    command, least, most = commands.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0, 0))
    if command is None or not least <= len(sys.argv) - 2 <= most:
        sys.exit("usage: %s %s" % (os.path.basename(sys.argv[0]), usage))
    try:
        sys.exit(command(*sys.argv[2:]))
    except Problem as problem:
        sys.exit("<3>%s" % problem if "INVOCATION_ID" in os.environ else str(problem))
