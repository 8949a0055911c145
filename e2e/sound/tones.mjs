// Sound whose origin can be told from what is heard: each speaker of a test has a pitch.

import { readFileSync, writeFileSync } from 'node:fs';

export const RATE_HZ = 48_000;

// Pitches of speakers. None is near another's harmonic, so that distortion is not taken for a voice.
export const PITCH_A_HZ = 470;
export const PITCH_B_HZ = 1130;
export const PITCH_C_HZ = 790;

/**
 * Beeps of one pitch, 250 ms on and 250 ms off. A tone that never pauses is what a browser's noise
 * suppression is made to remove.
 */
export function beeps(pitch_hz, seconds, { on_s = 0.25, off_s = 0.25, level = 0.4 } = {}) {
  return bursts(() => pitch_hz, seconds, { on_s, every_s: on_s + off_s, level });
}

/**
 * 60 ms bursts, a different pitch each half second, so that a burst that is heard can be matched with the
 * one that was sent. The pitch of burst n is `burstPitch(n)`; after 16 bursts they repeat.
 */
export function timeBursts(seconds, { level = 0.5 } = {}) {
  return bursts(burstPitch, seconds, { on_s: 0.06, every_s: 0.5, level });
}

/** Two pitches in turn, 250 ms each: a voice that never pauses, and that no noise suppression takes for noise. */
export function turns(pitches_hz, seconds, { each_s = 0.25, level = 0.4 } = {}) {
  return bursts((n) => pitches_hz[n % pitches_hz.length], seconds, { on_s: each_s, every_s: each_s, level });
}

/** 400 Hz upwards in steps of 120 Hz: a window of 40 ms tells neighbours apart, and Opus keeps them. */
export function burstPitch(n) {
  return 400 + 120 * (n % 16);
}

/** Samples, mono, −1 to 1. Edges are raised cosines of 5 ms: a click would have every pitch. */
function bursts(pitchOf, seconds, { on_s, every_s, level }) {
  const samples = new Float32Array(Math.round(seconds * RATE_HZ));
  const [on, every, edge] = [on_s, every_s, 0.005].map((s) => Math.round(s * RATE_HZ));
  for (let start = 0, n = 0; start < samples.length; start += every, n += 1) {
    const step = (2 * Math.PI * pitchOf(n)) / RATE_HZ;
    for (let i = 0; i < on && start + i < samples.length; i += 1) {
      const toEdge = Math.min(i, on - 1 - i, edge) / edge;
      samples[start + i] = level * 0.5 * (1 - Math.cos(Math.PI * toEdge)) * Math.sin(step * i);
    }
  }
  return samples;
}

/** Writes samples as a WAV file of 16 bits, mono, 48 kHz: what Chromium's fake microphone takes. */
export function writeWav(path, samples) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(2 * RATE_HZ, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, sample))), 44 + 2 * i);
  });
  writeFileSync(path, bytes);
  return path;
}

/** Raw samples (f32le, mono, 48 kHz) of a file. */
export function readRaw(path) {
  const bytes = readFileSync(path);
  const samples = new Float32Array(Math.floor(bytes.length / 4));
  for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readFloatLE(4 * i);
  return samples;
}
