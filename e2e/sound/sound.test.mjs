// The ears of the tests, tested: one that hears what is not there would prove nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { match, matchPieces } from './envelope.mjs';
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

test('speech matches itself at its place, louder or softer, and nothing else', () => {
  // Syllables of random length and loudness stand in for speech.
  const syllables = (seed, seconds) => {
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
  };
  const said = syllables(1, 12);
  const heard = said.slice(7 * RATE_HZ, 11 * RATE_HZ).map((x) => 0.2 * x);
  const found = match(heard, said);
  assert.ok(found.correlation > 0.99 && Math.abs(found.at_s - 7) < 0.03, JSON.stringify(found));
  assert.ok(match(syllables(2, 10), said).correlation < 0.7);

  const long = said.slice(2 * RATE_HZ);
  long.fill(0, 3.5 * RATE_HZ, 4 * RATE_HZ);
  const torn = matchPieces(long, said);
  assert.ok(torn.correlation > 0.95 && torn.steady === 1, JSON.stringify(torn));
  const shuffled = Float32Array.from([...said.slice(6 * RATE_HZ), ...said.slice(0, 3 * RATE_HZ)]);
  assert.ok(matchPieces(shuffled.reverse(), said).correlation < 0.9);
});
