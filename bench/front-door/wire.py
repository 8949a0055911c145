"""A wire of a long way: what comes in at one end goes out at the other a while later, but for the share that is lost.

usage: wire.py SPEC

SPEC is JSON: `server` and `crowd` (the network devices at both ends, which carry IPv4), `delay_ms` (each way), `loss` (the share of
frames that are lost on the way to the crowd) and `seed`. Prints `ready` when it carries. On SIGTERM prints JSON: `to_crowd` and
`to_server`, each with the frames that came (`frames`), those that were lost as they should (`lost`), and those for which there was no
room (`overflowed`); how late a frame went out at most (`late_ms_max`), and how long one may have lain before it was seen
(`turn_ms_max`).
"""

import errno
import gc
import json
import random
import select
import signal
import socket
import struct
import sys
import time
from collections import deque

ETH_P_IP = 0x0800
# An Ethernet frame with the MTU of 1,500 bytes, without its checksum.
FRAME_BYTES_MAX = 1_514
# As many frames are taken from one end before the other has its turn.
AT_ONCE = 64
# A flush to 2,000 listeners is 6,000 frames, and the kernel counts 2.3 kB for each.
ROOM_BYTES = 16 << 20
# Not in Python's socket module (socket(7), packet(7)).
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6


class Way:
    """One direction. All frames take equally long, so they stay in order."""

    def __init__(self, come, go, delay_s, loss, chance):
        self.come, self.go, self.delay_s, self.loss, self.chance = come, go, delay_s, loss, chance
        self.queue = deque()
        self.frames = self.lost = self.refused = 0
        self.late_s_max = 0

    def take(self):
        for _ in range(AT_ONCE):
            try:
                frame = self.come.recv(FRAME_BYTES_MAX + 1)
            except BlockingIOError:
                return
            if len(frame) > FRAME_BYTES_MAX:
                raise ValueError("a frame is longer than Ethernet's: segmentation is not switched off")
            self.frames += 1
            if self.chance.random() < self.loss:
                self.lost += 1
            else:
                self.queue.append((time.monotonic() + self.delay_s, frame))

    def give(self):
        while self.queue:
            late_s = time.monotonic() - self.queue[0][0]
            if late_s < 0:
                return
            self.late_s_max = max(self.late_s_max, late_s)
            try:
                self.go.send(self.queue.popleft()[1])
            except OSError as error:
                if error.errno not in (errno.ENOBUFS, errno.EAGAIN):
                    raise
                self.refused += 1

    def counts(self):
        # Packets and drops since the last time somebody asked (packet(7)).
        _, dropped = struct.unpack("II", self.come.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return {"frames": self.frames, "lost": self.lost, "overflowed": dropped + self.refused}


def main():
    spec = json.loads(sys.argv[1])
    server, crowd = end(spec["server"]), end(spec["crowd"])
    chance, delay_s = random.Random(spec["seed"]), spec["delay_ms"] / 1000
    to_crowd = Way(server, crowd, delay_s, spec["loss"], chance)
    to_server = Way(crowd, server, delay_s, 0, chance)
    turn_s_max = 0
    # Nothing here is in cycles, and a collection would be a delay.
    gc.disable()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("ready", flush=True)
    try:
        while True:
            dues = [way.queue[0][0] for way in (to_crowd, to_server) if way.queue]
            wait_s = max(0, min(dues) - time.monotonic()) if dues else None
            select.select([server, crowd], [], [], wait_s)
            began = time.monotonic()
            for way in (to_crowd, to_server):
                way.take()
                way.give()
            turn_s_max = max(turn_s_max, time.monotonic() - began)
    finally:
        late_s_max = max(to_crowd.late_s_max, to_server.late_s_max)
        counts = {"to_crowd": to_crowd.counts(), "to_server": to_server.counts()}
        print(json.dumps({**counts, "late_ms_max": late_s_max * 1000, "turn_ms_max": turn_s_max * 1000}), flush=True)


def end(name):
    """What comes in at a device, and what goes out of it. Of one protocol only, since that leaves out what this machine sends."""
    socket_ = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    socket_.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM_BYTES)
    socket_.bind((name, ETH_P_IP))
    socket_.setblocking(False)
    return socket_


main()
