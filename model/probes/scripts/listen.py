# Variables: ADDRESS TCP UDP TOKEN SECONDS SILENCE MANY
# Listens on ports that nobody has yet, for those who ask by reach.sh, and answers whoever has the word of this run. It ends when its
# standard input does, when nothing comes there for a while, and in any case after a time: a listener that stays would take the port
# from the one that it is for.

import os, select, signal, socket, sys, threading

signal.alarm(int(SECONDS))
# Whoever asks at the same time; the others are cut.
places = threading.BoundedSemaphore(256)


def bound(kind, port):
    own = socket.socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind((ADDRESS, int(port)))
        if kind == socket.SOCK_STREAM:
            own.listen(128)
    except OSError:
        own.close()
        return None
    return own


def line_of(one):
    text = b""
    while not text.endswith(b"\n"):
        byte = one.recv(1)
        if not byte or len(text) > 128:
            return []
        text += byte
    return text.split()


def converse(one):
    """Each line is TOKEN THERE BACK: so many bytes follow it, and so many are wanted."""
    one.settimeout(30)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        words = line_of(one)
        if len(words) != 3 or words[0] != TOKEN.encode():
            return
        there, back = int(words[1]), int(words[2])
        if max(there, back) > int(MANY):
            return
        while there > 0:
            part = one.recv(there)
            if not part:
                return
            there -= len(part)
        # In packets of their own: the word arrives where full ones do not.
        one.sendall(b"+")
        one.sendall(b"\0" * back)


def served(one):
    try:
        converse(one)
    except (OSError, ValueError):
        pass
    finally:
        one.close()
        places.release()


def accept(own):
    while True:
        one, _ = own.accept()
        if places.acquire(False):
            threading.Thread(target=served, args=(one,), daemon=True).start()
        else:
            one.close()


def answer(own):
    while True:
        data, sender = own.recvfrom(65535)
        if data.startswith(TOKEN.encode()):
            try:
                own.sendto(b"+%d" % len(data), sender)
            except OSError:
                pass


tcp = [(port, bound(socket.SOCK_STREAM, port)) for port in TCP]
udp = [(port, bound(socket.SOCK_DGRAM, port)) for port in UDP]
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for sockets, work in ((tcp, accept), (udp, answer)):
    for port, own in sockets:
        if own is not None:
            threading.Thread(target=work, args=(own,), daemon=True).start()
for name, sockets in (("tcp", tcp), ("udp", udp)):
    print("##listens %s %s" % (name, " ".join(port for port, own in sockets if own is not None)), flush=True)
print("##ready", flush=True)
# The program writes an empty line now and then.
while select.select([sys.stdin], [], [], int(SILENCE))[0]:
    if not os.read(0, 4096):
        break
os._exit(0)
