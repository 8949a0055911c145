// Which player this browser gets.

import { MsePlayer } from './mse.js';
import type { NativeUrls } from './native.js';
import type { LivePlayer, PlayerState } from './state.js';
import { managedMediaSource, MIME } from './supply.js';

export interface StreamUrls extends NativeUrls {
  mp4: string;
}

export type PlayerMaker = (urls: StreamUrls, close: boolean, changed: () => void) => LivePlayer;

/**
 * How this browser will play: MediaSource first, for its exact clock; then Apple's managed kind; then whatever the element plays by
 * itself. Chromium says "maybe" to HLS and plays it late, so HLS is asked for only where both are missing.
 */
export function modeOf(audio: HTMLAudioElement): PlayerState['mode'] {
  if ('MediaSource' in window && MediaSource.isTypeSupported(MIME)) return 'mse';
  if (managedMediaSource()?.isTypeSupported(MIME)) return 'managed';
  return audio.canPlayType('application/vnd.apple.mpegurl') !== '' ? 'hls' : 'progressive';
}

/** The player of this browser, in `audio`. It is loaded before it is needed: a press lets sound begin only while it is dealt with. */
export async function loadPlayer(audio: HTMLAudioElement): Promise<PlayerMaker> {
  const mode = modeOf(audio);
  if (mode === 'mse' || mode === 'managed') {
    return (urls, close, changed) => new MsePlayer(audio, urls.mp4, mode === 'managed', close, changed);
  }
  const { NativePlayer } = await import('./native.js');
  return (urls, _close, changed) => new NativePlayer(audio, urls, mode === 'hls', changed);
}
