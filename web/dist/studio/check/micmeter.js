import { quantile } from './verdict.js';
const FRAME_S = 0.02;
const FRAMES_MAX = 400;
const DEAD_FRAMES = 100;
const DEAD_DBFS = -95;
const NOISE_SHARE = 0.1;
const VOICE_OVER_NOISE_DB = 12;
const VOICE_DBFS_MIN = -62;
const VOICE_FRAMES_MIN = 25;
const QUIET_DBFS = -38;
const TOO_QUIET_DBFS = -50;
const CLEAN_DB = 25;
const NOISY_DB = 17;
const CLIP = 0.997;
const CLIP_RUN = 3;
const LOUD_SHARE = 0.01;
const CLIPPING_SHARE = 0.08;
export class MicrophoneMeter {
    #frames = [];
    #length;
    #power = 0;
    #count = 0;
    #run = 0;
    #clips = false;
    constructor(rate_hz) {
        this.#length = Math.round(rate_hz * FRAME_S);
    }
    push(samples) {
        for (const sample of samples) {
            this.#power += sample * sample;
            this.#run = Math.abs(sample) >= CLIP ? this.#run + 1 : 0;
            this.#clips ||= this.#run >= CLIP_RUN;
            this.#count += 1;
            if (this.#count === this.#length)
                this.#close();
        }
    }
    facts() {
        const frames = this.#frames;
        if (frames.length < VOICE_FRAMES_MIN)
            return null;
        const noise_dbfs = quantile(frames.map((frame) => frame.dbfs), NOISE_SHARE);
        const threshold_dbfs = Math.max(noise_dbfs + VOICE_OVER_NOISE_DB, VOICE_DBFS_MIN);
        const voiced = frames.filter((frame) => frame.dbfs >= threshold_dbfs);
        const enough = voiced.length >= VOICE_FRAMES_MIN;
        const power = voiced.reduce((sum, { dbfs }) => sum + 10 ** (dbfs / 10), 0) / Math.max(1, voiced.length);
        return {
            voice_dbfs: enough ? 10 * Math.log10(power) : null,
            noise_dbfs,
            clipped: enough ? voiced.filter((frame) => frame.clips).length / voiced.length : 0,
            dead: frames.length >= DEAD_FRAMES && frames.every((frame) => frame.dbfs < DEAD_DBFS),
        };
    }
    #close() {
        const dbfs = 10 * Math.log10(Math.max(this.#power / this.#length, 1e-12));
        this.#frames.push({ dbfs, clips: this.#clips });
        if (this.#frames.length > FRAMES_MAX)
            this.#frames.shift();
        this.#power = 0;
        this.#count = 0;
        this.#clips = false;
    }
}
export function gradeMicrophone(facts) {
    if (!facts)
        return null;
    if (facts.dead)
        return { grade: 'bad', finding: 'dead' };
    const { voice_dbfs, noise_dbfs, clipped } = facts;
    if (voice_dbfs === null)
        return null;
    const clean_db = voice_dbfs - noise_dbfs;
    if (clipped >= CLIPPING_SHARE)
        return { grade: 'bad', finding: 'clipping' };
    if (voice_dbfs < TOO_QUIET_DBFS)
        return { grade: 'bad', finding: 'too_quiet' };
    if (clean_db < NOISY_DB)
        return { grade: 'bad', finding: 'noise' };
    if (clipped >= LOUD_SHARE)
        return { grade: 'usable', finding: 'loud' };
    if (voice_dbfs < QUIET_DBFS)
        return { grade: 'usable', finding: 'quiet' };
    if (clean_db < CLEAN_DB)
        return { grade: 'usable', finding: 'some_noise' };
    return { grade: 'good', finding: 'clear' };
}
