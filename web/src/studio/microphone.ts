// The microphone: opening it, choosing it, measuring it.

export type MicrophoneProblem = 'denied' | 'missing' | 'busy';

/** Quieter than this counts as silence, in dBFS. */
export const SILENCE_DBFS = -60;

export class Microphone {
  stream: MediaStream | null = null;
  devices: MediaDeviceInfo[] = [];
  device_id = '';
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #samples = new Float32Array(1024);

  /** `changed` is told when devices come or go, or the microphone in use is unplugged. */
  constructor(readonly changed: () => void) {
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
  }

  static get available(): boolean {
    return window.isSecureContext && navigator.mediaDevices !== undefined;
  }

  get track(): MediaStreamTrack | null {
    return this.stream?.getAudioTracks()[0] ?? null;
  }

  /** Opens a device (the default one for `''`); `null` when it worked. */
  async open(device_id: string): Promise<MicrophoneProblem | null> {
    const audio: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
    if (device_id) audio.deviceId = { exact: device_id };
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      return problemOf(error);
    }
    this.close();
    this.stream = stream;
    this.device_id = device_id;
    if (this.track) {
      this.track.addEventListener('ended', () => this.changed());
    }
    this.#measure(stream);
    await this.#list();
    return null;
  }

  close(): void {
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
