"""Sends datagrams to a port, from one socket, each with a TTL of its own: ADDRESS PORT TTL:HEX..."""
import socket
import sys

address, port, *datagrams = sys.argv[1:]
ipv6 = ":" in address
out = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
for datagram in datagrams:
    ttl, octets = datagram.split(":")
    if ipv6:
        out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, int(ttl))
    else:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    out.sendto(bytes.fromhex(octets), (address, int(port)))
