// What the stage door says and takes, as docs/reference/http.md states it. Names that end in `_at` are Unix
// milliseconds, names that end in `_s` are seconds. Unknown fields and unknown warnings are ignored.

import type { Phase, Role, SlateReason } from '../shared/documents.js';

/** `POST /{show}/session`. */
export interface StageSession {
  token: string;
  expires_at: number;
  role: Role;
  name: string;
  show: string;
  title: string;
  listen_url: string;
}

/** Where a person is heard: in the programme, or by those who are backstage as well. */
export type Place = 'on_air' | 'backstage';

/** How a person's sound came over the network during the last seconds. */
export type Line = 'good' | 'fair' | 'poor';

export interface StagePerson {
  id: number;
  name: string;
  role: Role;
  connected: boolean;
  path: 'udp' | 'tcp' | null;
  level_dbfs: number | null;
  /** Talking, wherever they are heard. */
  talking: boolean;
  place: Place;
  muted: boolean;
  noise_suppression: boolean;
  /** What the mixer says of the person's sound; `null` as long as it has said nothing. */
  line: Line | null;
  warnings: string[];
}

/** A listener's request to speak, as those see it who may answer. */
export interface StageHand {
  id: number;
  name: string;
  note: string | null;
  waited_s: number;
}

/** One event of `GET /{show}/stage/events`: the whole state of the stage. */
export interface StageDocument {
  phase: Phase;
  now: number;
  title: string;
  on_air_at: number | null;
  undo_until: number | null;
  you: number;
  slate: SlateReason | null;
  people: StagePerson[];
  listeners: number | null;
  /** The connection that holds this link's place on the stage; its `Location` ends with it. */
  session: string | null;
  /** The connection that somebody took off the stage, until this person comes again. */
  removed_session: string | null;
  warnings: string[];
  /** How much later listeners hear the stage; 0 without a broadcast delay. */
  delay_s: number;
  hands_open: boolean;
  /** For those only who may answer them. */
  hands?: StageHand[];
  message: { stage: string | null; everyone: string | null };
}

/** What `POST /{show}/stage/command` takes. */
export type Order =
  | { command: 'live' | 'end' | 'undo' | 'dump' }
  | { command: 'mute'; person: number; muted: boolean }
  | { command: 'place'; person: number; place: Place }
  | { command: 'noise_suppression'; person: number; on: boolean }
  | { command: 'remove' | 'revoke'; person: number }
  | { command: 'say'; to: 'stage' | 'everyone'; text: string }
  | { command: 'hands'; open: boolean }
  | { command: 'hand'; hand: number; answer: 'yes' | 'no' }
  | { command: 'invite'; role: Role; label: string; enters: Place };

/** The answer to an invitation. */
export interface Invited {
  link: { url: string };
}

/** The person whose page this is. */
export function meIn(document: StageDocument | null): StagePerson | null {
  return document?.people.find((person) => person.id === document.you) ?? null;
}
