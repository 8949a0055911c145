// Which pitches are in a sound: Goertzel's algorithm on windows of 40 ms.

import { RATE_HZ } from './tones.mjs';

const WINDOW = Math.round(0.04 * RATE_HZ);
// Hann: its side lobes fall fast, so a loud pitch is not found at the place of another one.
const HANN = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
const HANN_SUM = HANN.reduce((sum, weight) => sum + weight, 0);
const FLOOR_DBFS = -120;
// Beeps come out at about −15 dBFS. The hold sound has tones of its own near those of voices, of −40 dBFS at most.
const UNHEARD_DBFS = -36;

/** Amplitude of one pitch in each window of 40 ms, in dB against a full sine. */
export function levels_dbfs(samples, pitch_hz) {
  const levels = [];
  for (let start = 0; start + WINDOW <= samples.length; start += WINDOW / 2) {
    levels.push(amplitude_dbfs(samples, start, pitch_hz));
  }
  return levels;
}

/**
 * How loud a pitch is when it sounds: the level that a tenth of the windows reach. A voice of beeps sounds
 * half of the time, so a tenth is reached by far, and a single click does not count as a voice.
 */
export function level_dbfs(samples, pitch_hz) {
  return percentile(levels_dbfs(samples, pitch_hz), 0.9);
}

/** The value that this share of the values does not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? FLOOR_DBFS;
}

/**
 * Throws unless the sound has all of `heard` and none of `unheard`. Unheard is what stays 30 dB under the
 * softest of the heard, which no echo path in the mixer would.
 */
export function assertPitches(samples, { heard, unheard = [] }, who) {
  const list = (pitches) => pitches.map((hz) => ({ hz, level: level_dbfs(samples, hz) }));
  const [present, absent] = [list(heard), list(unheard)];
  const say = (all) => all.map(({ hz, level }) => `${hz} Hz at ${level.toFixed(1)} dBFS`).join(', ') || 'nothing';
  const seconds = (samples.length / RATE_HZ).toFixed(1);
  const words = `${who}, ${seconds} s: expected ${say(present)}; not expected ${say(absent)}`;
  const softest = Math.min(...present.map(({ level }) => level));
  if (softest < -40) throw new Error(`${words}: a voice is missing`);
  if (absent.some(({ level }) => level > softest - 30)) throw new Error(`${words}: somebody is heard who must not be`);
  return words;
}

/** Throws if the sound has any of these pitches, be there hold sound or nothing. */
export function assertUnheard(samples, pitches, who) {
  const levels = pitches.map((hz) => ({ hz, level: level_dbfs(samples, hz) }));
  const say = levels.map(({ hz, level }) => `${hz} Hz at ${level.toFixed(1)} dBFS`).join(', ');
  const words = `${who}, ${(samples.length / RATE_HZ).toFixed(1)} s: not expected ${say}`;
  if (samples.length < WINDOW) throw new Error(`${words}: there was nothing to judge`);
  if (levels.some(({ level }) => level > UNHEARD_DBFS)) throw new Error(`${words}: somebody is heard who must not be`);
  return words;
}

function amplitude_dbfs(samples, start, pitch_hz) {
  const coefficient = 2 * Math.cos((2 * Math.PI * pitch_hz) / RATE_HZ);
  let before = 0;
  let last = 0;
  for (let i = 0; i < WINDOW; i += 1) {
    const now = HANN[i] * samples[start + i] + coefficient * last - before;
    before = last;
    last = now;
  }
  const power = last * last + before * before - coefficient * last * before;
  const amplitude = (2 * Math.sqrt(Math.max(power, 0))) / HANN_SUM;
  return Math.max(FLOOR_DBFS, 20 * Math.log10(amplitude));
}
