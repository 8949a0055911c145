import { recall } from '../shared/memory.js';
export const SILENCE_DBFS = -60;
const TREATMENT = { echoCancellation: true, noiseSuppression: false, autoGainControl: false };
export class Microphone {
    changed;
    listed;
    stream = null;
    devices = [];
    device_id = recall('microphone') ?? '';
    #turn = 0;
    #context = null;
    #analyser = null;
    #source = null;
    #samples = new Float32Array(1024);
    constructor(changed, listed) {
        this.changed = changed;
        this.listed = listed;
        navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
    }
    static get available() {
        return window.isSecureContext && navigator.mediaDevices !== undefined;
    }
    get track() {
        return this.stream?.getAudioTracks()[0] ?? null;
    }
    get state() {
        const track = this.track;
        if (!track)
            return 'closed';
        if (track.readyState === 'ended')
            return 'lost';
        return track.muted ? 'taken' : 'open';
    }
    async open(device_id) {
        this.#turn += 1;
        const turn = this.#turn;
        const audio = { ...TREATMENT, channelCount: 1 };
        if (device_id)
            audio.deviceId = { exact: device_id };
        let stream;
        try {
            stream = await navigator.mediaDevices.getUserMedia({ audio });
        }
        catch (error) {
            const problem = problemOf(error);
            return problem === 'missing' && device_id !== '' ? this.open('') : problem;
        }
        if (turn !== this.#turn) {
            for (const track of stream.getTracks())
                track.stop();
            return null;
        }
        this.close();
        this.stream = stream;
        this.device_id = device_id;
        for (const event of ['ended', 'mute', 'unmute'])
            this.track?.addEventListener(event, () => this.changed());
        this.#measure(stream);
        await this.#list();
        return null;
    }
    close() {
        this.#turn += 1;
        for (const track of this.stream?.getTracks() ?? [])
            track.stop();
        this.#source?.disconnect();
        this.stream = null;
    }
    level_dbfs() {
        if (!this.#analyser || !this.stream)
            return SILENCE_DBFS;
        this.#analyser.getFloatTimeDomainData(this.#samples);
        let sum = 0;
        for (const sample of this.#samples)
            sum += sample * sample;
        const rms = Math.sqrt(sum / this.#samples.length);
        return Math.max(SILENCE_DBFS, 20 * Math.log10(Math.max(rms, 1e-6)));
    }
    #measure(stream) {
        this.#context ??= new AudioContext();
        void this.#context.resume();
        this.#analyser = this.#context.createAnalyser();
        this.#analyser.fftSize = this.#samples.length;
        this.#source = this.#context.createMediaStreamSource(stream);
        this.#source.connect(this.#analyser);
    }
    async #list() {
        try {
            const devices = await navigator.mediaDevices.enumerateDevices();
            this.devices = devices.filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
            this.listed(devices);
        }
        catch {
            this.devices = [];
        }
        this.changed();
    }
}
function problemOf(error) {
    const name = error instanceof DOMException ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError')
        return 'denied';
    if (name === 'NotFoundError' || name === 'OverconstrainedError')
        return 'missing';
    return 'busy';
}
