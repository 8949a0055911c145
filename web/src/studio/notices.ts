// What a person on the stage has to be told now, the most urgent first.

import type { StageDocument } from './documents.js';
import { meIn } from './documents.js';
import type { MicrophoneProblem, MicrophoneState } from './microphone.js';
import type { Problem } from '../shared/problem.js';

/** From the second try that led nowhere on, waiting alone is not what helps. */
const FAILURES_TOLD = 2;

/** Long enough to be read; the sentence about silence is untrue once the stage speaks again. */
const SILENCE_TOLD_MS = 5_000;
const REFUSAL_TOLD_MS = 20_000;

export type Notice =
  /** The browser wants a press before it lets the others be heard. */
  | { kind: 'blocked' }
  /** The stage did not take the connection, and says why. */
  | { kind: 'refused'; problem: Problem }
  /** Nobody answers the offer of a connection. */
  | { kind: 'server_silent' }
  /** The stage answered, and no sound came through. */
  | { kind: 'no_way' }
  /** No sound of a microphone; `problem` is why opening it again did not work. */
  | { kind: 'microphone_lost'; problem: MicrophoneProblem | null }
  | { kind: 'microphone_taken' }
  | { kind: 'muted_by_other' }
  /** The show is on air and everybody is backstage or gone. */
  | { kind: 'nobody_on_air' }
  /** Something is wrong with one's own sound. */
  | { kind: 'mine'; warning: string }
  /** Something is wrong with the show itself. */
  | { kind: 'show'; warning: string };

/** What became of the tries to connect. */
export interface Tries {
  /** How many in a row led to no connection. */
  readonly failures: number;
  /** Why the last one failed, where that is known. */
  readonly problem: Problem | null;
}

export interface Signs {
  document: StageDocument | null;
  connection: Tries;
  blocked: boolean;
  microphone: MicrophoneState;
  microphone_problem: MicrophoneProblem | null;
  muted: boolean;
  muted_by_other: boolean;
}

export function noticesOf({ document, connection, blocked, microphone, microphone_problem, muted, muted_by_other }: Signs): Notice[] {
  const notices = noticesOfTries(connection);
  if (microphone === 'lost') notices.push({ kind: 'microphone_lost', problem: microphone_problem });
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

function noticesOfTries({ failures, problem }: Tries): Notice[] {
  if (problem && !problem.unreachable) return [{ kind: 'refused', problem }];
  if (failures < FAILURES_TOLD) return [];
  return [{ kind: problem ? 'server_silent' : 'no_way' }];
}

/** Whether the stage, which speaks, need no longer be blamed for an order that it did not follow so long ago. */
export function isPast(problem: Problem, told_ms: number): boolean {
  return told_ms >= (problem.unreachable ? SILENCE_TOLD_MS : REFUSAL_TOLD_MS);
}
