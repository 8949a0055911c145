import { MsePlayer } from './mse.js';
import { NativePlayer } from './native.js';
import { managedMediaSource, MIME } from './supply.js';
export function choosePlayer(audio, urls, close, changed) {
    if ('MediaSource' in window && MediaSource.isTypeSupported(MIME)) {
        return new MsePlayer(audio, urls.mp4, false, close, changed);
    }
    if (managedMediaSource()?.isTypeSupported(MIME))
        return new MsePlayer(audio, urls.mp4, true, close, changed);
    const hls = audio.canPlayType('application/vnd.apple.mpegurl') !== '';
    return new NativePlayer(audio, urls, hls, changed);
}
