const BLOCK_SAMPLES = 1024;
class Tap extends AudioWorkletProcessor {
    #block = new Float32Array(BLOCK_SAMPLES);
    #filled = 0;
    process(inputs) {
        const samples = inputs[0]?.[0];
        if (!samples)
            return true;
        this.#block.set(samples, this.#filled);
        this.#filled += samples.length;
        if (this.#filled >= BLOCK_SAMPLES) {
            const block = { frame: currentFrame + samples.length - BLOCK_SAMPLES, samples: this.#block };
            this.port.postMessage(block, [this.#block.buffer]);
            this.#block = new Float32Array(BLOCK_SAMPLES);
            this.#filled = 0;
        }
        return true;
    }
}
registerProcessor('tap', Tap);
export {};
