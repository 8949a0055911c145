import { patience } from '../../shared/older.js';
import { gradeEcho, lookFor, sweep, SWEEP_EVERY_S, SWEEPS } from './echo.js';
import { gradeRoundTrips } from './line.js';
import { gradeMicrophone, MicrophoneMeter } from './micmeter.js';
const ROUND_TRIPS = 8;
const ANSWER_MS_MAX = 3_000;
const LEAD_S = 0.25;
const ECHO_MS_MAX = 10_000;
export class SoundCheck {
    loudspeaker;
    changed;
    microphone = null;
    echo = 'idle';
    line = null;
    #context = null;
    #loaded = null;
    #tap = null;
    #source = null;
    #meter = null;
    #recording = null;
    #closed = new AbortController();
    constructor(loudspeaker, changed) {
        this.loudspeaker = loudspeaker;
        this.changed = changed;
    }
    async listen(stream) {
        const context = (this.#context ??= new AudioContext());
        this.#loaded ??= context.audioWorklet.addModule(new URL('./tap.js', import.meta.url)).then(() => void this.#timeLine());
        try {
            await this.#loaded;
        }
        catch (error) {
            if (!this.#closed.signal.aborted)
                throw error;
        }
        if (this.#closed.signal.aborted)
            return;
        void context.resume();
        this.#source?.disconnect();
        this.#tap ??= this.#makeTap(context);
        this.#meter = new MicrophoneMeter(context.sampleRate);
        this.microphone = null;
        this.echo = 'idle';
        this.#source = context.createMediaStreamSource(stream);
        this.#source.connect(this.#tap);
        this.changed();
    }
    async testEcho() {
        const context = this.#context;
        if (!context || this.echo === 'running')
            return;
        this.#become('running');
        await context.resume();
        const output = context.createMediaStreamDestination();
        const audio = new Audio();
        audio.srcObject = output.stream;
        try {
            await this.loudspeaker.use(audio);
            await audio.play();
            this.#become((await this.#sweeps(context, output)) ?? 'failed');
        }
        catch {
            this.#become('failed');
        }
        finally {
            audio.srcObject = null;
            output.disconnect();
        }
    }
    close() {
        this.#closed.abort();
        this.#source?.disconnect();
        void this.#context?.close();
        this.#recording?.finished();
    }
    #become(echo) {
        if (this.#closed.signal.aborted)
            return;
        this.echo = echo;
        this.changed();
    }
    #makeTap(context) {
        const tap = new AudioWorkletNode(context, 'tap', { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' });
        tap.port.onmessage = ({ data }) => this.#onBlock(data);
        tap.connect(context.destination);
        return tap;
    }
    #onBlock({ frame, samples }) {
        this.#record(frame, samples);
        if (!this.#meter || this.echo === 'running')
            return;
        this.#meter.push(samples);
        const verdict = gradeMicrophone(this.#meter.facts());
        if (!verdict || (verdict.grade === this.microphone?.grade && verdict.finding === this.microphone.finding))
            return;
        this.microphone = verdict;
        this.changed();
    }
    #record(frame, samples) {
        const recording = this.#recording;
        if (!recording)
            return;
        const at = frame - recording.from;
        const skip = Math.max(0, -at);
        const room = recording.samples.length - at;
        if (room > 0 && skip < samples.length)
            recording.samples.set(samples.subarray(skip, Math.min(samples.length, room)), at + skip);
        if (frame + samples.length >= recording.until)
            recording.finished();
    }
    async #sweeps(context, output) {
        const rate_hz = context.sampleRate;
        const played = sweep(rate_hz);
        const buffer = new AudioBuffer({ length: played.length, sampleRate: rate_hz });
        buffer.copyToChannel(played, 0);
        const every = Math.round(SWEEP_EVERY_S * rate_hz);
        const from = Math.round((context.currentTime + LEAD_S) * rate_hz);
        for (let i = 0; i < SWEEPS; i += 1) {
            const source = new AudioBufferSourceNode(context, { buffer });
            source.connect(output);
            source.start((from + i * every) / rate_hz);
        }
        const samples = await this.#recorded(from, every * SWEEPS);
        if (!samples)
            return null;
        const windows = Array.from({ length: SWEEPS }, (_, i) => samples.subarray(i * every, (i + 1) * every));
        return gradeEcho(windows.map((window) => lookFor(played, window, rate_hz)));
    }
    async #recorded(from, length) {
        const samples = new Float32Array(length);
        let whole = false;
        await new Promise((resolve) => {
            const patience = setTimeout(resolve, ECHO_MS_MAX);
            const finished = () => {
                whole = !this.#closed.signal.aborted;
                clearTimeout(patience);
                resolve();
            };
            this.#recording = { from, until: from + length, samples, finished };
        });
        this.#recording = null;
        return whole ? samples : null;
    }
    async #timeLine() {
        const took_ms = [];
        await this.#roundTrip();
        for (let i = 0; i < ROUND_TRIPS && !this.#closed.signal.aborted; i += 1)
            took_ms.push(await this.#roundTrip());
        if (this.#closed.signal.aborted)
            return;
        this.line = gradeRoundTrips(took_ms);
        this.changed();
    }
    async #roundTrip() {
        const signal = patience(ANSWER_MS_MAX, this.#closed.signal);
        const asked_ms = performance.now();
        try {
            const response = await fetch('/healthz', { cache: 'no-store', signal });
            await response.arrayBuffer();
            return response.ok ? performance.now() - asked_ms : null;
        }
        catch {
            return null;
        }
    }
}
