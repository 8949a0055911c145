import { MsePlayer } from './mse.js';
import { NativePlayer } from './native.js';
import { managedMediaSource, MIME } from './supply.js';
export function modeOf(audio) {
    if ('MediaSource' in window && MediaSource.isTypeSupported(MIME))
        return 'mse';
    if (managedMediaSource()?.isTypeSupported(MIME))
        return 'managed';
    return audio.canPlayType('application/vnd.apple.mpegurl') !== '' ? 'hls' : 'progressive';
}
export function choosePlayer(audio, urls, close, changed) {
    const mode = modeOf(audio);
    if (mode === 'mse' || mode === 'managed')
        return new MsePlayer(audio, urls.mp4, mode === 'managed', close, changed);
    return new NativePlayer(audio, urls, mode === 'hls', changed);
}
