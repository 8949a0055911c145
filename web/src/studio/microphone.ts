// The microphone: opening it, choosing it, measuring it, noticing when it goes away.

import { recall } from '../shared/memory.js';

export type MicrophoneProblem = 'denied' | 'missing' | 'busy';

/** What became of a microphone: it works, something else holds it (a call, the device's own switch), or it is gone. */
export type MicrophoneState = 'closed' | 'open' | 'taken' | 'lost';

/** Quieter than this counts as silence, in dBFS. */
export const SILENCE_DBFS = -60;

/**
 * What the browser does with the sound. Echo is cancelled where it arises; noise and loudness are the mixer's, which
 * treats every voice alike: two in a row would hunt each other.
 */
const TREATMENT: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: false, autoGainControl: false };

export class Microphone {
  stream: MediaStream | null = null;
  devices: MediaDeviceInfo[] = [];
  /** The device that was chosen last, also in an earlier visit; `''` is the default one. */
  device_id = recall<string>('microphone') ?? '';
  /** Counts openings and closings, so that a question which the browser asks for long is answered to nobody. */
  #turn = 0;
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #samples = new Float32Array(1024);

  /** `changed` is told when devices come or go, or when the microphone in use goes or comes back; `listed` gets all devices. */
  constructor(
    readonly changed: () => void,
    readonly listed: (devices: MediaDeviceInfo[]) => void,
  ) {
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
  }

  static get available(): boolean {
    return window.isSecureContext && navigator.mediaDevices !== undefined;
  }

  get track(): MediaStreamTrack | null {
    return this.stream?.getAudioTracks()[0] ?? null;
  }

  get state(): MicrophoneState {
    const track = this.track;
    if (!track) return 'closed';
    if (track.readyState === 'ended') return 'lost';
    return track.muted ? 'taken' : 'open';
  }

  /**
   * Opens a device (the default one for `''`, and for one that is gone); `null` when it worked, or when it was closed or opened
   * anew before the browser had its answer.
   */
  async open(device_id: string): Promise<MicrophoneProblem | null> {
    this.#turn += 1;
    const turn = this.#turn;
    const audio: MediaTrackConstraints = { ...TREATMENT, channelCount: 1 };
    if (device_id) audio.deviceId = { exact: device_id };
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      const problem = problemOf(error);
      return problem === 'missing' && device_id !== '' ? this.open('') : problem;
    }
    if (turn !== this.#turn) {
      for (const track of stream.getTracks()) track.stop();
      return null;
    }
    this.close();
    this.stream = stream;
    this.device_id = device_id;
    for (const event of ['ended', 'mute', 'unmute']) this.track?.addEventListener(event, () => this.changed());
    this.#measure(stream);
    await this.#list();
    return null;
  }

  close(): void {
    this.#turn += 1;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.#source?.disconnect();
    this.stream = null;
  }

  /** Level of the last 20 ms, in dBFS; −60 at least. */
  level_dbfs(): number {
    if (!this.#analyser || !this.stream) return SILENCE_DBFS;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const rms = Math.sqrt(sum / this.#samples.length);
    return Math.max(SILENCE_DBFS, 20 * Math.log10(Math.max(rms, 1e-6)));
  }

  #measure(stream: MediaStream): void {
    this.#context ??= new AudioContext();
    // After a reload the context waits for a press; the sound on the stage does not depend on it.
    void this.#context.resume();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = this.#samples.length;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  async #list(): Promise<void> {
    try {
      const devices = await navigator.mediaDevices.enumerateDevices();
      this.devices = devices.filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
      this.listed(devices);
    } catch {
      this.devices = [];
    }
    this.changed();
  }
}

function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return 'busy';
}
