import { MsePlayer } from './mse.js';
import { managedMediaSource, MIME } from './supply.js';
export function modeOf(audio) {
    if ('MediaSource' in window && MediaSource.isTypeSupported(MIME))
        return 'mse';
    if (managedMediaSource()?.isTypeSupported(MIME))
        return 'managed';
    return audio.canPlayType('application/vnd.apple.mpegurl') !== '' ? 'hls' : 'progressive';
}
export async function loadPlayer(audio) {
    const mode = modeOf(audio);
    if (mode === 'mse' || mode === 'managed') {
        return (urls, close, changed) => new MsePlayer(audio, urls.mp4, mode === 'managed', close, changed);
    }
    const { NativePlayer } = await import('./native.js');
    return (urls, _close, changed) => new NativePlayer(audio, urls, mode === 'hls', changed);
}
