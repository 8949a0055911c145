// From a link's key to a session of this device, which outlives reloads and restarts of the server.

import type { StageSession } from './documents.js';
import { forget, recall, remember } from '../shared/memory.js';
import { ask } from '../shared/problem.js';

/** The notice in the texts `invitation.notice` and `invitation.noticeText`; the server keeps which one was agreed to. */
export const CONSENT_NOTICE_VERSION = '2026-11';

/** The same with `invitation.ownTracks` behind it, for shows that keep each voice in a track of its own. */
export const CONSENT_NOTICE_OWN_TRACKS = '2026-11-own-tracks';

/** Exchanges the key. Only called by the click that agrees, to the notice that was shown. */
export async function openSession(show: string, key: string, name: string, own_tracks: boolean): Promise<StageSession> {
  const json = { name, consent: own_tracks ? CONSENT_NOTICE_OWN_TRACKS : CONSENT_NOTICE_VERSION };
  const session = await ask<StageSession>(`/${show}/session`, { method: 'POST', token: key, json });
  remember(`studio.${show}`, session);
  remember('name', session.name);
  return session;
}

/** The session of this device, if it ever had one. Whether it is still good is for the server to say: a phone's clock may be wrong. */
export function storedSession(show: string): StageSession | null {
  const session = recall<StageSession>(`studio.${show}`);
  return session?.token ? session : null;
}

export function dropSession(show: string): void {
  forget(`studio.${show}`);
}

/** Whether this tab was on the stage: then a reload returns there without a press. */
export function wasOnStage(show: string): boolean {
  try {
    return sessionStorage.getItem(`stentor.stage.${show}`) === '1';
  } catch {
    return false;
  }
}

/** Whether this tab was muted before it was reloaded: nobody's microphone opens by a reload. */
export function wasMuted(show: string): boolean {
  try {
    return sessionStorage.getItem(`stentor.muted.${show}`) === '1';
  } catch {
    return false;
  }
}

export function noteMuted(show: string, muted: boolean): void {
  try {
    if (muted) sessionStorage.setItem(`stentor.muted.${show}`, '1');
    else sessionStorage.removeItem(`stentor.muted.${show}`);
  } catch {
    // Without storage a reload forgets it.
  }
}

export function noteOnStage(show: string, onStage: boolean): void {
  try {
    if (onStage) sessionStorage.setItem(`stentor.stage.${show}`, '1');
    else sessionStorage.removeItem(`stentor.stage.${show}`);
  } catch {
    // Without storage a reload asks again.
  }
}
