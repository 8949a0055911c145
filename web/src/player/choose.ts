// Which player this browser gets.

import { MsePlayer } from './mse.js';
import { NativePlayer, type NativeUrls } from './native.js';
import type { LivePlayer, PlayerState } from './state.js';
import { managedMediaSource, MIME } from './supply.js';

export interface StreamUrls extends NativeUrls {
  mp4: string;
}

/**
 * How this browser will play: MediaSource first, for its exact clock; then Apple's managed kind; then whatever the element plays by
 * itself. Chromium says "maybe" to HLS and plays it late, so HLS is asked for only where both are missing.
 */
export function modeOf(audio: HTMLAudioElement): PlayerState['mode'] {
  if ('MediaSource' in window && MediaSource.isTypeSupported(MIME)) return 'mse';
  if (managedMediaSource()?.isTypeSupported(MIME)) return 'managed';
  return audio.canPlayType('application/vnd.apple.mpegurl') !== '' ? 'hls' : 'progressive';
}

export function choosePlayer(
  audio: HTMLAudioElement,
  urls: StreamUrls,
  close: boolean,
  changed: () => void,
): LivePlayer {
  const mode = modeOf(audio);
  if (mode === 'mse' || mode === 'managed') return new MsePlayer(audio, urls.mp4, mode === 'managed', close, changed);
  return new NativePlayer(audio, urls, mode === 'hls', changed);
}
