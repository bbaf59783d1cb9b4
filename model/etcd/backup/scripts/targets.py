# Where snapshots go. A target has names(), put(file), get(name, file) and remove(name); a name appears when its file is whole.
# Uses: etcd/backup/scripts/s3.py


class Folder:
    def __init__(self, target):
        self.path = target["path"]

    def names(self):
        return os.listdir(self.path) if os.path.isdir(self.path) else []

    def put(self, file):
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        name = os.path.basename(file)
        part = os.path.join(self.path, "." + name + ".part")
        with open(file, "rb") as source, open(part, "wb") as out:
            shutil.copyfileobj(source, out, BLOCK)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, os.path.join(self.path, name))
        self.sync()

    def sync(self):
        folder = os.open(self.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def get(self, name, file):
        path = os.path.join(self.path, name)
        if not os.path.exists(path):
            raise Problem("%s is not in %s on this node" % (name, self.path))
        shutil.copyfile(path, file)

    def remove(self, name):
        os.remove(os.path.join(self.path, name))
        self.sync()


class Sftp:
    """The SFTP subsystem alone: the target's key can be restricted to it."""

    def __init__(self, target):
        self.target = target

    def batch(self, lines, what):
        target = self.target
        host = target["host"] if target["port"] == 22 else "[%s]:%d" % (target["host"], target["port"])
        with tempfile.NamedTemporaryFile("w", prefix="known-hosts.") as known:
            known.write("%s %s\n" % (host, target["hostKey"]))
            known.flush()
            options = {
                "BatchMode": "yes", "StrictHostKeyChecking": "yes", "UserKnownHostsFile": known.name, "GlobalKnownHostsFile": "/dev/null",
                "IdentitiesOnly": "yes", "IdentityAgent": "none", "ConnectTimeout": "20", "ServerAliveInterval": "15", "User": target["user"],
            }
            words = [word for name, value in options.items() for word in ("-o", "%s=%s" % (name, value))]
            command = ["sftp", "-F", "/dev/null", "-b", "-", "-i", configured("ssh-key"), "-P", str(target["port"])] + words
            return run(command + [target["host"]], "%s on %s" % (what, target["host"]), "".join(line + "\n" for line in lines), 1800)

    def inside(self, lines, what):
        return self.batch(['cd "%s"' % self.target["path"]] + lines, what)

    def names(self):
        # What sftp prints of the batch itself begins with its prompt.
        listed = self.inside(["ls -1a"], "listing snapshots").splitlines()
        return [line.strip() for line in listed if not line.startswith("sftp> ")]

    def put(self, file):
        name = os.path.basename(file)
        folders = [part for part in self.target["path"].split("/") if part]
        root = "/" if self.target["path"].startswith("/") else ""
        self.batch(['-mkdir "%s%s"' % (root, "/".join(folders[:end])) for end in range(1, len(folders) + 1)], "making the folder")
        part = ".%s.part" % name
        self.inside(['put "%s" "%s"' % (file, part), 'chmod 600 "%s"' % part, 'rename "%s" "%s"' % (part, name)], "writing the snapshot")

    def get(self, name, file):
        self.inside(['get "%s" "%s"' % (name, file)], "reading the snapshot")

    def remove(self, name):
        self.inside(['rm "%s"' % name], "removing a snapshot")


def store():
    target = settings()["target"]
    return {"folder": Folder, "ssh": Sftp, "s3": S3}[target["kind"]](target)
