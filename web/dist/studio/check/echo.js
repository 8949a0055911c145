import { quantile } from './verdict.js';
const SWEEP_S = 0.2;
const SWEEP_FROM_HZ = 400;
const SWEEP_TO_HZ = 2_800;
const SWEEP_AMPLITUDE = 0.32;
const EDGE_S = 0.01;
export const SWEEPS = 4;
export const SWEEP_EVERY_S = 0.8;
const SEARCH_HZ = 8_000;
const PEAK_MIN = 6;
const PEAK_WIDTH_S = 0.005;
const DELAY_SPREAD_S = 0.01;
const STRONG_DB = -25;
export function sweep(rate_hz) {
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
export function lookFor(played, recorded, rate_hz) {
    const factor = Math.max(1, Math.round(rate_hz / SEARCH_HZ));
    const search_hz = rate_hz / factor;
    const pattern = thinned(played, factor);
    const sound = thinned(recorded, factor);
    const lags = sound.length - pattern.length;
    if (lags < 1)
        return null;
    const matches = new Float32Array(lags);
    let best = 0;
    for (let lag = 0; lag < lags; lag += 1) {
        let sum = 0;
        for (let i = 0; i < pattern.length; i += 1)
            sum += pattern[i] * sound[lag + i];
        matches[lag] = sum;
        if (Math.abs(sum) > Math.abs(matches[best]))
            best = lag;
    }
    const width = Math.ceil(PEAK_WIDTH_S * search_hz);
    const usual = Math.sqrt(meanSquare(matches, (lag) => Math.abs(lag - best) > width));
    const energy = pattern.reduce((sum, value) => sum + value * value, 0);
    const strength = Math.abs(matches[best]);
    return {
        delay_s: best / search_hz,
        level_db: 20 * Math.log10(Math.max(strength / energy, 1e-6)),
        peak: usual > 0 ? strength / usual : 0,
    };
}
export function gradeEcho(returns) {
    const clear = returns.map((found) => (found && found.peak >= PEAK_MIN ? found : null));
    const delays = clear.flatMap((found) => (found ? [found.delay_s] : []));
    const none = { grade: 'good', finding: 'none' };
    if (delays.length === 0)
        return none;
    const usual_s = quantile(delays, 0.5);
    const echoes = clear.map((found) => (found && Math.abs(found.delay_s - usual_s) <= DELAY_SPREAD_S ? found : null));
    if (echoes.filter((echo) => echo).length < 2)
        return none;
    const late = echoes.slice(Math.floor(echoes.length / 2));
    const strong = late.some((echo) => echo && echo.level_db >= STRONG_DB);
    return strong ? { grade: 'bad', finding: 'strong' } : { grade: 'usable', finding: 'some' };
}
function thinned(samples, factor) {
    const result = new Float32Array(Math.floor(samples.length / factor));
    for (let i = 0; i < result.length; i += 1) {
        let sum = 0;
        for (let j = 0; j < factor; j += 1)
            sum += samples[i * factor + j];
        result[i] = sum / factor;
    }
    return result;
}
function meanSquare(values, counts) {
    let sum = 0;
    let n = 0;
    for (let i = 0; i < values.length; i += 1) {
        if (!counts(i))
            continue;
        sum += values[i] * values[i];
        n += 1;
    }
    return n > 0 ? sum / n : 0;
}
