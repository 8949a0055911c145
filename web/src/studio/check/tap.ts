// Runs in the audio thread (AudioWorklet): hands the samples of its input on, each block with its place in time.

/** Samples from `frame` of the context's clock on. */
export interface TappedBlock {
  frame: number;
  samples: Float32Array;
}

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare const currentFrame: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** 8 rendering quanta of 128: some 20 ms, so that a slow page gets 47 messages a second and not 375. */
const BLOCK_SAMPLES = 1024;

class Tap extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK_SAMPLES);
  #filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const samples = inputs[0]?.[0];
    // Without a source the input has no channel at all, and there is nothing to hand on.
    if (!samples) return true;
    this.#block.set(samples, this.#filled);
    this.#filled += samples.length;
    if (this.#filled >= BLOCK_SAMPLES) {
      const block: TappedBlock = { frame: currentFrame + samples.length - BLOCK_SAMPLES, samples: this.#block };
      this.port.postMessage(block, [this.#block.buffer]);
      this.#block = new Float32Array(BLOCK_SAMPLES);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor('tap', Tap);
