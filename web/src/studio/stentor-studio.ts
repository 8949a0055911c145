// <stentor-studio>: from the link to the stage. It owns the session, the microphone, the connection and
// the events; the steps show what they say. For tests and the curious, `state` is a read-only snapshot.

import type { StageDocument, StageSession } from '../shared/documents.js';
import { make } from '../shared/dom.js';
import { showOfPath, takeKey } from '../shared/fragment.js';
import { currentLanguage, languageSwitch, loadTexts, type Language, type Texts } from '../shared/language.js';
import { recall } from '../shared/memory.js';
import { ask, Problem } from '../shared/problem.js';
import { Events } from '../shared/sse.js';
import { Microphone, type MicrophoneProblem } from './microphone.js';
import { dropSession, noteMuted, noteOnStage, openSession, storedSession, wasMuted, wasOnStage } from './session.js';
import { StageConnection } from './stageconnection.js';
import { stageStep, type Command, type Stage } from './stageview.js';
import { inviteStep, messageStep, microphoneStep, type Invitation, type MicrophoneCheck, type Step } from './steps.js';

type StepName = 'insecure' | 'no_key' | 'invite' | 'microphone' | 'stage' | 'replaced' | 'left';

/** Levels are drawn this often. */
const DRAW_MS = 60;

export class StentorStudio extends HTMLElement {
  #show = showOfPath();
  #key = takeKey();
  #audio = make('audio', { autoplay: true });
  #texts: Texts | null = null;
  #step: StepName = 'no_key';
  #drawn: Step | null = null;
  #session: StageSession | null = this.#key === null ? storedSession(this.#show, Date.now()) : null;
  #microphone = new Microphone(() => this.#onDevices());
  #connection: StageConnection | null = null;
  #events: Events | null = null;
  #document: StageDocument | null = null;
  #server_ahead_ms = 0;
  #problem = '';
  #micProblem: MicrophoneProblem | null = null;
  #busy = false;
  #muted = false;
  /** The events broke: the first document after that tells whether the connection is still known. */
  #checkAfterBreak = false;

