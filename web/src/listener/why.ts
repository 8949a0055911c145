// "Why can't I hear?": from what was found on the way of the sound to one line a step. Pure. The way goes from the
// server to the ear; each step says what was found and, where something is wrong, what to do.

import type { StatusDocument } from '../shared/documents.js';
import type { AllTexts } from './texts.js';
import type { Problem } from '../shared/problem.js';
import type { PlayerPhase } from '../player/state.js';
import { slateText } from './situation.js';

/** What was found; `null` while it was not looked at yet. */
export interface Findings {
  /** The browser believes that there is a network. */
  online: boolean;
  server: { answered_ms: number } | { problem: Problem } | null;
  status: StatusDocument | null;
  /** Nothing sounds before the doors and while the recording is made. */
  sounds: boolean;
  /** Where seats are short: the page is inside, where no other stream can be had, or it waits for a seat. */
  gate: 'inside' | 'waiting' | null;
  /** A stream of this check's own, apart from the one that plays. */
  stream: { bytes: number; bytes_per_s: number; due_bytes_per_s: number } | { problem: Problem } | null;
  /** What this browser made of the stream's sound: its level, or that it made nothing. */
  decoded: { level_dbfs: number } | 'failed' | null;
  /** The page's own player. */
  player: { phase: PlayerPhase | 'paused'; moves: boolean } | null;
  volume: { muted: boolean; level: number } | null;
  /** Level of what leaves the player, where the browser lets it be measured. */
  leaving_dbfs: number | 'unknown' | null;
  /** The sound output of this device takes sound. */
  output: 'runs' | 'stuck' | 'unknown' | null;
}

export const STEPS = ['server', 'show', 'stream', 'arriving', 'decoder', 'programme', 'player', 'volume', 'leaving', 'output'] as const;
export type StepName = (typeof STEPS)[number];
/** skipped: an earlier step makes it meaningless, or this browser cannot tell. */
export type Verdict = 'checking' | 'good' | 'note' | 'bad' | 'skipped';
export type Mend = 'listen' | 'unmute' | 'louder' | null;

export interface Step {
  name: StepName;
  verdict: Verdict;
  result: string;
  /** A press that mends it. */
  mend: Mend;
}

/** Quieter than this nobody hears; the hold sound of a slate is louder. */
const SILENT_DBFS = -60;
/** A volume below this is nearly off. */
const QUIET_VOLUME = 0.15;
/** Less than this share of what the sound needs, and it stutters. The check is short: a full share would be too strict. */
const ENOUGH = 0.7;

export function stepsOf(found: Findings, texts: AllTexts): Step[] {
  const steps = STEPS.map((name) => ({ name, ...JUDGES[name](found, texts) }));
  const broken = steps.findIndex((step) => step.verdict === 'bad' && LATER_DEPEND.has(step.name));
  if (broken < 0) return steps;
  // What lies behind a break in the way of the sound cannot be judged.
  return steps.map((step, i) => (i > broken && THROUGH_SERVER.has(step.name) ? { ...step, ...skipped() } : step));
}

/** The first thing that is wrong, else what is worth knowing, else that all is well. `null` while it is being looked at. */
export function conclusionOf(steps: readonly Step[], texts: AllTexts): string | null {
  const t = texts.why;
  if (steps.some((step) => step.verdict === 'checking')) return null;
  const found = steps.find((step) => step.verdict === 'bad') ?? steps.find((step) => step.verdict === 'note');
  return found ? t.found(found.result) : t.allGood;
}

type Judged = Omit<Step, 'name'>;
type Judge = (found: Findings, texts: AllTexts) => Judged;

const LATER_DEPEND: ReadonlySet<StepName> = new Set(['server', 'stream', 'arriving']);
const THROUGH_SERVER: ReadonlySet<StepName> = new Set(['show', 'stream', 'arriving', 'decoder', 'programme']);

const checking = (): Judged => ({ verdict: 'checking', result: '', mend: null });
const skipped = (): Judged => ({ verdict: 'skipped', result: '', mend: null });
const good = (result: string): Judged => ({ verdict: 'good', result, mend: null });
const note = (result: string): Judged => ({ verdict: 'note', result, mend: null });
const bad = (result: string, mend: Mend = null): Judged => ({ verdict: 'bad', result, mend });

