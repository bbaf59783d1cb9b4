# Encryption of snapshots: AES-256-CTR by openssl, then HMAC-SHA-256 over everything, header included. Each has its own key.
# Uses: etcd/backup/scripts/common.py

import base64, hmac

MAGIC = b"pulumi-kubeadm etcd snapshot 1\n"
TAG = hashlib.sha256().digest_size


def derived(label):
    return hmac.new(base64.b64decode(secret("key")), label.encode(), "sha256").digest()


def through_openssl(flag, source, sink):
    """Sends blocks through the cipher. The key goes through a pipe: it is on no command line and in no environment."""
    read, write = os.pipe()
    os.write(write, derived("encryption").hex().encode() + b"\n")
    os.close(write)
    # The key is 256 random bits, so the iterations make nothing safer; the salt makes each file's key its own.
    command = ["openssl", "enc", flag, "-aes-256-ctr", "-pbkdf2", "-iter", "10000", "-md", "sha256", "-pass", "fd:%d" % read]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[read])
    os.close(read)
    failed = []

    def feed():
        try:
            with process.stdin:
                for data in source:
                    process.stdin.write(data)
        except Exception as error:
            failed.append(error)

    feeder = threading.Thread(target=feed)
    feeder.start()
    for data in blocks(process.stdout):
        sink(data)
    feeder.join()
    said = process.stderr.read().decode(errors="replace").strip()
    if process.wait() != 0 or failed:
        raise Problem("openssl: %s" % (said.splitlines()[-1] if said else failed or "exit status %d" % process.returncode))


def seal(plain, sealed, header):
    tag = hmac.new(derived("authentication"), digestmod="sha256")
    with open(plain, "rb") as source, open(sealed, "wb") as out:
        def put(data):
            tag.update(data)
            out.write(data)

        put(MAGIC)
        put(json.dumps(header, sort_keys=True).encode() + b"\n")
        through_openssl("-e", blocks(source), put)
        out.write(tag.digest())
        out.flush()
        os.fsync(out.fileno())


def unseal(sealed, plain=None):
    """The header of a snapshot whose every byte is what was written; with `plain`, the snapshot too."""
    name = os.path.basename(sealed)
    tag = hmac.new(derived("authentication"), digestmod="sha256")
    size = os.path.getsize(sealed)
    with open(sealed, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise Problem("%s is not a snapshot of pulumi-kubeadm" % name)
        file.seek(0)
        for data in blocks(file, size - TAG):
            tag.update(data)
        if not hmac.compare_digest(tag.digest(), file.read()):
            raise Problem("%s is damaged, or was encrypted with the key of another stack" % name)
        file.seek(len(MAGIC))
        header = json.loads(file.readline())
        total = hashlib.sha256()
        with open(plain or os.devnull, "wb") as out:
            def put(data):
                total.update(data)
                out.write(data)

            through_openssl("-d", blocks(file, size - TAG - file.tell()), put)
            out.flush()
            if plain:
                os.fsync(out.fileno())
    if total.hexdigest() != header["sha256"]:
        raise Problem("%s does not decrypt to what was encrypted" % name)
    return header