  connectedCallback(): void {
    this.after(this.#audio);
    setInterval(() => this.#drawn?.update(), DRAW_MS);
    window.addEventListener('pagehide', () => this.#connection?.close());
    window.addEventListener('pageshow', (event) => event.persisted && location.reload());
    window.addEventListener('hashchange', () => this.#onNewLink());
    void this.#speak(currentLanguage()).then(() => this.#begin());
  }

  /** What the page knows. */
  get state(): Readonly<Record<string, unknown>> {
    return {
      step: this.#step,
      role: this.#session?.role ?? null,
      connection: this.#connection?.phase ?? null,
      reconnects: this.#connection?.reconnects ?? 0,
      muted: this.#muted,
      level_dbfs: this.#microphone.level_dbfs(),
      hearing: !this.#audio.paused && this.#audio.srcObject !== null,
      problem: this.#problem,
      stage: this.#document,
    };
  }

  // ---- from step to step

  #begin(): void {
    if (!Microphone.available) return this.#go('insecure');
    if (this.#key !== null) return this.#go('invite');
    if (!this.#session) return this.#go('no_key');
    this.#go('microphone');
    this.#muted = wasMuted(this.#show);
    if (wasOnStage(this.#show)) void this.#openMicrophone('').then(() => this.#microphone.track && this.#join());
  }

  #onNewLink(): void {
    const key = takeKey();
    if (key === null) return;
    this.#leave('left');
    this.#key = key;
    this.#session = null;
    this.#begin();
  }

  async #agree(name: string): Promise<void> {
    if (this.#key === null || this.#busy) return;
    this.#busy = true;
    this.#problem = '';
    try {
      this.#session = await openSession(this.#show, this.#key, name);
      this.#key = null;
      this.#busy = false;
      this.#go('microphone');
    } catch (error) {
      this.#busy = false;
      this.#problem = this.#sentence(error);
      this.#drawn?.update();
    }
  }

  async #openMicrophone(device_id: string): Promise<void> {
    this.#micProblem = await this.#microphone.open(device_id);
    const track = this.#microphone.track;
    // Whoever muted themselves stays muted with another microphone, and when they come back.
    if (track) track.enabled = !this.#muted;
    if (track && this.#step === 'stage') await this.#connection?.replace(track);
    this.#drawn?.update();
  }

  /** The microphone in use was unplugged: go on with the default one. */
  #onDevices(): void {
    if (this.#microphone.track?.readyState === 'ended') void this.#openMicrophone('');
    this.#drawn?.update();
  }

  #join(): void {
    const session = this.#session;
    const stream = this.#microphone.stream;
    if (!session || !stream) return;
    this.#problem = '';
    this.#document = null;
    noteOnStage(this.#show, true);
    const connection = new StageConnection(`/${this.#show}/stage`, session.token, this.#audio, () => this.#onConnection());
    this.#connection = connection;
    this.#events = new Events(`/${this.#show}/stage/events`, session.token, {
      opened: () => undefined,
      data: (data) => this.#onEvent(data),
      broke: () => (this.#checkAfterBreak = true),
      refused: (problem) => this.#refused(problem),
    });
    connection.open(stream);
    this.#go('stage');
  }

  /** Closes everything but the session. Leaving never ends a show. */
  #leave(step: 'left' | 'replaced' | 'no_key'): void {
    noteOnStage(this.#show, false);
    this.#events?.close();
    this.#events = null;
    if (step === 'replaced') this.#connection?.forget();
    else this.#connection?.close();
    this.#connection = null;
    this.#audio.srcObject = null;
    this.#microphone.close();
    this.#go(step);
  }

  async #return(): Promise<void> {
    this.#go('microphone');
    await this.#openMicrophone('');
    if (this.#microphone.track) this.#join();
  }

  // ---- what comes from the server

  #onEvent(data: string): void {
    let document: StageDocument;
    try {
      document = JSON.parse(data) as StageDocument;
    } catch {
      return;
    }
    this.#document = document;
    this.#server_ahead_ms = document.now - Date.now();
    const elsewhere = document.session != null && this.#connection?.replacedBy(document.session);
    if (document.replaced || elsewhere) return this.#leave('replaced');
    this.#renewIfForgotten(document);
    this.#drawn?.update();
  }

  /** A server that restarted does not know the old connection: ICE would notice seconds later. */
  #renewIfForgotten(document: StageDocument): void {
    if (!this.#checkAfterBreak) return;
    this.#checkAfterBreak = false;
    const me = document.people.find((person) => person.id === document.you);
    const stream = this.#microphone.stream;
    if (me?.connected || !stream || this.#connection?.phase !== 'connected') return;
    this.#connection.reconnects += 1;
    this.#connection.open(stream);
  }

  #onConnection(): void {
    const connection = this.#connection;
    if (connection?.phase === 'refused' && connection.problem) this.#refused(connection.problem);
    this.#drawn?.update();
  }

  #refused(problem: Problem): void {
    const sentence = this.#sentence(problem);
    // An ended show closes the stage, a revoked key closes the session; both say why.
    if (problem.status === 401 || problem.status === 403) {
      dropSession(this.#show);
      this.#session = null;
    }
    this.#problem = sentence;
    this.#leave(this.#session ? 'left' : 'no_key');
  }

  async #command(command: Command): Promise<void> {
    if (!this.#session) return;
    try {
      await ask(`/${this.#show}/stage/command`, { method: 'POST', token: this.#session.token, json: { command } });
      this.#problem = '';
    } catch (error) {
      this.#problem = this.#sentence(error);
    }
    this.#drawn?.update();
  }

  #sentence(error: unknown): string {
    const silence = this.#texts?.studio.silence ?? '';
    return error instanceof Problem ? error.sentence(silence) : silence;
  }

  // ---- drawing

  async #speak(language: Language): Promise<void> {
    this.#texts = await loadTexts(language);
    if (this.isConnected && this.#drawn) this.#go(this.#step);
  }

  #go(step: StepName): void {
    const texts = this.#texts;
    if (!texts) return;
    const moved = this.#step !== step;
    this.#step = step;
    this.#drawn = this.#make(step, texts);
    const changed = (language: Language): void => void this.#speak(language);
    const language = texts.language as Language;
    const top = make('header', {}, make('p', { class: 'state' }, texts.studio.title), languageSwitch(language, changed));
    this.replaceChildren(top, make('main', { tabindex: -1 }, this.#drawn.root));
    if (moved) this.querySelector('main')?.focus();
    document.title = `${texts.studio.title} · ${this.#session?.title ?? this.#show}`;
  }

  #make(step: StepName, texts: Texts): Step {
    const t = texts.studio;
    const back = { label: t.rejoin, pressed: () => void this.#return() };
    switch (step) {
      case 'insecure':
        return messageStep(t.insecure, t.insecureWhy);
      case 'no_key':
        return messageStep(t.title, this.#problem ? `${this.#problem} ${t.noKey}` : t.noKey);
      case 'invite':
        return inviteStep(texts, this.#invitation());
      case 'microphone':
        return microphoneStep(texts, this.#check());
      case 'stage':
        return stageStep(texts, this.#stage(texts));
      case 'replaced':
        return messageStep(t.title, t.replaced, { ...back, label: t.takeBack });
      case 'left':
        return messageStep(t.title, this.#problem || t.leftText, back);
    }
  }

  #invitation(): Invitation {
    const page = this;
    return {
      name: recall<string>('name') ?? '',
      get busy() { return page.#busy; },
      get problem() { return page.#problem; },
      agreed: (name) => void page.#agree(name),
    };
  }

  #check(): MicrophoneCheck {
    const page = this;
    return {
      get open() { return page.#microphone.stream !== null; },
      get problem() { return page.#micProblem; },
      get devices() { return page.#microphone.devices.map((d) => ({ id: d.deviceId, label: d.label })); },
      get device_id() { return page.#microphone.device_id; },
      get level_dbfs() { return page.#microphone.level_dbfs(); },
      choose: (device_id) => void page.#openMicrophone(device_id),
      join: () => page.#join(),
    };
  }

  #stage(texts: Texts): Stage {
    const page = this;
    return {
      get session() { return page.#session!; },
      get document() { return page.#document; },
      get now() { return Date.now() + page.#server_ahead_ms; },
      get connection() { return page.#connectionText(texts); },
      get connected() { return page.#connection?.phase === 'connected'; },
      get blocked() { return page.#connection?.blocked ?? false; },
      get muted() { return page.#muted; },
      get level_dbfs() { return page.#microphone.level_dbfs(); },
      get problem() { return page.#problem; },
      mute: (muted) => page.#mute(muted),
      command: (command) => void page.#command(command),
      hear: () => page.#connection?.hear(),
      leave: () => page.#leave('left'),
    };
  }

  #mute(muted: boolean): void {
    this.#muted = muted;
    noteMuted(this.#show, muted);
    const track = this.#microphone.track;
    if (track) track.enabled = !muted;
    this.#drawn?.update();
  }

  #connectionText(texts: Texts): string {
    const connection = this.#connection;
    if (connection?.phase === 'connected') return texts.studio.connected;
    if (connection?.retry_at == null) return texts.studio.connecting;
    return texts.studio.reconnecting(Math.max(0, Math.ceil((connection.retry_at - Date.now()) / 1000)));
  }
}

customElements.define('stentor-studio', StentorStudio);
