// Whether what the loudspeaker plays comes back through the microphone: a known sound is played and looked for in
// what was recorded, by a matched filter.

import { quantile, type Verdict } from './verdict.js';

export type EchoFinding = 'none' | 'some' | 'strong';

/** A sweep through the middle of the voice: 0.2 s × 2,400 Hz lift it 27 dB out of noise that is as loud. */
const SWEEP_S = 0.2;
const SWEEP_FROM_HZ = 400;
const SWEEP_TO_HZ = 2_800;
/** −10 dBFS: as loud as a lively voice from the stage, and not startling. */
const SWEEP_AMPLITUDE = 0.32;
/** Edges that do not click: 10 ms. */
const EDGE_S = 0.01;

/** Sweeps of one check: the browser's echo canceller needs the first ones to learn the room. */
export const SWEEPS = 4;
/** From sweep to sweep: the sweep, and the longest way round by a radio headset (0.6 s). */
export const SWEEP_EVERY_S = 0.8;

/** The search runs at about 8 kHz, which the sweep fits into: 4,800 delays × 1,600 samples = 8 million steps. */
const SEARCH_HZ = 8_000;
/** A peak of the filter this far above its usual value is no chance: six deviations. */
const PEAK_MIN = 6;
/** The filter's own side lobes around the peak: 5 ms. */
const PEAK_WIDTH_S = 0.005;
/** Echoes of one room come with one delay; speech does not. */
const DELAY_SPREAD_S = 0.01;
/** What comes back as loud as this is plainly heard: 25 dB below what was played. */
const STRONG_DB = -25;

/** What one sweep brought. */
export interface Return {
  /** Delay of the strongest match. */
  delay_s: number;
  /** Level of the match against what was played; 0 comes back as loud. */
  level_db: number;
  /** How far the match stands out of everything else, in deviations. */
  peak: number;
}

/** The sweep, ready to be played. */
export function sweep(rate_hz: number): Float32Array<ArrayBuffer> {
  const length = Math.round(SWEEP_S * rate_hz);
  const samples = new Float32Array(length);
  for (let i = 0; i < length; i += 1) {
    const t = i / rate_hz;
    const turns = SWEEP_FROM_HZ * t + ((SWEEP_TO_HZ - SWEEP_FROM_HZ) * t * t) / (2 * SWEEP_S);
    const edge = Math.min(1, t / EDGE_S, (SWEEP_S - t) / EDGE_S);
    samples[i] = SWEEP_AMPLITUDE * edge * Math.sin(2 * Math.PI * turns);
  }
  return samples;
}

/** Looks for the sweep in what was recorded from the moment it was played; both at `rate_hz`. */
export function lookFor(played: Float32Array, recorded: Float32Array, rate_hz: number): Return | null {
  const factor = Math.max(1, Math.round(rate_hz / SEARCH_HZ));
  const search_hz = rate_hz / factor;
  const pattern = thinned(played, factor);
  const sound = thinned(recorded, factor);
  const lags = sound.length - pattern.length;
  if (lags < 1) return null;
  const matches = new Float32Array(lags);
  let best = 0;
  for (let lag = 0; lag < lags; lag += 1) {
    let sum = 0;
    for (let i = 0; i < pattern.length; i += 1) sum += pattern[i]! * sound[lag + i]!;
    matches[lag] = sum;
    if (Math.abs(sum) > Math.abs(matches[best]!)) best = lag;
  }
  const width = Math.ceil(PEAK_WIDTH_S * search_hz);
  const usual = Math.sqrt(meanSquare(matches, (lag) => Math.abs(lag - best) > width));
  const energy = pattern.reduce((sum, value) => sum + value * value, 0);
  const strength = Math.abs(matches[best]!);
  return {
    delay_s: best / search_hz,
    level_db: 20 * Math.log10(Math.max(strength / energy, 1e-6)),
    peak: usual > 0 ? strength / usual : 0,
  };
}

/**
 * The verdict over all sweeps, in their order. An echo is what comes back at least twice with the same delay.
 * It is strong when it still is there at the end, after the canceller had its time, and some otherwise.
 */
export function gradeEcho(returns: readonly (Return | null)[]): Verdict<EchoFinding> {
  const clear = returns.map((found) => (found && found.peak >= PEAK_MIN ? found : null));
  const delays = clear.flatMap((found) => (found ? [found.delay_s] : []));
  const none: Verdict<EchoFinding> = { grade: 'good', finding: 'none' };
  if (delays.length === 0) return none;
  const usual_s = quantile(delays, 0.5);
  const echoes = clear.map((found) => (found && Math.abs(found.delay_s - usual_s) <= DELAY_SPREAD_S ? found : null));
  if (echoes.filter((echo) => echo).length < 2) return none;
  const late = echoes.slice(Math.floor(echoes.length / 2));
  const strong = late.some((echo) => echo && echo.level_db >= STRONG_DB);
  return strong ? { grade: 'bad', finding: 'strong' } : { grade: 'usable', finding: 'some' };
}

/** Means of `factor` samples each: fewer samples, and little of what lies above them. */
function thinned(samples: Float32Array, factor: number): Float32Array {
  const result = new Float32Array(Math.floor(samples.length / factor));
  for (let i = 0; i < result.length; i += 1) {
    let sum = 0;
    for (let j = 0; j < factor; j += 1) sum += samples[i * factor + j]!;
    result[i] = sum / factor;
  }
  return result;
}

function meanSquare(values: Float32Array, counts: (index: number) => boolean): number {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!counts(i)) continue;
    sum += values[i]! * values[i]!;
    n += 1;
  }
  return n > 0 ? sum / n : 0;
}
