# What all parts of the program have.
# Uses: node/scripts/program.py
# Variables: CONFIG_FOLDER

import contextlib, datetime, hashlib, json, os, re, shutil, subprocess, sys, tempfile, threading, time

os.umask(0o077)
BLOCK = 1 << 20


def say(text):
    print(text, flush=True)


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
