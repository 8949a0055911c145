// Which player this browser gets.

import { MsePlayer } from './mse.js';
import { NativePlayer, type NativeUrls } from './native.js';
import type { LivePlayer } from './state.js';
import { managedMediaSource, MIME } from './supply.js';

export interface StreamUrls extends NativeUrls {
  mp4: string;
}

/**
 * MediaSource first, for its exact clock; then Apple's managed kind; then whatever the element plays by
 * itself. Chromium says "maybe" to HLS and plays it late, so HLS is asked for only where both are missing.
 */
export function choosePlayer(
  audio: HTMLAudioElement,
  urls: StreamUrls,
  close: boolean,
  changed: () => void,
): LivePlayer {
  if ('MediaSource' in window && MediaSource.isTypeSupported(MIME)) {
    return new MsePlayer(audio, urls.mp4, false, close, changed);
  }
  if (managedMediaSource()?.isTypeSupported(MIME)) return new MsePlayer(audio, urls.mp4, true, close, changed);
  const hls = audio.canPlayType('application/vnd.apple.mpegurl') !== '';
  return new NativePlayer(audio, urls, hls, changed);
}