const JUDGES: Readonly<Record<StepName, Judge>> = {
  server({ server, online }, { why: t, refusals }) {
    if (server === null) return checking();
    if ('answered_ms' in server) return good(t.serverGood(Math.round(server.answered_ms)));
    if (!server.problem.unreachable) return bad(server.problem.sentence('', refusals));
    return bad(online ? t.serverSilent : t.offline);
  },

  show({ status, server, gate }, texts) {
    const t = texts.why;
    if (server === null) return checking();
    if (status === null) return skipped();
    if (status.phase === 'announced') return note(t.showClosed);
    if (status.phase === 'ended') return status.recording.ready ? good(t.showRecorded) : note(status.recording.missing ? texts.listener.unrecorded : texts.listener.preparing);
    if (gate === 'waiting') return note(t.showFull);
    if (status.phase === 'on_air' && status.slate === null) return good(t.showOnAir);
    return note(slateText(status.slate, texts) || t.showOnAir);
  },

  stream({ stream, sounds, gate }, { why: t, refusals }) {
    if (!sounds || gate) return skipped();
    if (stream === null) return checking();
    if (!('problem' in stream)) return good(t.streamGood);
    return bad(stream.problem.sentence(t.streamSilent, refusals));
  },

  arriving({ stream, sounds, gate }, { why: t, language }) {
    if (!sounds || gate) return skipped();
    if (stream === null) return checking();
    if ('problem' in stream) return skipped();
    const kb_per_s = (stream.bytes_per_s / 1000).toLocaleString(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
    if (stream.bytes === 0) return bad(t.arrivingNothing);
    return stream.bytes_per_s < ENOUGH * stream.due_bytes_per_s ? bad(t.arrivingSlow(kb_per_s)) : good(t.arrivingGood(kb_per_s));
  },

  decoder({ decoded, sounds, gate }, { why: t }) {
    if (!sounds || gate) return skipped();
    if (decoded === null) return checking();
    return decoded === 'failed' ? bad(t.decoderBad) : good(t.decoderGood);
  },

  programme({ decoded, status, sounds, gate }, { why: t }) {
    if (!sounds || gate || decoded === 'failed') return skipped();
    if (decoded === null) return checking();
    if (decoded.level_dbfs < SILENT_DBFS) return note(t.programmeSilent);
    return status?.phase !== 'ended' && status?.slate ? note(t.programmeSlate) : good(t.programmeGood(levelText(decoded.level_dbfs)));
  },

  player({ player, sounds }, { why: t }) {
    if (player === null) return checking();
    if (!sounds) return skipped();
    const { phase, moves } = player;
    // It does what it should: it keeps the page's place and says when it is called.
    if (phase === 'in_line') return skipped();
    if (phase === 'blocked') return bad(t.playerBlocked, 'listen');
    if (phase === 'stopped' || phase === 'ended' || phase === 'failed') return bad(t.playerStopped, 'listen');
    if (phase === 'paused') return bad(t.playerPaused, 'listen');
    return moves ? good(t.playerGood) : bad(t.playerStuck);
  },

  volume({ volume }, { why: t }) {
    if (volume === null) return checking();
    if (volume.muted) return bad(t.volumeMuted, 'unmute');
    const percent = Math.round(volume.level * 100);
    return volume.level < QUIET_VOLUME ? bad(t.volumeLow(percent), 'louder') : good(t.volumeGood(percent));
  },

  leaving({ leaving_dbfs, decoded, player, gate }, { why: t }) {
    if (leaving_dbfs === null) return checking();
    if (leaving_dbfs === 'unknown' || !player?.moves) return skipped();
    if (leaving_dbfs >= SILENT_DBFS) return good(t.leavingGood);
    // Without a stream beside the player's nobody knows whether there should be sound.
    if (gate) return skipped();
    const programmeSounds = decoded !== null && decoded !== 'failed' && decoded.level_dbfs >= SILENT_DBFS;
    return programmeSounds ? bad(t.leavingSilent) : note(t.programmeSilent);
  },

  output({ output }, { why: t }) {
    if (output === null) return checking();
    if (output === 'stuck') return bad(t.outputStuck);
    return output === 'runs' ? good(t.outputGood) : skipped();
  },
};

/** `−23 dB`, with a true minus sign: a hyphen is read out as none, and breaks off its line. */
function levelText(dbfs: number): string {
  return `${Math.round(dbfs)} dB`.replace('-', '\u2212');
}
