import { patience } from '../shared/older.js';
import { ask, Problem, problemOf, unreachable } from '../shared/problem.js';
import { Movement } from './movement.js';
const LISTEN_MS = 3_000;
const INTERVALS_HEARD = 2.5;
const INTERVAL_USUAL_S = 0.96;
const BURST_MS = 600;
const ANSWER_MS_MAX = 6_000;
const STREAM_MS_MAX = 17_000;
const DUE_BYTES_PER_S = 2_000;
const RECORDED_BYTES = 65_536;
const MOVE_MS = 4_000;
const WORD_MS = 1_000;
export function nothingFound() {
    return {
        online: true, server: null, status: null, sounds: true, gate: null, stream: null, decoded: null, player: null,
        volume: null, leaving_dbfs: null, output: null,
    };
}
export async function look(subject, tell, signal) {
    const found = nothingFound();
    const told = (news) => {
        Object.assign(found, news);
        if (!signal.aborted)
            tell(found);
    };
    const { audio } = subject;
    told({ online: navigator.onLine, volume: { muted: audio.muted, level: audio.volume } });
    const context = new AudioContext();
    const near = outputOf(context).then(async (output) => {
        told({ output });
        told({ player: await playerOf(subject) });
        told({ leaving_dbfs: await leavingOf(audio, context) });
    });
    const far = serverOf(subject.show, signal).then(async ({ server, status }) => {
        const gate = status && gateOf(status, subject);
        told({ server, status, gate, sounds: status === null || soundsNow(status) });
        if (status === null || gate || !soundsNow(status))
            return;
        const bytes = await streamOf(status, signal, (stream) => told({ stream }));
        if (bytes)
            told({ decoded: await decodedOf(bytes) });
    });
    await Promise.all([near, far]).finally(() => void context.close());
}
function soundsNow(status) {
    return status.phase === 'ended' ? status.recording.ready : status.phase !== 'announced';
}
function gateOf({ gate, phase }, { player }) {
    if (!gate || gate.open || phase === 'announced' || phase === 'ended')
        return null;
    return ['stopped', 'in_line'].includes(player().phase) ? 'waiting' : 'inside';
}
async function serverOf(show, signal) {
    const asked_ms = performance.now();
    try {
        const status = await ask(`/${show}/status`, { cache: 'no-store', signal: patience(ANSWER_MS_MAX, signal) });
        return { server: { answered_ms: performance.now() - asked_ms }, status };
    }
    catch (error) {
        return { server: { problem: error instanceof Problem ? error : unreachable() }, status: null };
    }
}
async function streamOf(status, signal, tell) {
    const recorded = status.phase === 'ended';
    const headers = recorded ? { Range: `bytes=0-${RECORDED_BYTES - 1}` } : {};
    const url = recorded ? status.recording.opus : `${status.live.ogg}?kbps=16&close=1`;
    const stop = new AbortController();
    try {
        const late = setTimeout(() => stop.abort(), ANSWER_MS_MAX);
        const response = await fetch(url, { headers, cache: 'no-store', signal: patience(STREAM_MS_MAX, signal, stop.signal) });
        clearTimeout(late);
        if (!response.ok || !response.body) {
            tell({ problem: await problemOf(response) });
            return null;
        }
        const taken = await take(response.body.getReader(), LISTEN_MS + longer_ms(response.headers));
        tell({ bytes: taken.bytes.length, bytes_per_s: taken.bytes_per_s, due_bytes_per_s: DUE_BYTES_PER_S });
        return taken.bytes;
    }
    catch {
        tell({ problem: unreachable() });
        return null;
    }
    finally {
        stop.abort();
    }
}
async function take(reader, listen_ms) {
    const began_ms = performance.now();
    const parts = [];
    let size = 0;
    let later = 0;
    let ended_ms = 0;
    const enough = new Promise((resolve) => {
        setTimeout(() => resolve({ done: true, value: undefined }), listen_ms);
    });
    for (;;) {
        const { done, value } = await Promise.race([reader.read(), enough]);
        ended_ms = performance.now() - began_ms;
        if (done || !value)
            break;
        parts.push(value);
        size += value.length;
        if (ended_ms > BURST_MS)
            later += value.length;
    }
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    const bytes_per_s = ended_ms < listen_ms - BURST_MS ? (size * 1000) / ended_ms : (later * 1000) / (ended_ms - BURST_MS);
    return { bytes, bytes_per_s };
}
function longer_ms(headers) {
    return INTERVALS_HEARD * 1000 * Math.max(0, Number(headers.get('Stentor-Interval-S')) - INTERVAL_USUAL_S);
}
async function decodedOf(bytes) {
    try {
        const offline = new OfflineAudioContext(1, 1, 48_000);
        const sound = await offline.decodeAudioData(wholePages(bytes));
        return { level_dbfs: levelOf(sound.getChannelData(0)) };
    }
    catch {
        return 'failed';
    }
}
function wholePages(bytes) {
    const [O, g, S] = [0x4f, 0x67, 0x53];
    for (let i = bytes.length - 4; i > 0; i -= 1) {
        if (bytes[i] === O && bytes[i + 1] === g && bytes[i + 2] === g && bytes[i + 3] === S)
            return bytes.slice(0, i).buffer;
    }
    return bytes.buffer;
}
function levelOf(samples) {
    let sum = 0;
    for (const sample of samples)
        sum += sample * sample;
    return 10 * Math.log10(Math.max(1e-10, sum / Math.max(1, samples.length)));
}
async function playerOf({ audio, player, replay }) {
    const phaseNow = () => (replay() ? (audio.paused ? 'paused' : 'playing') : player().phase);
    const on = !['stopped', 'ended', 'failed', 'blocked', 'paused'].includes(phaseNow());
    const moves = on && (await moved(() => audio.currentTime));
    return { phase: phaseNow(), moves };
}
async function outputOf(context) {
    void context.resume();
    return (await moved(() => context.currentTime)) ? 'runs' : 'stuck';
}
async function leavingOf(audio, context) {
    const stream = audio.paused ? undefined : audio.captureStream?.();
    if (!stream || stream.getAudioTracks().length === 0)
        return 'unknown';
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest_dbfs = -Infinity;
    const until_ms = performance.now() + WORD_MS;
    while (performance.now() < until_ms) {
        await pause(100);
        analyser.getFloatTimeDomainData(samples);
        loudest_dbfs = Math.max(loudest_dbfs, levelOf(samples));
    }
    for (const track of stream.getTracks())
        track.stop();
    return loudest_dbfs;
}
async function moved(clock) {
    const movement = new Movement(clock(), performance.now());
    const until_ms = performance.now() + MOVE_MS;
    while (performance.now() < until_ms) {
        await pause(50);
        if (movement.read(clock(), performance.now()))
            return true;
    }
    return false;
}
function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
