"""An echo a time to an address, over the kernel's raw sockets, for machines without a ping: ping.py ADDRESS [COUNT [INTERVAL [TTL [SIZE]]]]."""
import socket, struct, sys, time

address = sys.argv[1]
count, interval, ttl, size = (float(x) for x in (sys.argv[2:] + ["3", "0.1", "64", "32"][len(sys.argv) - 2:]))
six = ":" in address
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) if six else socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
if six:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, int(ttl))
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
else:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    s.setsockopt(socket.IPPROTO_IP, 10, 2 if size > 1000 else 0)  # IP_MTU_DISCOVER: DF for large ones
ident = int(time.time() * 1000) & 0xFFFF


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


got = 0
for sequence in range(int(count)):
    head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, ident, sequence)
    data = head + bytes(int(size))
    if not six:
        data = head[:2] + struct.pack("!H", checksum(data)) + data[4:]
    try:
        s.sendto(data, (address, 0))
    except OSError as error:
        print("cannot send:", error, flush=True)
    until = time.monotonic() + max(interval, 1 if sequence == count - 1 else 0)
    while (left := until - time.monotonic()) > 0:
        s.settimeout(left)
        try:
            packet, anc, _, sender = s.recvmsg(65535, 256)
        except (socket.timeout, OSError):
            continue
        hops = struct.unpack("i", anc[0][2])[0] if six else packet[8]
        body = packet if six else packet[(packet[0] & 15) * 4:]
        kind, code, _, a, b = struct.unpack("!BBHHH", body[:8])
        if kind == (129 if six else 0) and a == ident:
            got += 1
            print(f"reply {b} from {sender[0]} ttl={hops}", flush=True)
            if sequence == count - 1 and b == sequence & 0xFFFF:
                break
        elif kind in ((1, 2, 3) if six else (3, 11)):
            print(f"error {kind}/{code} from {sender[0]} mtu={b}", flush=True)
print(f"sent {int(count)} received {got}", flush=True)
