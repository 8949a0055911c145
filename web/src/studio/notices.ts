// What a person on the stage has to be told now, the most urgent first.

import type { StageDocument } from './documents.js';
import { meIn } from './documents.js';
import type { MicrophoneState } from './microphone.js';

export type Notice =
  /** The browser wants a press before it lets the others be heard. */
  | { kind: 'blocked' }
  | { kind: 'microphone_lost' }
  | { kind: 'microphone_taken' }
  | { kind: 'muted_by_other' }
  /** The show is on air and everybody is backstage or gone. */
  | { kind: 'nobody_on_air' }
  /** Something is wrong with one's own sound. */
  | { kind: 'mine'; warning: string }
  /** Something is wrong with the show itself. */
  | { kind: 'show'; warning: string };

export interface Signs {
  document: StageDocument | null;
  blocked: boolean;
  microphone: MicrophoneState;
  muted: boolean;
  muted_by_other: boolean;
}

export function noticesOf({ document, blocked, microphone, muted, muted_by_other }: Signs): Notice[] {
  const notices: Notice[] = [];
  if (microphone === 'lost') notices.push({ kind: 'microphone_lost' });
  if (microphone === 'taken') notices.push({ kind: 'microphone_taken' });
  if (blocked) notices.push({ kind: 'blocked' });
  if (document?.phase === 'on_air' && document.slate === 'nobody_connected') notices.push({ kind: 'nobody_on_air' });
  for (const warning of document?.warnings ?? []) notices.push({ kind: 'show', warning });
  if (muted_by_other) notices.push({ kind: 'muted_by_other' });
  for (const warning of meIn(document)?.warnings ?? []) {
    // Whoever is muted, or has no microphone just now, is silent for a reason that is said already.
    if (warning === 'silent' && (muted || microphone !== 'open')) continue;
    notices.push({ kind: 'mine', warning });
  }
  return notices;
}
