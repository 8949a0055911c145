// The check before the stage: listens to the microphone, plays into the room, and times the line.

import { patience } from '../../shared/older.js';
import type { Loudspeaker } from '../loudspeaker.js';
import { gradeEcho, lookFor, sweep, SWEEP_EVERY_S, SWEEPS, type EchoFinding } from './echo.js';
import { gradeRoundTrips, type LineFinding } from './line.js';
import { gradeMicrophone, MicrophoneMeter, type MicrophoneFinding } from './micmeter.js';
import type { TappedBlock } from './tap.js';
import type { Verdict } from './verdict.js';

/** Round trips that are timed, after one that opens the connection. */
const ROUND_TRIPS = 8;
const ANSWER_MS_MAX = 3_000;
/** From the press to the first sweep, for the output to wake up. */
const LEAD_S = 0.25;
/** Sweeps last 4 × 0.8 s; an output that has not played them in three times that plays nothing. */
const ECHO_MS_MAX = 10_000;

export type EchoState = 'idle' | 'running' | 'failed' | Verdict<EchoFinding>;

interface Recording {
  from: number;
  until: number;
  samples: Float32Array;
  finished(): void;
}

export class SoundCheck {
  microphone: Verdict<MicrophoneFinding> | null = null;
  echo: EchoState = 'idle';
  line: Verdict<LineFinding> | null = null;
  #context: AudioContext | null = null;
  #loaded: Promise<void> | null = null;
  #tap: AudioWorkletNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #meter: MicrophoneMeter | null = null;
  #recording: Recording | null = null;
  #closed = new AbortController();

  constructor(
    readonly loudspeaker: Loudspeaker,
    readonly changed: () => void,
  ) {}

  /** Listens to this stream from now on; what was heard of another is forgotten. */
  async listen(stream: MediaStream): Promise<void> {
    const context = (this.#context ??= new AudioContext());
    this.#loaded ??= context.audioWorklet.addModule(new URL('./tap.js', import.meta.url)).then(() => void this.#timeLine());
    try {
      await this.#loaded;
    } catch (error) {
      // Closed while it loaded, as by whoever joins at once: then nobody misses it.
      if (!this.#closed.signal.aborted) throw error;
    }
    if (this.#closed.signal.aborted) return;
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

  /** Plays the sweeps through the chosen loudspeaker and looks for them. Call it in the handler of a press. */
  async testEcho(): Promise<void> {
    const context = this.#context;
    if (!context || this.echo === 'running') return;
    this.#become('running');
    await context.resume();
    const output = context.createMediaStreamDestination();
    // As the others will be heard: an element that plays a stream. The browser's echo canceller knows it by that.
    const audio = new Audio();
    audio.srcObject = output.stream;
    try {
      await this.loudspeaker.use(audio);
      await audio.play();
      this.#become((await this.#sweeps(context, output)) ?? 'failed');
    } catch {
      this.#become('failed');
    } finally {
      audio.srcObject = null;
      output.disconnect();
    }
  }

  close(): void {
    this.#closed.abort();
    this.#source?.disconnect();
    void this.#context?.close();
    this.#recording?.finished();
  }

  #become(echo: EchoState): void {
    if (this.#closed.signal.aborted) return;
    this.echo = echo;
    this.changed();
  }

  #makeTap(context: AudioContext): AudioWorkletNode {
    const tap = new AudioWorkletNode(context, 'tap', { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' });
    tap.port.onmessage = ({ data }: MessageEvent<TappedBlock>) => this.#onBlock(data);
    // Only what leads to the output is sure to run; the tap's own output is silence.
    tap.connect(context.destination);
    return tap;
  }

  #onBlock({ frame, samples }: TappedBlock): void {
    this.#record(frame, samples);
    if (!this.#meter || this.echo === 'running') return;
    this.#meter.push(samples);
    const verdict = gradeMicrophone(this.#meter.facts());
    // Once there is a verdict it stays through a pause: silence afterwards is no fault.
    if (!verdict || (verdict.grade === this.microphone?.grade && verdict.finding === this.microphone.finding)) return;
    this.microphone = verdict;
    this.changed();
  }

  #record(frame: number, samples: Float32Array): void {
    const recording = this.#recording;
    if (!recording) return;
    const at = frame - recording.from;
    const skip = Math.max(0, -at);
    const room = recording.samples.length - at;
    if (room > 0 && skip < samples.length) recording.samples.set(samples.subarray(skip, Math.min(samples.length, room)), at + skip);
    if (frame + samples.length >= recording.until) recording.finished();
  }

  async #sweeps(context: AudioContext, output: AudioNode): Promise<Verdict<EchoFinding> | null> {
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
    if (!samples) return null;
    const windows = Array.from({ length: SWEEPS }, (_, i) => samples.subarray(i * every, (i + 1) * every));
    return gradeEcho(windows.map((window) => lookFor(played, window, rate_hz)));
  }

  /** So many samples of the microphone from `from` on; `null` when they do not come. */
  async #recorded(from: number, length: number): Promise<Float32Array | null> {
    const samples = new Float32Array(length);
    let whole = false;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, ECHO_MS_MAX);
      const finished = (): void => {
        whole = !this.#closed.signal.aborted;
        clearTimeout(patience);
        resolve();
      };
      this.#recording = { from, until: from + length, samples, finished };
    });
    this.#recording = null;
    return whole ? samples : null;
  }

  async #timeLine(): Promise<void> {
    const took_ms: (number | null)[] = [];
    await this.#roundTrip();
    for (let i = 0; i < ROUND_TRIPS && !this.#closed.signal.aborted; i += 1) took_ms.push(await this.#roundTrip());
    if (this.#closed.signal.aborted) return;
    this.line = gradeRoundTrips(took_ms);
    this.changed();
  }

  async #roundTrip(): Promise<number | null> {
    const signal = patience(ANSWER_MS_MAX, this.#closed.signal);
    const asked_ms = performance.now();
    try {
      const response = await fetch('/healthz', { cache: 'no-store', signal });
      await response.arrayBuffer();
      return response.ok ? performance.now() - asked_ms : null;
    } catch {
      return null;
    }
  }
}
