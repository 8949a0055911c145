"""Speakers with ears, on aiortc, which shares no code with the server.

usage: stage_speakers.py SPEC

SPEC is JSON: `stage` (URL), `show`, `speakers` ([{key, name, sound}], where sound is `quiet`, `bursts` or a file of
speech). Speakers send packets that were encoded beforehand, one each 20 ms, and note those that come.

With `seconds` they stay that long. With `rounds` the last speaker connects that often for ten seconds each, the first
listens, and the last line of the output is JSON: how long each burst took from the packet in which it was sent to the
packet in which it came back.
"""

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from fractions import Fraction
from statistics import median

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

RATE_HZ = 48_000
FRAME = 960
FRAME_S = FRAME / RATE_HZ
CONSENT = "2026-11"

# A round, and what of its beginning is left out while the server finds its jitter buffer's depth.
ROUND_S = 10
SETTLE_S = 2.5
BURST_EVERY_S = 0.5
BURST_S = 0.06
# A burst begins where sound exceeds this after as long a rest.
LOUD = 0.05
REST_S = 0.2


def quiet(seconds):
    """What a good microphone hears in a quiet room: noise at -72 dBFS."""
    return np.random.default_rng(1).normal(0, 10 ** (-72 / 20), int(seconds * RATE_HZ)).astype(np.float32)


def bursts(seconds):
    sound = np.zeros(int(seconds * RATE_HZ), np.float32)
    burst = 0.5 * np.sin(2 * np.pi * 800 * np.arange(int(BURST_S * RATE_HZ)) / RATE_HZ)
    for at in np.arange(BURST_EVERY_S, seconds - BURST_S, BURST_EVERY_S):
        start = int(at * RATE_HZ)
        sound[start : start + len(burst)] = burst
    return sound


