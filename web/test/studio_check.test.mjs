// The check before the stage: what it says of voices, rooms and lines that are known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradeEcho, lookFor, sweep, SWEEP_EVERY_S, SWEEPS } from '../dist/studio/check/echo.js';
import { factsOf, gradeLine, gradeRoundTrips } from '../dist/studio/check/line.js';
import { gradeMicrophone, MicrophoneMeter } from '../dist/studio/check/micmeter.js';

const RATE_HZ = 48_000;

/** Noise that is the same in every run (a linear congruential generator), −1…1. */
function noise(length, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const amplitude = (dbfs) => 10 ** (dbfs / 20);
/** Uniform noise of amplitude 1 has a level of −4.8 dBFS. */
const NOISE_DBFS = 10 * Math.log10(1 / 3);

/** Words of 0.4 s with pauses of 0.3 s, at a level, over noise at another; clipped where it leaves full scale. */
function speech(voice_dbfs, noise_dbfs, seconds = 6) {
  const length = seconds * RATE_HZ;
  const hiss = noise(length, 7);
  return Float32Array.from({ length }, (_, i) => {
    const t = i / RATE_HZ;
    const says = t % 0.7 < 0.4;
    const voice = says ? Math.SQRT2 * amplitude(voice_dbfs) * Math.sin(2 * Math.PI * 220 * t) : 0;
    const sample = voice + amplitude(noise_dbfs - NOISE_DBFS) * hiss[i];
    return Math.max(-1, Math.min(1, sample));
  });
}

function judged(samples) {
  const meter = new MicrophoneMeter(RATE_HZ);
  for (let i = 0; i < samples.length; i += 1024) meter.push(samples.subarray(i, i + 1024));
  return { facts: meter.facts(), verdict: gradeMicrophone(meter.facts()) };
}

test('the level of the voice is that of the words, and the noise is that of the pauses', () => {
  const { facts } = judged(speech(-24, -60));
  assert.ok(Math.abs(facts.voice_dbfs + 24) < 1, `voice ${facts.voice_dbfs}`);
  assert.ok(Math.abs(facts.noise_dbfs + 60) < 1, `noise ${facts.noise_dbfs}`);
  assert.equal(facts.clipped, 0);
});

test('microphones are graded by the worst that is wrong with them', () => {
  const cases = [
    [speech(-24, -60), 'good', 'clear'],
    [speech(-42, -75), 'usable', 'quiet'],
    [speech(-54, -90), 'bad', 'too_quiet'],
    [speech(-24, -45), 'usable', 'some_noise'],
    [speech(-24, -38), 'bad', 'noise'],
    [speech(2, -60), 'bad', 'clipping'],
    [new Float32Array(3 * RATE_HZ), 'bad', 'dead'],
  ];
  for (const [samples, grade, finding] of cases) assert.deepEqual(judged(samples).verdict, { grade, finding });
});

test('one word too loud among many is a remark, not a fault', () => {
  const samples = speech(-20, -60, 8);
  const loud = speech(3, -60, 1).subarray(0, 0.06 * RATE_HZ);
  samples.set(loud, 5.6 * RATE_HZ);
  assert.deepEqual(judged(samples).verdict, { grade: 'usable', finding: 'loud' });
});

test('nothing is said before somebody speaks, and what is mended is forgiven', () => {
  assert.equal(gradeMicrophone(null), null);
  const hiss = noise(4 * RATE_HZ, 3).map((sample) => sample * amplitude(-50));
  assert.equal(judged(hiss).verdict, null);
  const mended = new Float32Array(15 * RATE_HZ);
  mended.set(speech(2, -60, 6));
  mended.set(speech(-22, -60, 9), 6 * RATE_HZ);
  assert.deepEqual(judged(mended).verdict, { grade: 'good', finding: 'clear' });
});

/** What a microphone records of one sweep: the room's noise, the echo `delay_s` later, and words over it. */
function room({ echo_db = -Infinity, delay_s = 0.12, noise_dbfs = -60, talk_dbfs = -Infinity, seed = 1, rate_hz = RATE_HZ }) {
  const recorded = noise(Math.round(SWEEP_EVERY_S * rate_hz), seed).map((sample) => sample * amplitude(noise_dbfs - NOISE_DBFS));
  sweep(rate_hz).forEach((sample, i) => (recorded[Math.round(delay_s * rate_hz) + i] += sample * amplitude(echo_db)));
  // A voice: a buzz of many harmonics whose pitch wanders.
  for (let i = 0; i < recorded.length && talk_dbfs > -Infinity; i += 1) {
    const phase = (2 * Math.PI * (110 + 9 * Math.sin((6 * i) / rate_hz + seed)) * i) / rate_hz;
    for (let k = 1; k < 20; k += 1) recorded[i] += (amplitude(talk_dbfs) / Math.sqrt(10)) * Math.sin(k * phase + k * seed);
  }
  return recorded;
}

const found = (what) => lookFor(sweep(what.rate_hz ?? RATE_HZ), room(what), what.rate_hz ?? RATE_HZ);
const graded = (...rooms) => gradeEcho(rooms.map((what, i) => found({ ...what, seed: i + 1 })));

test('the sweep is found where it is and as loud as it is', () => {
  for (const rate_hz of [44_100, 48_000]) {
    for (const echo_db of [-6, -20, -40]) {
      const { delay_s, level_db, peak } = found({ echo_db, delay_s: 0.183, noise_dbfs: -70, rate_hz });
      assert.ok(Math.abs(delay_s - 0.183) < 0.001, `${delay_s} s`);
      assert.ok(Math.abs(level_db - echo_db) < 1.5, `${level_db} dB for ${echo_db} dB`);
      assert.ok(peak > 6, `${peak}`);
    }
  }
});

test('echo: none, some, strong', () => {
  const quiet = {};
  const loud = { echo_db: -10 };
  const faint = { echo_db: -35 };
  assert.deepEqual(graded(quiet, quiet, quiet, quiet), { grade: 'good', finding: 'none' });
  assert.deepEqual(graded(loud, loud, loud, loud), { grade: 'bad', finding: 'strong' });
  assert.deepEqual(graded(faint, faint, faint, faint), { grade: 'usable', finding: 'some' });
  assert.deepEqual(graded(loud, loud, quiet, quiet), { grade: 'usable', finding: 'some' }, 'the canceller has learnt the room');
  assert.equal(SWEEPS, 4);
});

test('somebody who talks, noise and a lone chance are no echo', () => {
  const talking = { talk_dbfs: -22 };
  assert.deepEqual(graded(talking, talking, talking, talking), { grade: 'good', finding: 'none' });
  const noisy = { noise_dbfs: -25 };
  assert.deepEqual(graded(noisy, noisy, noisy, noisy), { grade: 'good', finding: 'none' });
  assert.deepEqual(graded({}, { echo_db: -10 }, {}, {}), { grade: 'good', finding: 'none' });
  assert.deepEqual(gradeEcho([null, null]), { grade: 'good', finding: 'none' });
});

test('an echo is found behind somebody who talks', () => {
  const both = { echo_db: -12, talk_dbfs: -30 };
  assert.equal(graded(both, both, both, both).finding, 'strong');
});

test('lines are graded by loss, unevenness and distance', () => {
  const line = (round_trip_ms, jitter_ms, loss) => gradeLine({ round_trip_ms, jitter_ms, loss });
  assert.deepEqual(line(40, 5, 0), { grade: 'good', finding: 'good' });
  assert.deepEqual(line(null, null, null), { grade: 'good', finding: 'good' });
  assert.deepEqual(line(300, 5, 0), { grade: 'usable', finding: 'far' });
  assert.deepEqual(line(300, 5, 0.08), { grade: 'bad', finding: 'lossy' });
  assert.deepEqual(line(40, 60, 0.03), { grade: 'usable', finding: 'lossy' });
  assert.deepEqual(line(40, 200, 0.03), { grade: 'bad', finding: 'uneven' });
});

test('round trips before joining', () => {
  assert.equal(gradeRoundTrips([]), null);
  assert.deepEqual(gradeRoundTrips([30, 31, 30, 33, 60, 31, 32, 30]), { grade: 'good', finding: 'good' });
  assert.deepEqual(gradeRoundTrips([220, 231, 230, 233, 240, 231]), { grade: 'usable', finding: 'far' });
  assert.deepEqual(gradeRoundTrips([30, 31, 30, 400, 30, 31, 500, 33]), { grade: 'bad', finding: 'uneven' });
  assert.deepEqual(gradeRoundTrips([30, 31, null, 33, 31, 31, 32, 30]), { grade: 'good', finding: 'good' }, 'one may fail');
  assert.deepEqual(gradeRoundTrips([30, null, 30, 33, null, 31, 32, 30]), { grade: 'bad', finding: 'lossy' });
  assert.deepEqual(gradeRoundTrips([null, null]), { grade: 'bad', finding: 'dead' });
});

test('the facts of a connection are those since the last look', () => {
  const stats = (lost, received) => [
    { type: 'candidate-pair', state: 'succeeded', currentRoundTripTime: 0.08 },
    { type: 'candidate-pair', state: 'waiting', currentRoundTripTime: 3 },
    { type: 'remote-inbound-rtp', fractionLost: 0.02, jitter: 0.004 },
    { type: 'inbound-rtp', packetsLost: lost, packetsReceived: received, jitter: 0.012 },
  ];
  const first = factsOf(stats(50, 1000), { lost: 50, received: 900 });
  assert.deepEqual(first.facts, { round_trip_ms: 80, jitter_ms: 12, loss: 0.02 });
  const second = factsOf(stats(60, 1090), first.counted);
  assert.equal(second.facts.loss, 0.1);
  // A new connection counts from zero.
  assert.equal(factsOf(stats(0, 40), second.counted).facts.loss, 0.02);
  assert.deepEqual(factsOf([], second.counted), { facts: { round_trip_ms: null, jitter_ms: null, loss: null }, counted: second.counted });
});
