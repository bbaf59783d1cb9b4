# What all parts of the program have.
# Variables: CONFIG_FOLDER

import contextlib, datetime, hashlib, json, os, re, shutil, subprocess, sys, tempfile, threading, time

# As scripts of hosts have it (core/searchPath.ts).
os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:%s:/usr/sbin:/usr/bin:/sbin:/bin" % os.environ.get("PATH", "/usr/bin:/bin")
os.environ["LC_ALL"] = "C"
os.umask(0o077)
BLOCK = 1 << 20


class Problem(Exception):
    pass


def say(text):
    print(text, flush=True)


def run(command, what, give="", seconds=120):
    try:
        done = subprocess.run(command, input=give, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Problem("%s: no answer within %d s" % (what, seconds))
    except OSError as error:
        raise Problem("%s: %s" % (what, error))
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Problem("%s: %s" % (what, said[-1] if said else "exit status %d" % done.returncode))
    return done.stdout


def configured(name):
    return os.path.join(CONFIG_FOLDER, name)


def settings():
    with open(configured("config.json")) as file:
        return json.load(file)


def secret(name):
    with open(configured(name)) as file:
        return file.read()


def blocks(file, left=None):
    """What is left of a file, or so many bytes of it."""
    while left is None or left > 0:
        data = file.read(BLOCK if left is None else min(BLOCK, left))
        if not data:
            return
        left = None if left is None else left - len(data)
        yield data


def digest_of(path, end=0):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        for data in blocks(file, os.path.getsize(path) - end):
            total.update(data)
    return total.digest()
