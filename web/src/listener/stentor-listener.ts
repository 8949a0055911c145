// <stentor-listener>: the page of a show, before, during and after it. It owns the one <audio>, the
// player and the status; the view shows what it says. State goes down as a Model, presses come up as Actions.
//
// For tests and the curious, `state` is a read-only snapshot of what the page knows.

import { currentLanguage, languageSwitch, type Language } from '../shared/language.js';
import { recall, remember } from '../shared/memory.js';
import { showOfPath } from '../shared/fragment.js';
import { make } from '../shared/dom.js';
import { loadPlayer, modeOf, type PlayerMaker } from '../player/choose.js';
import { FREE_ENTRY, initialState, KBPS_DEFAULT, type LivePlayer, type PlayerState } from '../player/state.js';
import { momentLink, momentOf } from '../shared/moment.js';
import { copyText } from '../shared/dom.js';
import { clockText } from '../shared/timetext.js';
import { Extras } from './extras.js';
import { announceToSystem, describeToSystem } from './mediasession.js';
import { modelOf } from './model.js';
import type { Replay } from './replay.js';
import { NO_REPLAY, type ReplayState } from './replaystate.js';
import { keepThisPage } from './shell.js';
import { StatusPoll } from './statuspoll.js';
import { loadTexts, loadWaitingTexts } from './texts.js';
import { View, type Actions, type Model } from './view.js';
import type { WaitingRoom } from './waitingroom.js';

/** Nearer to live than this, "forward" means live. */
const LIVE_S = 1;

