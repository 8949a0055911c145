// Which player this browser gets.

import { MIME, MsePlayer } from './mse.js';
import { NativePlayer, type NativeUrls } from './native.js';
import type { LivePlayer } from './state.js';

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
  const managed = (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
  if ('MediaSource' in window && MediaSource.isTypeSupported(MIME)) {
    return new MsePlayer(audio, urls.mp4, false, close, changed);
  }
  if (managed?.isTypeSupported(MIME)) return new MsePlayer(audio, urls.mp4, true, close, changed);
  const hls = audio.canPlayType('application/vnd.apple.mpegurl') !== '';
  return new NativePlayer(audio, urls, hls, changed);
}
