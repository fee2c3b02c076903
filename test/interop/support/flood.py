"""Sends the frames of a file, one a line in hexadecimal, again and again, as fast as it can: flood.py DEVICE FILE SECONDS. Prints how many left."""
import socket, sys, time

device, file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
frames = [bytes.fromhex(line).ljust(60, b"\0") for line in open(file).read().split()]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((device, 0))
count = 0
end = time.monotonic() + seconds
while time.monotonic() < end:
    for frame in frames:
        try:
            s.send(frame)
            count += 1
        except OSError:  # the device's queue is full
            pass
print(f"sent {count}")
