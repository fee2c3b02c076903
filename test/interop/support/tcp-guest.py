"""The guest's side of tcp-process.ts, over the kernel's TCP: tcp-guest.py send|receive OCTETS [CONNECTIONS], or md5|listen KEY."""
import hashlib, socket, struct, sys, threading, time

ROUTER = "10.0.1.1"
what = sys.argv[1]
PERIOD = bytes(i & 0xFF for i in range(65521))


def signed(sock, address, key):
    # struct tcp_md5sig: sockaddr_storage, flags, prefix length, key length, interface, key.
    peer = struct.pack("!2x2x4s120x", socket.inet_aton(address))
    peer = struct.pack("=H", socket.AF_INET) + peer[2:]
    sock.setsockopt(socket.IPPROTO_TCP, 14, peer + struct.pack("=BBHI80s", 0, 0, len(key), 0, key))


def everything(sock):
    parts = []
    while part := sock.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)


def stream(octets):
    for at in range(0, octets, len(PERIOD)):
        yield PERIOD[: min(len(PERIOD), octets - at)]


def digest(octets):
    h = hashlib.sha256()
    for part in stream(octets):
        h.update(part)
    return h.hexdigest()


def send(octets):
    sock = socket.create_connection((ROUTER, 7001), 60)
    sock.settimeout(300)
    sock.sendall(b"%d\n" % octets)
    for part in stream(octets):
        sock.sendall(part)
    return everything(sock).decode() == digest(octets)


def receive(octets):
    sock = socket.create_connection((ROUTER, 7002), 60)
    sock.settimeout(300)
    sock.sendall(b"%d\n" % octets)
    h, total = hashlib.sha256(), 0
    while part := sock.recv(1 << 18):
        h.update(part)
        total += len(part)
    return total == octets and h.hexdigest() == digest(octets)


if what in ("send", "receive"):
    octets, count = int(sys.argv[2]), int((sys.argv[3:] + ["1"])[0])
    right = []
    start = time.monotonic()
    threads = [threading.Thread(target=lambda: right.append((send if what == "send" else receive)(octets))) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(f"{sum(right)} of {count} right in {time.monotonic() - start:.2f} s", flush=True)
elif what == "md5":
    sock = socket.socket()
    signed(sock, ROUTER, sys.argv[2].encode())
    sock.settimeout(3)
    try:
        sock.connect((ROUTER, 7003))
        for i in range(20):
            sock.sendall(PERIOD[:10000])
            got = b""
            while len(got) < 10000:
                got += sock.recv(1 << 16)
            if got != PERIOD[:10000]:
                raise OSError("not what was sent")
        print("echoed", flush=True)
    except OSError as error:
        print(f"failed {error}", flush=True)
elif what == "listen":
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    signed(server, ROUTER, sys.argv[2].encode())
    server.bind(("10.0.1.10", 7004))
    server.listen()
    print("listening", flush=True)
    sock, _ = server.accept()
    print("accepted", sock.recv(100).decode(), flush=True)
    sock.sendall(b"back")
    time.sleep(2)
