import { recall, remember } from '../shared/memory.js';
export class Loudspeaker {
    audio;
    devices = [];
    device_id = recall('loudspeaker') ?? '';
    constructor(audio) {
        this.audio = audio;
    }
    list(devices) {
        const choosable = 'setSinkId' in this.audio;
        this.devices = choosable ? devices.filter((device) => device.kind === 'audiooutput' && device.deviceId !== '') : [];
        const chosen = recall('loudspeaker') ?? '';
        this.device_id = this.devices.some((device) => device.deviceId === chosen) ? chosen : '';
        void this.use(this.audio);
    }
    async choose(device_id) {
        this.device_id = device_id;
        remember('loudspeaker', device_id);
        await this.use(this.audio);
    }
    async use(audio) {
        if (!audio.setSinkId)
            return;
        await audio.setSinkId(this.device_id).catch(() => undefined);
    }
}
