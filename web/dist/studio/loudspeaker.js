export class Loudspeaker {
    audio;
    devices = [];
    device_id = '';
    constructor(audio) {
        this.audio = audio;
    }
    list(devices) {
        const choosable = 'setSinkId' in this.audio;
        this.devices = choosable ? devices.filter((device) => device.kind === 'audiooutput' && device.deviceId !== '') : [];
        const gone = !this.devices.some((device) => device.deviceId === this.device_id);
        if (this.device_id && gone)
            void this.choose('');
    }
    async choose(device_id) {
        this.device_id = device_id;
        await this.use(this.audio);
    }
    async use(audio) {
        if (!audio.setSinkId)
            return;
        await audio.setSinkId(this.device_id).catch(() => undefined);
    }
}
