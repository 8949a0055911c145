// Whether a sound is the same speech as another: the correlation of their loudness over time.

import { RATE_HZ } from './tones.mjs';

const STEP_S = 0.02;
const STEP = Math.round(STEP_S * RATE_HZ);
// One step in half a second is 4 %, and 0.2 s in all is a jitter buffer's way from a quiet network to a busy one.
const BLOCK = Math.round(0.5 / STEP_S);
const WANDER_S_MAX = 0.2;
const WANDER_STEPS = Math.round(WANDER_S_MAX / STEP_S);

/** Root mean square of windows of 60 ms every 20 ms. */
export function envelope(samples) {
  const squares = [];
  for (let start = 0; start + STEP <= samples.length; start += STEP) {
    let sum = 0;
    for (let i = start; i < start + STEP; i += 1) sum += samples[i] * samples[i];
    squares.push(sum / STEP);
  }
  return squares.slice(2).map((square, i) => Math.sqrt((squares[i] + squares[i + 1] + square) / 3));
}

/**
 * How well what was heard correlates with a place in what was said, which repeats for ever, and that place
 * in seconds. What was heard must not be longer than what was said.
 *
 * `plain` holds the one to the other as they are, `correlation` after following the wander that a jitter
 * buffer is allowed: it stretches and squeezes sound by some per cent when packets come unevenly. Where more
 * than WANDER_S_MAX is missing in all, or any of it at once, either what is before or what is after does
 * not match.
 */
export function match(heard, said) {
  if (heard.length < 2 * RATE_HZ || heard.length > said.length) {
    throw new Error(`cannot match ${heard.length / RATE_HZ} s against ${said.length / RATE_HZ} s`);
  }
  // Repeated as samples: it need not last a whole number of steps.
  const repeated = new Float32Array(said.length + heard.length + 2 * WANDER_STEPS * STEP);
  for (let i = 0; i < repeated.length; i += 1) repeated[i] = said[i % said.length];
  const [short, long] = [envelope(heard), envelope(repeated)];
  let [plain, at] = [-1, 0];
  for (let lag = 0; lag * STEP < said.length; lag += 1) {
    const correlation = pearson(short, (i) => long[lag + i]);
    if (correlation > plain) [plain, at] = [correlation, lag];
  }
  let correlation = plain;
  for (let first = Math.max(0, at - WANDER_STEPS); first <= at; first += 1) {
    const lags = follow(short, long, first);
    correlation = Math.max(correlation, pearson(short, (i) => long[lags[Math.floor(i / BLOCK)] + i]));
  }
  return { correlation, plain, at_s: at * STEP_S };
}

/**
 * The lag of each block of `short` in `long`, none of them outside `first` to `first + WANDER_STEPS` and
 * neighbours one step apart at most, with the largest covariance of all: dynamic programming.
 */
function follow(short, long, first) {
  const mean = short.reduce((sum, x) => sum + x, 0) / short.length;
  const lags = WANDER_STEPS + 1;
  let sums = new Float64Array(lags);
  const came = [];
  for (let begin = 0; begin < short.length; begin += BLOCK) {
    const from = new Int8Array(lags);
    const next = new Float64Array(lags);
    for (let lag = 0; lag < lags; lag += 1) {
      const near = [lag - 1, lag, lag + 1].filter((l) => l >= 0 && l < lags);
      from[lag] = near.reduce((best, l) => (sums[l] > sums[best] ? l : best), lag);
      next[lag] = sums[from[lag]];
      for (let i = begin; i < Math.min(begin + BLOCK, short.length); i += 1) {
        next[lag] += (short[i] - mean) * long[first + lag + i];
      }
    }
    came.push(from);
    sums = next;
  }
  let lag = sums.indexOf(Math.max(...sums));
  const path = [];
  for (const from of came.reverse()) {
    path.push(first + lag);
    lag = from[lag];
  }
  return path.reverse();
}

function pearson(values, other) {
  const n = values.length;
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const [a, b] = [values[i], other(i)];
    sumA += a;
    sumB += b;
    sumAA += a * a;
    sumBB += b * b;
    sumAB += a * b;
  }
  const spread = Math.sqrt((n * sumAA - sumA * sumA) * (n * sumBB - sumB * sumB));
  return spread > 0 ? (n * sumAB - sumA * sumB) / spread : 0;
}
