// Title and buttons on the lock screen, the headset and the keyboard.

import type { Actions } from './view.js';

const STEP_S = 15;

/** Connects the system's media buttons once; `canMove` says whether going back and forth means anything now. */
export function announceToSystem(actions: Actions, canMove: () => boolean): void {
  const session = navigator.mediaSession;
  if (!session) return;
  const on = (action: MediaSessionAction, handler: (details: MediaSessionActionDetails) => void): void => {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // This browser does not know the action.
    }
  };
  on('play', () => actions.play());
  on('pause', () => actions.pause());
  on('stop', () => actions.pause());
  on('seekbackward', (details) => canMove() && actions.jump(-(details.seekOffset ?? STEP_S)));
  on('seekforward', (details) => canMove() && actions.jump(details.seekOffset ?? STEP_S));
  on('seekto', (details) => canMove() && details.seekTime !== undefined && actions.scrub(details.seekTime));
}

export interface Described {
  title: string;
  /** Who speaks. */
  artist: string;
  playing: boolean;
  /** Place in a recording; `null` while the show is live and has no length. */
  place: { value_s: number; max_s: number; speed: number } | null;
}

/** What the lock screen shows. */
export function describeToSystem({ title, artist, playing, place }: Described): void {
  const session = navigator.mediaSession;
  if (!session) return;
  session.playbackState = playing ? 'playing' : 'paused';
  if (place && place.max_s > 0) {
    session.setPositionState?.({ duration: place.max_s, position: Math.min(place.value_s, place.max_s), playbackRate: place.speed });
  }
  if (session.metadata?.title === title && session.metadata.artist === artist) return;
  session.metadata = new MediaMetadata({
    title,
    artist,
    artwork: [{ src: '/assets/icons/stentor.svg', type: 'image/svg+xml', sizes: 'any' }],
  });
}
