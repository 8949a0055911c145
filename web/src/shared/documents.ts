// The documents the doors answer with, as docs/reference/http.md and ARCHITECTURE.md state them; those of the
// stage are in studio/documents.ts.
// Names that end in `_at` are Unix milliseconds, names that end in `_s` are seconds; `_at_s` are
// seconds on the media clock of the show. Unknown fields and unknown kinds of marks are ignored.

export type Phase = 'announced' | 'doors' | 'on_air' | 'ending' | 'ended';
export type SlateReason = 'not_started' | 'nobody_connected' | 'ended' | 'dumped' | 'interrupted';
export type Role = 'host' | 'co_host' | 'speaker';

export interface Mark {
  at_s: number;
  kind: string;
  names?: string[];
  reason?: SlateReason;
  title?: string;
}

/** `GET /{show}/marks`. */
export interface MarksDocument {
  version: number;
  marks: Mark[];
}

/** `GET /{show}/status`, schema version 1. */
export interface StatusDocument {
  version: number;
  show: string;
  title: string;
  language: string;
  channels: 'mono' | 'stereo';
  phase: Phase;
  now: number;
  starts_at: number | null;
  doors_at: number | null;
  anchor: number | null;
  on_air_at_s: number | null;
  live_at_s: number | null;
  ended_at_s: number | null;
  slate: SlateReason | null;
  speaking: string[];
  people: string[];
  marks: Mark[];
  renditions: string[];
  /** `aac` is null on a server without AAC. */
  live: { mp4: string; ogg: string; aac: string | null; hls: string };
  recording: { ready: boolean; /** There will be none. */ missing: boolean; m4a: string | null; opus: string; hls: string; duration_s: number | null };
  undo_until: number | null;
  poll_after_s: number;
  listeners: number | null;
  pages: { imprint: string | null; privacy: string | null };
  /** Listeners may raise a hand now. */
  hands_open?: boolean;
  /** The host's words to everybody. */
  message?: string | null;
  /** From the announcement until the end is final. */
  gate?: Gate;
}

/** What everybody is shown of the gate, from which each page works out where it stands (listener/gate.ts). */
export interface Gate {
  /** A stream needs no ticket now; before the doors there is none. */
  open: boolean;
  seats: number;
  /** Who stands in line, in all lanes. */
  waiting: number;
  /** Names this gate: SHA-256 of the seed of its draw. */
  commitment: string;
  /** `null` before the doors. */
  draw: { seed: string; public_value: string; key: string } | null;
  /** In the order in which they move. */
  lanes: GateLane[];
  /** How many serials from each of `lost` on were perhaps lost. */
  lost_serials: number;
  /** How many more have to leave than there are seats to give. */
  over: number;
  /** How many of the kept seats become free in each `frees_step_s` from now on. */
  frees: number[];
  frees_step_s: number;
  leave_per_s: number | null;
}

export interface GateLane {
  /** Whoever of this lane has an earlier turn was called. */
  bound: Omit<Turn, 'lane'>;
  /** First cohort, last cohort, how many of them wait. */
  groups: [number, number, number][];
  /** How many are next in any case. */
  late: number;
  lost: number[];
}

/** A place in the whole line: the less the earlier, by lane, cohort, rank, serial. */
export interface Turn {
  lane: number;
  cohort: number;
  rank: number;
  serial: number;
}

/** `POST /{show}/ticket`. */
export interface TakenTicket {
  ticket: string;
}

/** `POST /{show}/claim`. */
export type ClaimAnswer = { state: 'called' } | { state: 'waiting'; turn: Turn | null };

/** `POST /{show}/hand`: the hand that only this page knows. */
export interface RaisedHand {
  token: string;
  place: number;
}

/** `GET /{show}/hand/{token}`. */
export type HandAnswer =
  | { state: 'waiting'; place: number }
  | { state: 'accepted'; studio_url: string }
  | { state: 'declined' };

/** `GET /` with `Accept: application/json`. */
export interface ShowsDocument {
  shows: { id: string; title: string; phase: Phase; starts_at: number | null }[];
}

export interface DeskLink {
  id: string | number;
  role: Role;
  label: string | null;
  url: string | null;
  expires_at: number | null;
  revoked: boolean;
}

/** `GET /api/v1/shows/{show}`. */
export interface DeskShow {
  id: string;
  title: string;
  language: string;
  channels: string;
  phase: Phase;
  starts_at: number | null;
  doors_at: number | null;
  on_air_at: number | null;
  ended_at: number | null;
  undo_until: number | null;
  listeners: number | null;
  listen_url: string;
  replay_url: string | null;
  links: DeskLink[];
  tape: { chunks: number; holes: number; bytes: number; disk: 'ok' | 'failed' | 'full' | 'slow' } | null;
}
