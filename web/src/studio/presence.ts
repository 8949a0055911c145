// One person's presence on the stage from this page: the connection, the events, what is asked of the stage.

import { ask, Problem, unreachable } from '../shared/problem.js';
import { Events } from '../shared/sse.js';
import { factsOf, gradeLine, type Counted, type LineFinding } from './check/line.js';
import type { Verdict } from './check/verdict.js';
import { meIn, type Order, type StageDocument, type StagePerson, type StageSession } from './documents.js';
import type { Microphone } from './microphone.js';
import { MuteWish } from './mutewish.js';
import { isPast } from './notices.js';
import { noteMuted } from './session.js';
import { StageConnection } from './stageconnection.js';
import { standpointOf, type Standpoint } from './standing.js';

/** The connection's own counts are read this often: 100 packets, of which one is 1 %. */
const STATS_MS = 2_000;

export interface PresenceEvents {
  changed(): void;
  /** The link is used elsewhere now. */
  replaced(): void;
  /** Somebody took this person off the stage; they may come again. */
  removed(): void;
  /** The show is over for good. */
  over(): void;
  /** The stage is closed to this session, and says why. */
  refused(problem: Problem): void;
}

export class Presence {
  /** The newest event; `null` until the first. */
  document: StageDocument | null = null;
  /** What the stage answered to the last order that it did not follow. */
  problem: Problem | null = null;
  /** What the connection itself counts; `null` until it has. */
  line: Verdict<LineFinding> | null = null;
  readonly connection: StageConnection;
  #events: Events;
  #mute: MuteWish;
  #noted: boolean | null = null;
  #problem_ms = 0;
  #server_ahead_ms = 0;
  #was_connected = false;
  #counted: Counted = { lost: 0, received: 0 };
  #stats_timer: ReturnType<typeof setInterval>;

  /** `muted` is how this tab was before a reload: nobody's microphone opens by a reload. */
  constructor(
    readonly session: StageSession,
    readonly microphone: Microphone,
    audio: HTMLAudioElement,
    muted: boolean,
    readonly on: PresenceEvents,
  ) {
    this.#mute = new MuteWish(muted);
    this.connection = new StageConnection(`/${session.show}/stage`, session.token, audio, () => this.#onConnection());
    this.#events = new Events(`/${session.show}/stage/events`, session.token, {
      data: (data) => this.#onEvent(data),
      refused: (problem) => this.on.refused(problem),
    });
    this.#stats_timer = setInterval(() => void this.#measureLine(), STATS_MS);
    this.#applyMute();
    if (microphone.stream) this.connection.open(microphone.stream);
  }

  get me(): StagePerson | null {
    return meIn(this.document);
  }

  /** Unix time of the server. */
  get now(): number {
    return Date.now() + this.#server_ahead_ms;
  }

  get muted(): boolean {
    return this.#mute.muted;
  }

  /** Somebody else muted this microphone. */
  get muted_by_other(): boolean {
    return this.#mute.by_other && this.#mute.muted;
  }

  get standpoint(): Standpoint {
    return standpointOf({
      document: this.document,
      connection: this.connection.phase,
      was_connected: this.#was_connected,
      microphone_works: this.microphone.state === 'open',
      muted: this.muted,
    });
  }

  mute(muted: boolean): void {
    this.#mute.want(muted);
    this.#applyMute();
    this.#askForMute();
    this.on.changed();
  }

  /** Asks the stage for something; `null` when it was refused, and `problem` says why. */
  async order<T = unknown>(order: Order): Promise<T | null> {
    const answer = await this.#ask<T>(order);
    return answer instanceof Problem ? null : answer;
  }

  /** The same, with this order's own problem: another may be asked for meanwhile. */
  async #ask<T = unknown>(order: Order): Promise<T | Problem> {
    const { show, token } = this.session;
    this.problem = null;
    try {
      return await ask<T>(`/${show}/stage/command`, { method: 'POST', token, json: order });
    } catch (error) {
      const problem = error instanceof Problem ? error : unreachable();
      this.problem = problem;
      this.#problem_ms = performance.now();
      return problem;
    } finally {
      this.on.changed();
    }
  }

  /** Another microphone, without a new connection. */
  async microphoneChanged(): Promise<void> {
    this.#applyMute();
    const { stream } = this.microphone;
    if (stream) await this.connection.replace(stream);
  }

  /** Leaves the stage, which never ends a show. `told` is whether the server is to hear of it. */
  close(told: boolean): void {
    clearInterval(this.#stats_timer);
    this.#events.close();
    if (told) this.connection.close();
    else this.connection.forget();
  }

  #onEvent(data: string): void {
    let document: StageDocument;
    try {
      document = JSON.parse(data) as StageDocument;
    } catch {
      return;
    }
    this.document = document;
    if (this.problem && isPast(this.problem, performance.now() - this.#problem_ms)) this.problem = null;
    this.#server_ahead_ms = document.now - Date.now();
    if (document.phase === 'ended') return this.on.over();
    if (document.session !== null && this.connection.replacedBy(document.session)) {
      if (!this.connection.replacedByItself()) return this.on.replaced();
      this.#renew();
    }
    if (document.removed_session !== null && this.connection.isOf(document.removed_session)) return this.on.removed();
    // A server that restarted, or that heard nothing for long, has no such connection: ICE would notice seconds later.
    if (document.session === null && this.connection.settled) this.#renew();
    this.#askForMute();
    this.#applyMute();
    this.on.changed();
  }

  #renew(): void {
    const { stream } = this.microphone;
    if (!stream) return;
    this.connection.reconnects += 1;
    this.connection.open(stream);
  }

  #onConnection(): void {
    const { phase, problem } = this.connection;
    if (phase === 'connected') this.#was_connected = true;
    else this.line = null;
    if (phase === 'refused' && problem) this.on.refused(problem);
    else this.on.changed();
  }

  #askForMute(): void {
    const { me } = this;
    const muted = me && this.#mute.hear(me.muted, performance.now());
    if (!me || muted === null) return;
    void this.#ask({ command: 'mute', person: me.id, muted }).then((answer) => {
      if (answer instanceof Problem && !answer.unreachable) this.#mute.refused();
      this.#applyMute();
    });
  }

  #applyMute(): void {
    const { track } = this.microphone;
    if (track) track.enabled = !this.muted;
    if (this.#noted === this.muted) return;
    this.#noted = this.muted;
    noteMuted(this.session.show, this.muted);
  }

  async #measureLine(): Promise<void> {
    if (this.connection.phase !== 'connected') return;
    const { facts, counted } = factsOf(await this.connection.stats(), this.#counted);
    this.#counted = counted;
    if (this.connection.phase === 'connected') this.line = gradeLine(facts);
  }
}
