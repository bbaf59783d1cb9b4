# What programs of hosts in Python have.
# Variables: KUBECTL

import datetime, os, subprocess

# As scripts of hosts have it (core/searchPath.ts).
os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:%s:/usr/sbin:/usr/bin:/sbin:/bin" % os.environ.get("PATH", "/usr/bin:/bin")
os.environ["LC_ALL"] = "C"


class Problem(Exception):
    pass


def run(command, what, give="", seconds=120, taken=(0,)):
    """What a command printed. Its last line is in the error."""
    try:
        done = subprocess.run(command, input=give, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Problem("%s: no answer within %d s" % (what, seconds))
    except OSError as error:
        raise Problem("%s: %s" % (what, error))
    if done.returncode not in taken:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Problem("%s: %s" % (what, said[-1] if said else "exit status %d" % done.returncode))
    return done.stdout


def kubectl(words, what, give=""):
    return run(["kubectl"] + KUBECTL + words, what, give, 60)


def moment():
    return datetime.datetime.now(datetime.timezone.utc)
