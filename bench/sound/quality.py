"""How good speech still is, and how late it comes. Judges with PESQ (ITU-T P.862.2) and shares no code with the server.

usage: quality.py SPEC

SPEC is a file of JSON: `reference` (WAV, 16 kHz, mono), `pieces` and `piece_s` (the reference is that many pieces of equal length, and
whoever spoke it repeated it for ever), `heard` ({name: WAV like the reference}), `said` and `ears` (envelopes
`{from_ms, rms}`, one value each 10 ms, of the mouth and of {name: envelope}). Prints JSON: `quality`, for each recording its
pieces with their PESQ (MOS-LQO), and `delays_ms`, for each ear how late each 3 s of speech came.
"""

import json
import sys
import wave

import numpy as np
from pesq import NoUtterancesError, pesq

RATE_HZ = 16_000
STEP = RATE_HZ // 100
STEP_MS = 10

# What a piece is judged with beyond its ends: it may have been found a little too late.
MARGIN_S = 0.1
# Below this it is not the same speech.
LIKENESS_MIN = 0.6
DELAY_WINDOW_S = 3
DELAY_S_MAX = 12
# A delay is only believed of speech that is the same without a doubt.
DELAY_LIKENESS_MIN = 0.85


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    reference = samples(spec["reference"])
    quality = {name: judge(reference, samples(path), spec) for name, path in spec["heard"].items()}
    delays_ms = {name: delays(spec["said"], heard) for name, heard in spec["ears"].items()}
    print(json.dumps({"quality": quality, "delays_ms": delays_ms}))


def judge(reference, heard, spec):
    """Each piece of the reference at the place where it resembles the recording most."""
    found = []
    size, margin = int(spec["piece_s"] * RATE_HZ), int(MARGIN_S * RATE_HZ)
    envelope = envelope_of(heard)
    for n in range(spec["pieces"]):
        piece = reference[n * size : (n + 1) * size]
        step, likeness = best_place(envelope_of(piece), envelope)
        if likeness < LIKENESS_MIN:
            found.append({"piece": n, "likeness": round(likeness, 3), "pesq": None})
            continue
        start = step * STEP
        stretch = heard[max(0, start - margin) : start + size + margin]
        found.append({"piece": n, "at_s": start / RATE_HZ, "likeness": round(likeness, 3), "pesq": mos(piece, stretch)})
    return found


def mos(reference, heard):
    try:
        return round(float(pesq(RATE_HZ, reference, heard, "wb")), 3)
    except NoUtterancesError:
        return None


def delays(said, heard):
    """How much later than at the mouth each stretch of speech is in an ear."""
    mouth, ear = np.array(said["rms"]), np.array(heard["rms"])
    window, reach = DELAY_WINDOW_S * 100, DELAY_S_MAX * 100
    offset = round((heard["from_ms"] - said["from_ms"]) / STEP_MS)
    found = []
    for start in range(0, len(ear) - window + 1, window):
        # In steps since the mouth's first: sound is not heard before it is said.
        last = start + offset + window
        first = max(0, last - window - reach)
        if last > len(mouth) or last - first < window:
            continue
        place, likeness = best_place(ear[start : start + window], mouth[first:last])
        if likeness >= DELAY_LIKENESS_MIN:
            found.append((start + offset - first - place) * STEP_MS)
    return found


def best_place(short, long):
    """Where the correlation of the shorter with a stretch of the longer is greatest, and that correlation."""
    size = len(short)
    if len(long) < size or not short.any():
        return 0, 0.0
    short = short - short.mean()
    count = np.arange(size, len(long) + 1)
    sums, squares = (np.concatenate(([0.0], np.cumsum(x))) for x in (long, long * long))
    sums, squares = sums[count] - sums[count - size], squares[count] - squares[count - size]
    spread = np.sqrt(np.maximum(squares - sums * sums / size, 1e-12) * (short @ short))
    likeness = np.correlate(long, short, "valid") / spread
    place = int(np.argmax(likeness))
    return place, float(likeness[place])


def envelope_of(sound):
    whole = len(sound) // STEP * STEP
    return np.sqrt(np.mean(sound[:whole].astype(np.float64).reshape(-1, STEP) ** 2, axis=1))


def samples(path):
    with wave.open(path) as file:
        assert file.getframerate() == RATE_HZ and file.getnchannels() == 1 and file.getsampwidth() == 2, path
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


main()
