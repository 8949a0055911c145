const RATE_HZ = 8_000;
const LOOP_S = 12.8;
const CHORDS_HZ = [
    [174.61, 261.63, 329.63, 392, 440],
    [146.83, 220, 261.63, 329.63, 349.23],
];
const LEVEL_DBFS = -29.3;
const SAMPLES = RATE_HZ * LOOP_S;
const TURN = 2 * Math.PI;
const HEAD_BYTES = 44;
export class HoldSound {
    audio;
    #url = '';
    #sounds = false;
    constructor(audio) {
        this.audio = audio;
    }
    prepare() {
        this.#url ||= URL.createObjectURL(new Blob([wav(loop())], { type: 'audio/wav' }));
    }
    begin() {
        if (this.#sounds)
            return;
        this.prepare();
        this.#sounds = true;
        this.audio.loop = true;
        this.audio.playbackRate = 1;
        this.audio.src = this.#url;
        this.audio.play().catch(() => undefined);
    }
    end() {
        this.#sounds = false;
        this.audio.loop = false;
    }
    stop() {
        if (!this.#sounds)
            return;
        this.end();
        this.audio.pause();
        this.audio.removeAttribute('src');
        this.audio.load();
    }
}
function loop() {
    const sound = new Float32Array(SAMPLES);
    for (const [chord, notes] of CHORDS_HZ.entries()) {
        for (const [voice, hz] of notes.entries()) {
            const turns = Math.round(hz * LOOP_S);
            const weight = Math.sqrt(220 / hz);
            for (let i = 0; i < SAMPLES; i += 1) {
                const part = i / SAMPLES;
                const swell = 0.5 - 0.5 * Math.cos(TURN * (part - voice * 0.03 - chord * 0.5));
                const tone = Math.sin(TURN * part * turns) + 0.22 * Math.sin(TURN * part * turns * 2);
                sound[i] += weight * (0.15 + 0.85 * swell) * tone;
            }
        }
    }
    const power = sound.reduce((sum, x) => sum + x * x, 0) / SAMPLES;
    const scale = 10 ** (LEVEL_DBFS / 20) / Math.sqrt(power);
    return sound.map((x) => x * scale);
}
function wav(sound) {
    const bytes = sound.length * 2;
    const view = new DataView(new ArrayBuffer(HEAD_BYTES + bytes));
    const word = (at, text) => [...text].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
    word(0, 'RIFF');
    view.setUint32(4, HEAD_BYTES - 8 + bytes, true);
    word(8, 'WAVEfmt ');
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, RATE_HZ, true);
    view.setUint32(28, RATE_HZ * 2, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    word(36, 'data');
    view.setUint32(40, bytes, true);
    sound.forEach((x, i) => view.setInt16(HEAD_BYTES + 2 * i, x * 32_767, true));
    return view.buffer;
}
