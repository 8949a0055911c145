// Where the others are heard: the device's own choice, or one of the list where the browser lets pages choose.

import { recall, remember } from '../shared/memory.js';

type Sink = HTMLAudioElement & { setSinkId?(id: string): Promise<void> };

export class Loudspeaker {
  devices: MediaDeviceInfo[] = [];
  /** The device that was chosen last, also in an earlier visit; `''` is the default one. */
  device_id = recall<string>('loudspeaker') ?? '';

  /** `audio` is the element that plays the stage. */
  constructor(readonly audio: HTMLAudioElement) {}

  /** Devices as the browser lists them, after the microphone was allowed. */
  list(devices: readonly MediaDeviceInfo[]): void {
    const choosable = 'setSinkId' in this.audio;
    this.devices = choosable ? devices.filter((device) => device.kind === 'audiooutput' && device.deviceId !== '') : [];
    // One that is gone is not forgotten: when it is back, it is used again.
    const chosen = recall<string>('loudspeaker') ?? '';
    this.device_id = this.devices.some((device) => device.deviceId === chosen) ? chosen : '';
    void this.use(this.audio);
  }

  /** A device of the list, or the default one for `''`. */
  async choose(device_id: string): Promise<void> {
    this.device_id = device_id;
    remember('loudspeaker', device_id);
    await this.use(this.audio);
  }

  /** Lets an element play there. A device that went away meanwhile leaves it where it is. */
  async use(audio: Sink): Promise<void> {
    if (!audio.setSinkId) return;
    await audio.setSinkId(this.device_id).catch(() => undefined);
  }
}
