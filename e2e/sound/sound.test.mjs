// The ears of the tests, tested: one that hears what is not there would prove nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { match } from './envelope.mjs';
import { assertPitches, level_dbfs, levels_dbfs } from './pitch.mjs';
import { burstPitch, beeps, PITCH_A_HZ, PITCH_B_HZ, PITCH_C_HZ, RATE_HZ, timeBursts } from './tones.mjs';

const mixed = (...sounds) => sounds[0].map((_, i) => sounds.reduce((sum, sound) => sum + sound[i], 0));

test('a pitch is heard at its level and nowhere else', () => {
  const sound = beeps(PITCH_A_HZ, 4, { level: 0.5 });
  assert.ok(Math.abs(level_dbfs(sound, PITCH_A_HZ) - 20 * Math.log10(0.5)) < 1);
  for (const other of [PITCH_B_HZ, PITCH_C_HZ, 3 * PITCH_A_HZ]) {
    assert.ok(level_dbfs(sound, other) < -60, `${other} Hz: ${level_dbfs(sound, other)}`);
  }
});

test('two voices are told from one', () => {
  const [a, b] = [beeps(PITCH_A_HZ, 4), beeps(PITCH_B_HZ, 4, { level: 0.1 })];
  assertPitches(mixed(a, b), { heard: [PITCH_A_HZ, PITCH_B_HZ], unheard: [PITCH_C_HZ] }, 'both');
  assertPitches(b, { heard: [PITCH_B_HZ], unheard: [PITCH_A_HZ] }, 'one');
  assert.throws(() => assertPitches(a, { heard: [PITCH_A_HZ, PITCH_B_HZ] }, 'one'), /missing/);
  assert.throws(() => assertPitches(mixed(a, b), { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'both'), /must not/);
});

test('silence and noise are no voice', () => {
  const noise = new Float32Array(4 * RATE_HZ);
  let seed = 1;
  for (let i = 0; i < noise.length; i += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    noise[i] = 0.1 * (seed / 2 ** 31 - 1);
  }
  assert.throws(() => assertPitches(new Float32Array(4 * RATE_HZ), { heard: [PITCH_A_HZ] }, 'silence'), /missing/);
  assert.throws(() => assertPitches(noise, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'noise'));
});

test('each burst has a pitch of its own', () => {
  const sound = timeBursts(8);
  for (let n = 0; n < 16; n += 1) {
    const middle = sound.subarray((0.5 * n + 0.01) * RATE_HZ, (0.5 * n + 0.05) * RATE_HZ);
    const level = (hz) => levels_dbfs(middle, hz)[0];
    const loudest = [...Array(16).keys()].sort((x, y) => level(burstPitch(y)) - level(burstPitch(x)))[0];
    assert.equal(loudest, n);
  }
});

// Syllables of random length and loudness stand in for speech.
function syllables(seed, seconds) {
  const sound = new Float32Array(seconds * RATE_HZ);
  let left = 0;
  let level = 0;
  for (let i = 0; i < sound.length; i += 1, left -= 1) {
    if (left <= 0) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      left = (0.06 + 0.3 * ((seed >>> 8) / 2 ** 24)) * RATE_HZ;
      level = seed % 3 === 0 ? 0 : (seed >>> 16) / 2 ** 16;
    }
    sound[i] = level * Math.sin(i / 30);
  }
  return sound;
}

test('speech matches itself at its place, louder or softer, and nothing else', () => {
  const said = syllables(1, 12);
  const heard = said.slice(7 * RATE_HZ, 11 * RATE_HZ).map((x) => 0.2 * x);
  const found = match(heard, said);
  assert.ok(found.correlation > 0.99 && Math.abs(found.at_s - 7) < 0.03, JSON.stringify(found));
  assert.ok(match(syllables(2, 10), said).correlation < 0.7);

  // Over the seam of speech that repeats every 11.993 s.
  const odd = said.slice(0, 11.993 * RATE_HZ);
  const over = Float32Array.from([...odd.slice(9 * RATE_HZ), ...odd.slice(0, 3 * RATE_HZ)]);
  assert.ok(match(over, odd).correlation > 0.99);
});

test('speech of which something is missing is not the speech that was said', () => {
  const said = syllables(3, 30);
  const without = (lost) => Float32Array.from([...said].filter((_, i) => !lost(i / RATE_HZ)));
  const muted = (lost) => said.map((x, i) => (lost(i / RATE_HZ) ? 0 : x));
  const heard = {
    'half a second cut out': without((s) => s >= 12 && s < 12.5),
    'a fiftieth cut out, 20 ms each second': without((s) => s % 1 < 0.02),
    'a quarter silent, in pieces of 60 ms': muted((s) => s % 0.24 < 0.06),
    'five seconds silent': muted((s) => s >= 8 && s < 13),
    'backwards': said.toReversed(),
  };
  for (const [what, sound] of Object.entries(heard)) {
    const { correlation } = match(sound.slice(2 * RATE_HZ, 24 * RATE_HZ), said);
    assert.ok(correlation < 0.9, `${what}: ${correlation}`);
  }
  // Stretched by 1 % for a while, as a jitter buffer does when its packets come late.
  const late = Float32Array.from({ length: 22 * RATE_HZ }, (_, i) => said[Math.round(i + 0.01 * Math.min(i, 12 * RATE_HZ))]);
  const stretched = match(late, said);
  assert.ok(stretched.correlation > 0.97 && stretched.plain < stretched.correlation, JSON.stringify(stretched));
  // A busy machine tears a hole of 40 ms now and then, and that is still speech.
  assert.ok(match(muted((s) => s % 3 < 0.04).slice(2 * RATE_HZ, 24 * RATE_HZ), said).correlation > 0.95);
});