export class StentorListener extends HTMLElement implements Actions {
  #audio = make('audio');
  #show = showOfPath();
  #poll = new StatusPoll(this.#show, () => this.#heard());
  #player: LivePlayer | null = null;
  /** Here before the view, and so before any press. */
  #makePlayer: PlayerMaker | null = null;
  #room: WaitingRoom | null = null;
  #roomAsked = false;
  /** A part did not come, and that was said. */
  #partMissing = false;
  /** What the gate was last told of the player. */
  #told = '';
  readonly #idle = initialState(modeOf(this.#audio), false);
  #replay: Replay | null = null;
  /** Loaded when there is a recording. */
  #makeReplay: typeof Replay | null = null;
  #view: View | null = null;
  #close = recall<boolean>('close') ?? false;
  #kbps = recall<number>('kbps') ?? KBPS_DEFAULT;
  #title = recall<KnownTitle>('title');
  /** Second of the show that the link asks for, until it is heard. */
  #moment_s = momentOf(location.hash);
  #extras = new Extras(
    { show: this.#show, audio: this.#audio, player: () => this.#playerState, replay: () => this.#replay !== null },
    { listen: () => this.play(), scrub: (show_s) => this.scrub(show_s), changed: () => this.#draw() },
  );
  /** The frame that draws next; 0 while nothing waits to be drawn, and when the page is hidden. */
  #frame = 0;
  #drawing = false;
  #described = false;
  #streamOver = false;

  connectedCallback(): void {
    this.after(this.#audio);
    keepThisPage();
    window.addEventListener('hashchange', () => this.#onMoment());
    // A hidden page gets no frames: what waits for one is drawn at once.
    document.addEventListener('visibilitychange', () => {
      if (!this.#drawing) return;
      cancelAnimationFrame(this.#frame);
      this.#drawing = false;
      this.#draw();
    });
    announceToSystem(this, () => this.#model()?.canMove ?? false);
    void this.#speak(currentLanguage());
    void this.#poll.soon();
    setInterval(() => this.#draw(), 1000);
  }

  /** What the page knows: the player's state, and the show as it is heard. */
  get state(): Readonly<Record<string, unknown>> {
    const model = this.#model();
    return {
      ...this.#playerState,
      show_phase: this.#poll.status?.phase ?? null,
      replay: this.#replayState,
      show_s: model?.place?.value_s ?? null,
      speaking: model?.speaking ?? [],
      sentence: model?.sentence ?? '',
      standing: this.#room?.standing ?? null,
      waiting: model?.waiting ?? null,
      kbps: this.#kbps,
    };
  }

  get #playerState(): PlayerState {
    return this.#player?.state ?? this.#idle;
  }

  get #replayState(): ReplayState {
    return this.#replay?.state ?? NO_REPLAY;
  }

  // ---- Actions

  toggle(): void {
    if (this.#replay) return this.#replay.toggle();
    const { phase } = this.#playerState;
    if (phase === 'blocked') void this.#audio.play();
    else if (phase === 'paused') this.#player?.resume();
    else if (phase === 'stopped' || phase === 'ended' || phase === 'failed') this.#listen();
    else this.#player?.stop();
    this.#draw();
  }

  play(): void {
    if (this.#model()?.button.kind === 'play') this.toggle();
  }

  pause(): void {
    if (this.#model()?.button.kind === 'play') return;
    // The live player hears the element's own event. An element that is between two tries is not playing: then it is a press.
    if (this.#replay || this.#audio.paused) this.toggle();
    else this.#audio.pause();
  }

  jump(seconds: number): void {
    if (this.#replay) return this.#replay.seekTo(this.#replay.state.position_s + seconds);
    const { position_s } = this.#playerState;
    if (position_s !== null) this.#seekMedia(position_s + seconds);
  }

  scrub(show_s: number): void {
    if (this.#replay) return this.#replay.seekTo(show_s);
    const on_air_at_s = this.#poll.status?.on_air_at_s;
    if (on_air_at_s != null) this.#seekMedia(on_air_at_s + show_s);
  }

  toLive(): void {
    // After the end there is no live to go to, and who is behind keeps the place.
    if (this.#poll.status?.phase !== 'ended') this.#player?.toLive();
  }

  setClose(close: boolean): void {
    this.#close = close;
    remember('close', close);
    this.#player?.setClose(close);
    this.#draw();
  }

  setQuality(kbps: number): void {
    this.#kbps = kbps;
    remember('kbps', kbps);
    this.#player?.setQuality(kbps);
    this.#draw();
  }

  setSpeed(speed: number): void {
    this.#replay?.setSpeed(speed);
  }

  share(): void {
    const place = this.#model()?.place;
    const view = this.#view;
    if (!place || !view) return;
    const t = view.texts.listener;
    const address = momentLink(location.href, place.value_s);
    const moment = clockText(place.value_s);
    void copyText(address).then((copied) => (copied ? view.told(t.shared(moment), null) : view.told(t.copyThis(moment), address)));
  }

  askWhy(): void {
    if (this.#view) void this.#extras.toggleWhy(this.#view);
  }

  raiseHand(): void {
    if (this.#view) void this.#extras.openHand(this.#view);
  }

  // ---- inside

  async #speak(language: Language): Promise<void> {
    const [texts, makePlayer] = await Promise.all([loadTexts(language), this.#makePlayer ?? loadPlayer(this.#audio)]);
    this.#makePlayer = makePlayer;
    const changed = (other: Language): void => void this.#speak(other);
    this.#view = new View(this, texts, this, this.#audio, languageSwitch(language, changed));
    this.#extras.moveTo(this.#view);
    if (this.#room) void this.#speakRoom(this.#view);
    // The waiting room needs the page's language.
    this.#atGate();
  }

  /** What cannot be loaded stays in the language it is in. */
  async #speakRoom({ texts }: View): Promise<void> {
    const words = await loadWaitingTexts(texts).catch(() => null);
    if (words) this.#room?.speak(words);
  }

  /** Somebody opened a link to a moment in the page that was there already. */
  #onMoment(): void {
    this.#moment_s = momentOf(location.hash);
    const place = this.#model();
    if (this.#moment_s === null || !place?.canMove) return;
    this.scrub(this.#moment_s);
    this.#moment_s = null;
  }

  #listen(): void {
    const live = this.#poll.status?.live;
    const url = (kind: string): string => `/${this.#show}/${kind}`;
    const urls = live ?? { mp4: url('live.mp4'), ogg: url('live.ogg'), aac: url('live.aac'), hls: url('hls/index.m3u8') };
    this.#player ??= this.#makePlayer?.(urls, this.#close, () => this.#onPlayer()) ?? null;
    if (!this.#player) return;
    const { phase, following, position_s } = this.#playerState;
    this.#player.admit(this.#room?.entry ?? FREE_ENTRY);
    this.#tellPlayer();
    this.#player.setQuality(this.#kbps);
    this.#player.listen();
    // Tried in vain before: once more, where it was.
    if (phase === 'failed' && following === 'behind' && position_s !== null) this.#player.seekTo(position_s);
    const on_air_at_s = this.#poll.status?.on_air_at_s ?? null;
    if (this.#moment_s === null || on_air_at_s === null) return;
    this.#seekMedia(on_air_at_s + this.#moment_s);
    this.#moment_s = null;
  }

  #onPlayer(): void {
    const ended = this.#playerState.phase === 'ended';
    // The stream is over: what comes now is in the status, and nobody wants to wait for its next turn.
    if (ended && !this.#streamOver) void this.#poll.soon();
    this.#streamOver = ended;
    const { phase, refusal, reconnects } = this.#playerState;
    const told = `${phase} ${refusal?.reason} ${reconnects}`;
    if (told === this.#told) return this.#draw();
    this.#told = told;
    this.#atGate();
  }

  /** The gate lets the player in or not, by what the status and the player tell. */
  #atGate(): void {
    const { status } = this.#poll;
    const gate = status?.gate ?? null;
    this.#room?.update(gate, this.#playerState, this.#poll.silence !== null);
    const inLine = this.#playerState.phase === 'in_line';
    // After the end nobody waits for a stream any more. The place is kept for the recording.
    if (inLine && status?.phase === 'ended') {
      const { following, position_s } = this.#playerState;
      if (following === 'behind' && position_s !== null) this.#moment_s = position_s - (status.on_air_at_s ?? 0);
      this.#player?.stop();
    }
    else this.#player?.admit(this.#room?.entry ?? FREE_ENTRY);
    const hasTicket = recall(`ticket.${this.#show}`) !== null;
    if (gate && (!gate.open || !gate.draw || inLine || hasTicket)) void this.#openRoom();
    this.#draw();
  }

  /** Loads the waiting room, once there is something to wait for. What could not be loaded is tried again with the next status. */
  async #openRoom(): Promise<void> {
    const view = this.#view;
    if (this.#roomAsked || !view) return;
    this.#roomAsked = true;
    try {
      const [{ WaitingRoom }, texts] = await Promise.all([import('./waitingroom.js'), loadWaitingTexts(view.texts)]);
      const actions = { changed: () => this.#atGate(), stop: () => this.#player?.stop() };
      this.#room = new WaitingRoom(this.#show, this.#audio, actions, texts);
    } catch {
      this.#roomAsked = false;
      return this.#tellPart(true);
    }
    this.#tellPart(false);
    // The language may have been switched meanwhile.
    if (this.#view && this.#view !== view) void this.#speakRoom(this.#view);
    this.#atGate();
  }

  /** Some browsers never ask again for a module that did not come: then only a new page helps. */
  #tellPart(isMissing: boolean): void {
    if (isMissing !== this.#partMissing) this.#view?.told(isMissing ? this.#view.texts.listener.partMissing : '', null);
    this.#partMissing = isMissing;
  }

  #seekMedia(media_s: number): void {
    const { latency_target_s } = this.#playerState;
    const first_s = this.#poll.status?.on_air_at_s ?? 0;
    const edge_s = this.#playerState.edge_s ?? this.#toldEdge();
    if (edge_s !== null && media_s > edge_s - latency_target_s - LIVE_S) this.toLive();
    else this.#player?.seekTo(Math.max(first_s, media_s));
  }

  #tellPlayer(): void {
    const status = this.#poll.status;
    if (status) this.#player?.hint(status.on_air_at_s, this.#toldEdge(), status.anchor);
  }

  /** Where live is by what the status said last. */
  #toldEdge(): number | null {
    const status = this.#poll.status;
    if (!status || status.live_at_s === null) return null;
    return status.live_at_s + (this.#poll.now() - status.now) / 1000;
  }

  /** A status came, or did not come. */
  #heard(): void {
    this.#atGate();
    if (this.#poll.silence === null) {
      this.#tellPlayer();
      this.#replay?.answered();
    }
    const title = this.#poll.status?.title;
    if (title !== undefined && (this.#title?.show !== this.#show || this.#title.title !== title)) {
      this.#title = { show: this.#show, title };
      remember('title', this.#title);
    }
    void this.#loadReplay();
    this.#draw();
  }

  /** Early, for whoever goes into a tunnel. What could not be loaded is tried again with the next status. */
  async #loadReplay(): Promise<void> {
    const status = this.#poll.status;
    if (this.#makeReplay || (status?.phase !== 'ending' && !status?.recording.ready)) return this.#turnIntoReplay();
    try {
      this.#makeReplay = (await import('./replay.js')).Replay;
    } catch {
      return this.#tellPart(status.recording.ready);
    }
    this.#tellPart(false);
    this.#turnIntoReplay();
    this.#draw();
  }

  /** After the end: when nothing of the show plays any more, the page is the recording, at the place it had. */
  #turnIntoReplay(): void {
    const status = this.#poll.status;
    // As it is before it is stopped.
    const player = { ...this.#playerState };
    if (status?.phase !== 'ended' || !status.recording.ready || !this.#makeReplay || this.#replay) return;
    // Live is over: a place that was kept is one behind it.
    const wasBehind = (player.following === 'behind' || player.phase === 'paused') && player.position_s !== null;
    const hearing = player.phase === 'playing' || player.phase === 'buffering';
    if (hearing && wasBehind) return;
    const place_s = wasBehind ? player.position_s! - (status.on_air_at_s ?? 0) : (this.#moment_s ?? 0);
    this.#moment_s = null;
    this.#player?.stop();
    this.#replay = new this.#makeReplay(this.#audio, status.recording, Math.max(0, place_s), () => this.#draw());
    // Sound was wanted and came to its end, or was about to come back.
    if (wasBehind && (player.phase === 'ended' || player.phase === 'reconnecting')) this.#replay.toggle();
  }

  #model(): Model | null {
    if (!this.#view) return null;
    return modelOf(
      {
        poll: this.#poll,
        player: this.#playerState,
        replay: this.#replayState,
        room: this.#room,
        close: this.#close,
        kbps: this.#kbps,
        title: this.#title?.show === this.#show ? this.#title.title : '',
        online: navigator.onLine,
        address: `${location.host}${location.pathname}`,
        now: Date.now(),
      },
      this.#view.texts,
    );
  }

  /** Draws once a frame at most, however many changes there were; at once while the page is hidden. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = (): void => {
      this.#drawing = false;
      if (this.#playerState.phase === 'ended') this.#turnIntoReplay();
      const model = this.#model();
      if (!model || !this.#view) return;
      this.#view.update(model);
      this.#view.updateTools(model, this.#extras.handRaised, this.#extras.whyOpen);
      if (model.replay) this.#extras.showChapters(this.#view, this.#poll, this.#replayState);
      document.title = model.title;
      this.#describe(model);
    };
    if (document.visibilityState === 'visible') this.#frame = requestAnimationFrame(draw);
    else queueMicrotask(draw);
  }

  #describe({ title, speaking, place, speed, replay, button }: Model): void {
    // A page that never played is no player to the system; one that was stopped is told so.
    if (this.#audio.src === '' && !this.#described) return;
    this.#described = true;
    const recorded = replay && place ? { value_s: place.value_s, max_s: place.max_s, speed } : null;
    describeToSystem({ title, artist: speaking.join(', '), playing: button.kind !== 'play', place: recorded });
  }
}

/** Kept on the device, so that the page has its title while the server does not answer. */
interface KnownTitle {
  show: string;
  title: string;
}

customElements.define('stentor-listener', StentorListener);