def speech(path):
    """A file without its pauses, so that who talks, talks all the time."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    parts = []
    with av.open(path) as file:
        for frame in file.decode(audio=0):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    sound = np.concatenate(parts)
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return frames[np.sqrt((frames**2).mean(axis=1)) > 0.01].reshape(-1)


def encode(sound):
    """Opus packets of 20 ms at 32 kbit/s, as a browser's."""
    codec = av.CodecContext.create("libopus", "w")
    codec.bit_rate = 32_000
    codec.format = "flt"
    codec.layout = "mono"
    codec.sample_rate = RATE_HZ
    codec.time_base = Fraction(1, RATE_HZ)
    codec.options = {"application": "voip", "frame_duration": "20", "fec": "1", "packet_loss": "5"}
    packets = []
    for n in range(len(sound) // FRAME):
        frame = av.AudioFrame.from_ndarray(sound[None, n * FRAME : (n + 1) * FRAME], "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, n * FRAME, codec.time_base
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


def decode(payloads):
    """Samples of consecutive payloads; a missing one (`None`) is silence."""
    codec = av.CodecContext.create("libopus", "r")
    codec.format, codec.layout, codec.sample_rate = "flt", "mono", RATE_HZ
    out = []
    for payload in payloads:
        samples = np.zeros(FRAME, np.float32)
        if payload:
            for frame in codec.decode(av.Packet(payload)):
                heard = frame.to_ndarray().astype(np.float32)
                if frame.format.name.startswith("s16"):
                    heard /= 32768
                heard = heard.reshape(-1, frame.samples) if frame.format.is_planar else heard.reshape(frame.samples, -1).T
                samples = heard[0][:FRAME]
        out.append(samples)
    return np.concatenate(out) if out else np.zeros(0, np.float32)


class Packets(MediaStreamTrack):
    """Sends its packets in a circle, by the clock."""

    kind = "audio"

    def __init__(self, packets):
        super().__init__()
        self.packets = packets
        self.sent = []
        self.count = 0
        self.began_s = None

    async def recv(self):
        n = self.count
        self.count += 1
        self.began_s = self.began_s or time.monotonic()
        await asyncio.sleep(max(0, self.began_s + n * FRAME_S - time.monotonic()))
        payload = self.packets[n % len(self.packets)]
        packet = av.Packet(payload)
        packet.pts, packet.time_base = n * FRAME, Fraction(1, RATE_HZ)
        # aiortc encrypts and sends it in the same step of its loop.
        if LISTENING:
            self.sent.append((time.monotonic(), payload))
        return packet


class Speaker:
    def __init__(self, stage, show, key, name, packets):
        self.url = f"{stage}/{show}"
        self.key, self.name = key, name
        self.packets = packets
        self.came = []
        self.token = None

    async def connect(self):
        if self.token is None:
            said = await ask(f"{self.url}/session", self.key, {"name": self.name, "consent": CONSENT})
            self.token = json.loads(said)["token"]
        self.track = Packets(self.packets)
        self.peer = RTCPeerConnection()
        transceiver = self.peer.addTransceiver(self.track, direction="sendrecv")
        transceiver.receiver._handle_rtp_packet = self.note
        connected = asyncio.Event()

        @self.peer.on("connectionstatechange")
        def changed():
            if self.peer.connectionState == "connected":
                connected.set()
            if self.peer.connectionState == "failed":
                sys.exit(f"the connection of {self.name} failed")

        await self.peer.setLocalDescription(await self.peer.createOffer())
        answer = await ask(f"{self.url}/stage", self.token, self.peer.localDescription.sdp)
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await connected.wait()

    async def note(self, packet, arrival_time_ms):
        """In the place of aiortc's jitter buffer and decoder: what comes is only noted."""
        if LISTENING and packet.payload:
            self.came.append((time.monotonic(), packet.sequence_number, bytes(packet.payload)))


LISTENING = False


async def ask(url, key, body):
    kind = "application/sdp" if isinstance(body, str) else "application/json"
    data = (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
    request = urllib.request.Request(url, data, headers, method="POST")

    def send():
        try:
            with urllib.request.urlopen(request) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            sys.exit(f"POST {url}: {error.code} {error.read().decode()}")

    return await asyncio.to_thread(send)


def onsets_s(packets):
    """When the bursts in (time, payload) begin: the packet's time and the place in it."""
    sound = decode([payload for _, payload in packets])
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    begins = loud[np.diff(loud, prepend=-RATE_HZ) > REST_S * RATE_HZ]
    return [packets[at // FRAME][0] + (at % FRAME) / RATE_HZ for at in begins]


def in_order(came):
    """Packets by their sequence number, with a hole where one is missing; duplicates once."""
    by_number, high = {}, None
    for at_s, number, payload in came:
        high = number if high is None else high + ((number - high + 0x8000) & 0xFFFF) - 0x8000
        by_number.setdefault(high, (at_s, payload))
    packets = []
    for number in range(min(by_number), max(by_number) + 1):
        at_s = packets[-1][0] + FRAME_S if packets else 0
        packets.append(by_number.get(number, (at_s, None)))
    return packets


async def measure(listener, speaker, rounds):
    global LISTENING
    LISTENING = True
    delays, medians, sent_bursts = [], [], 0
    await listener.connect()
    for _ in range(rounds):
        listener.came.clear()
        await speaker.connect()
        await asyncio.sleep(ROUND_S)
        sent = list(speaker.track.sent)
        await speaker.peer.close()
        said = [at for at in onsets_s(sent) if at > sent[0][0] + SETTLE_S][:-1]
        heard = onsets_s(in_order(listener.came))
        pairs = [(at, min((h for h in heard if h > at), default=None)) for at in said]
        round_ms = [1000 * (h - at) for at, h in pairs if h is not None and h - at < BURST_EVERY_S]
        sent_bursts += len(said)
        delays += round_ms
        medians.append(median(round_ms) if round_ms else float("nan"))
    print(json.dumps({"delays_ms": delays, "rounds_ms": medians, "sent": sent_bursts, "heard": len(delays)}))


async def main(spec):
    sounds = {}
    speakers = []
    for n, speaker in enumerate(spec["speakers"]):
        sound = speaker["sound"]
        if sound not in sounds:
            made = quiet(20) if sound == "quiet" else bursts(ROUND_S + 2) if sound == "bursts" else speech(sound)
            sounds[sound] = encode(made)
        # Those who play the same file are at different places in it.
        start = n * len(sounds[sound]) // len(spec["speakers"]) if sound not in ("quiet", "bursts") else 0
        packets = sounds[sound][start:] + sounds[sound][:start]
        speakers.append(Speaker(spec["stage"], spec["show"], speaker["key"], speaker["name"], packets))
    if "rounds" in spec:
        await measure(speakers[0], speakers[-1], spec["rounds"])
        return
    for speaker in speakers:
        await speaker.connect()
    print("connected", flush=True)
    await asyncio.sleep(spec["seconds"])


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
