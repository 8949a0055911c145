// Whether a sound is the same speech as another: the correlation of their loudness over time.

import { RATE_HZ } from './tones.mjs';

const STEP_S = 0.02;
const STEP = Math.round(STEP_S * RATE_HZ);

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
 * The best correlation of what was heard with a place in what was said, which repeats for ever, and that
 * place in seconds. What was heard must not be longer than what was said.
 */
export function match(heard, said) {
  const [short, long] = [envelope(heard), envelope(said)];
  if (short.length < 2 / STEP_S || short.length > long.length) {
    throw new Error(`cannot match ${heard.length / RATE_HZ} s against ${said.length / RATE_HZ} s`);
  }
  let best = { correlation: -1, at_s: 0 };
  for (let lag = 0; lag < long.length; lag += 1) {
    const correlation = pearson(short, (i) => long[(lag + i) % long.length]);
    if (correlation > best.correlation) best = { correlation, at_s: lag * STEP_S };
  }
  return best;
}

/**
 * Matches pieces of 3 s one by one. The median of their correlations says whether this is the speech; that a
 * busy machine tears a piece is a matter for measurements, not of which sound it is. `steady` is the share of
 * the pieces that lie where the middle one says they must, within 0.2 s: speech in another order is no speech.
 */
export function matchPieces(heard, said) {
  const piece = 3 * RATE_HZ;
  const said_s = said.length / RATE_HZ;
  const found = [];
  for (let start = 0; start + piece <= heard.length; start += piece) {
    const { correlation, at_s } = match(heard.slice(start, start + piece), said);
    found.push({ correlation, origin_s: (at_s - start / RATE_HZ + 100 * said_s) % said_s });
  }
  const middle = [...found].sort((a, b) => a.correlation - b.correlation)[Math.floor(found.length / 2)];
  const apart_s = (origin_s) => {
    const apart = Math.abs(origin_s - middle.origin_s);
    return Math.min(apart, said_s - apart);
  };
  const steady = found.filter(({ origin_s }) => apart_s(origin_s) < 0.2).length / found.length;
  return { correlation: middle.correlation, steady, found };
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
