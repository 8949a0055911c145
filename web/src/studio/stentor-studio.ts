// <stentor-studio>: from the link to the stage. It owns the session, the microphone and the presence on the stage;
// the steps show what they say. For tests and the curious, `state` is a read-only snapshot.

import { make } from '../shared/dom.js';
import { showOfPath, takeInvitation } from '../shared/fragment.js';
import { currentLanguage, languageSwitch, type Language } from '../shared/language.js';
import { recall, remember } from '../shared/memory.js';
import { Problem } from '../shared/problem.js';
import { keepTyped } from '../shared/typed.js';
import { SoundCheck } from './check/soundcheck.js';
import { checkStep, type Check } from './checkview.js';
import type { Device, Devices } from './devicesview.js';
import type { StageSession } from './documents.js';
import { Loudspeaker } from './loudspeaker.js';
import { Microphone, type MicrophoneProblem } from './microphone.js';
import { Presence } from './presence.js';
import { dropSession, noteOnStage, openSession, storedSession, wasMuted, wasOnStage } from './session.js';
import { stageStep, type Stage } from './stageview.js';
import { inviteStep, messageStep, refusalStep, type Invitation, type Step } from './steps.js';
import { loadTexts, type Texts } from './texts.js';

type StepName = 'insecure' | 'no_key' | 'invite' | 'check' | 'stage' | 'replaced' | 'removed' | 'left' | 'over';

/** Levels are drawn this often. */
const DRAW_MS = 60;
/** What a link is refused for that no second try mends. */
const LINK_REFUSED = new Set(['key_missing', 'key_invalid', 'key_expired', 'key_revoked', 'key_foreign', 'link_used', 'unknown_show', 'ended']);

export class StentorStudio extends HTMLElement {
  #show = showOfPath();
  #link = takeInvitation();
  #key = this.#link.key;
  #audio = make('audio', { autoplay: true });
  #texts: Texts | null = null;
  #step: StepName = 'no_key';
  #drawn: Step | null = null;
  #session: StageSession | null = this.#key === null ? storedSession(this.#show) : null;
  #loudspeaker = new Loudspeaker(this.#audio);
  #microphone = new Microphone(
    () => this.#onMicrophone(),
    (devices) => this.#loudspeaker.list(devices),
  );
  #check: SoundCheck | null = null;
  #presence: Presence | null = null;
  #problem = '';
  #microphone_problem: MicrophoneProblem | null = null;
  #busy = false;
  #own_tracks = false;
  #name = this.#link.name || (recall<string>('name') ?? '');

  connectedCallback(): void {
    this.after(this.#audio);
    setInterval(() => this.#draw(), DRAW_MS);
    window.addEventListener('pagehide', () => this.#presence?.close(true));
    window.addEventListener('pageshow', (event) => event.persisted && location.reload());
    window.addEventListener('hashchange', () => this.#onNewLink());
    void this.#speak(currentLanguage()).then(() => this.#begin());
  }

  /** What the page knows. */
  get state(): Readonly<Record<string, unknown>> {
    const presence = this.#presence;
    return {
      step: this.#step,
      role: this.#session?.role ?? null,
      standing: presence?.standpoint.standing ?? null,
      audience: presence?.standpoint.audience ?? null,
      connection: presence?.connection.phase ?? null,
      reconnects: presence?.connection.reconnects ?? 0,
      muted: presence?.muted ?? false,
      microphone: this.#microphone.state,
      level_dbfs: this.#microphone.level_dbfs(),
      hearing: !this.#audio.paused && this.#audio.srcObject !== null,
      line: presence?.line ?? null,
      check: this.#check && { microphone: this.#check.microphone, echo: this.#check.echo, line: this.#check.line },
      problem: this.#problem || (presence?.problem ? this.#sentence(presence.problem) : ''),
      stage: presence?.document ?? null,
    };
  }

  // ---- from step to step

  #begin(): void {
    if (!Microphone.available) return this.#go('insecure');
    if (this.#key !== null) return this.#go('invite');
    if (!this.#session) return this.#go('no_key');
    this.#go('check');
    if (wasOnStage(this.#show)) void this.#return();
  }

  #onNewLink(): void {
    const { key, name } = takeInvitation();
    if (key === null) return;
    this.#leave('left');
    this.#key = key;
    if (name) this.#name = name;
    this.#session = null;
    this.#problem = '';
    this.#begin();
  }

  async #agree(name: string): Promise<void> {
    if (this.#key === null || this.#busy) return;
    this.#busy = true;
    this.#problem = '';
    try {
      this.#session = await openSession(this.#show, this.#key, name, this.#own_tracks);
      this.#key = null;
      this.#go('check');
    } catch (error) {
      const other_notice = error instanceof Problem && error.reason === 'consent_missing' && !this.#own_tracks;
      if (other_notice) this.#askAgain(name);
      else this.#problem = this.#sentence(error);
      if (error instanceof Problem && LINK_REFUSED.has(error.reason)) {
        this.#key = null;
        this.#go('no_key');
      }
    } finally {
      this.#busy = false;
      this.#draw();
    }
  }

  /** The show keeps voices apart, which the notice did not say: it is shown anew, and nothing is agreed to. */
  #askAgain(name: string): void {
    this.#own_tracks = true;
    this.#name = name;
    this.#problem = this.#texts?.invitation.ownTracksAsk ?? '';
    this.#go('invite');
  }

  async #openMicrophone(device_id: string): Promise<void> {
    this.#microphone_problem = await this.#microphone.open(device_id);
    const { stream } = this.#microphone;
    if (this.#microphone_problem === null && stream) {
      await this.#presence?.microphoneChanged();
      if (this.#step === 'check') await this.#listenTo(stream);
    }
    this.#draw();
  }

  /** The check lasts as long as its step. */
  async #listenTo(stream: MediaStream): Promise<void> {
    this.#check ??= new SoundCheck(this.#loudspeaker, () => this.#draw());
    await this.#check.listen(stream);
  }

  #endCheck(): void {
    this.#check?.close();
    this.#check = null;
  }

  /** The microphone in use was unplugged: go on with the default one, if there is one. */
  #onMicrophone(): void {
    if (this.#microphone.state === 'lost' && this.#microphone.devices.length > 0) void this.#openMicrophone('');
    this.#draw();
  }

  #join(): void {
    const session = this.#session;
    if (!session || !this.#microphone.stream) return;
    this.#endCheck();
    this.#problem = '';
    noteOnStage(this.#show, true);
    this.#presence = new Presence(session, this.#microphone, this.#audio, wasMuted(this.#show), {
      changed: () => this.#draw(),
      replaced: () => this.#leave('replaced'),
      removed: () => this.#leave('removed'),
      over: () => this.#leave('over'),
      refused: (problem) => this.#refused(problem),
    });
    this.#go('stage');
  }

  /** Closes everything but the session. Leaving never ends a show. */
  #leave(step: 'left' | 'replaced' | 'removed' | 'no_key' | 'over'): void {
    noteOnStage(this.#show, false);
    this.#endCheck();
    // Whoever was replaced or removed, or whose show is over, has no session there that a goodbye could end.
    this.#presence?.close(step === 'left');
    this.#presence = null;
    this.#audio.srcObject = null;
    this.#microphone.close();
    this.#go(step);
  }

  async #return(): Promise<void> {
    this.#go('check');
    this.#microphone_problem = await this.#microphone.open(this.#microphone.device_id);
    if (this.#microphone.track) this.#join();
    else this.#draw();
  }

  #refused(problem: Problem): void {
    // A revoked key closes the session; a stage that was left by a host's hand may be entered again.
    if (problem.status === 401 || problem.status === 403) {
      dropSession(this.#show);
      this.#session = null;
    }
    this.#problem = this.#sentence(problem);
    this.#leave(problem.status === 410 ? 'over' : this.#session ? 'left' : 'no_key');
  }

  #sentence(error: unknown): string {
    const silence = this.#texts?.silence ?? '';
    return error instanceof Problem ? error.sentence(silence, this.#texts?.refusals) : silence;
  }

  // ---- drawing

  #draw(): void {
    this.#drawn?.update();
    const { texts, title } = { texts: this.#texts, title: this.#session?.title ?? this.#show };
    if (!texts) return;
    const standing = this.#presence?.standpoint.standing;
    const airs = standing === 'on_air' || standing === 'on_air_muted';
    const said = airs ? `● ${texts.standing[standing]} · ${title}` : `${texts.title} · ${title}`;
    if (document.title !== said) document.title = said;
  }

  async #speak(language: Language): Promise<void> {
    this.#texts = await loadTexts(language);
    if (this.isConnected && this.#drawn) keepTyped(this, () => this.#go(this.#step));
  }

  #go(step: StepName): void {
    const texts = this.#texts;
    if (!texts) return;
    const moved = this.#step !== step;
    this.#step = step;
    this.#drawn = this.#make(step, texts);
    const changed = (language: Language): void => void this.#speak(language);
    const language = texts.language as Language;
    const top = make('header', {}, make('p', { class: 'state' }, texts.title), languageSwitch(language, changed));
    this.dataset['step'] = step;
    this.replaceChildren(top, make('main', { tabindex: -1 }, this.#drawn.root));
    if (moved) this.querySelector('main')?.focus();
    this.#draw();
  }

  #make(step: StepName, texts: Texts): Step {
    const t = texts.way;
    const back = { label: t.rejoin, pressed: () => void this.#return() };
    switch (step) {
      case 'insecure':
        return messageStep(t.insecure, t.insecureWhy);
      case 'no_key':
        return this.#problem ? refusalStep(t.refused, this.#problem) : messageStep(texts.title, t.noKey);
      case 'invite':
        return inviteStep(texts, this.#invitation());
      case 'check':
        return checkStep(texts, this.#checked());
      case 'stage':
        return stageStep(texts, this.#stage());
      case 'replaced':
        return messageStep(t.replaced, t.replacedText, { ...back, label: t.takeBack });
      case 'removed':
        return messageStep(t.removed, t.removedText, back);
      case 'left':
        return messageStep(t.left, this.#problem || t.leftText, back);
      case 'over':
        return messageStep(t.over, t.overText, { label: t.toRecording, pressed: () => location.assign(this.#session?.listen_url ?? `/${this.#show}`) });
    }
  }

  #invitation(): Invitation {
    const page = this;
    return {
      show: this.#show,
      name: this.#name,
      own_tracks: this.#own_tracks,
      get busy() { return page.#busy; },
      get problem() { return page.#problem; },
      agreed: (name) => void page.#agree(name),
    };
  }

  #checked(): Check {
    const page = this;
    return {
      get open() { return page.#microphone.stream !== null; },
      devices: page.#devices(),
      get level_dbfs() { return page.#microphone.level_dbfs(); },
      get microphone() { return page.#check?.microphone ?? null; },
      get echo() { return page.#check?.echo ?? 'idle'; },
      get line() { return page.#check?.line ?? null; },
      testEcho: () => void page.#check?.testEcho(),
      join: () => page.#join(),
    };
  }

  #devices(): Devices {
    const page = this;
    return {
      get microphones() { return page.#microphone.devices.map(deviceOf); },
      get microphone_id() { return page.#microphone.device_id; },
      get problem() { return page.#microphone_problem; },
      get loudspeakers() { return page.#loudspeaker.devices.map(deviceOf); },
      get loudspeaker_id() { return page.#loudspeaker.device_id; },
      // Only a choice is remembered: a device that is gone for a while is found again.
      chooseMicrophone: (device_id) => {
        remember('microphone', device_id);
        return page.#openMicrophone(device_id);
      },
      chooseLoudspeaker: (device_id) => page.#loudspeaker.choose(device_id),
    };
  }

  #stage(): Stage {
    const page = this;
    const presence = this.#presence!;
    return {
      session: presence.session,
      get document() { return presence.document; },
      get me() { return presence.me; },
      get standpoint() { return presence.standpoint; },
      get now() { return presence.now; },
      connection: presence.connection,
      devices: page.#devices(),
      get line() { return presence.line; },
      get muted() { return presence.muted; },
      get muted_by_other() { return presence.muted_by_other; },
      get microphone() { return page.#microphone.state; },
      get level_dbfs() { return page.#microphone.level_dbfs(); },
      get problem() { return presence.problem ? page.#sentence(presence.problem) : ''; },
      mute: (muted) => presence.mute(muted),
      sentence: (problem) => page.#sentence(problem),
      order: (order) => presence.order(order),
      hear: () => presence.connection.hear(),
      reopen: () => void page.#openMicrophone(''),
      leave: () => page.#leave('left'),
    };
  }
}

function deviceOf({ deviceId, label }: MediaDeviceInfo): Device {
  return { id: deviceId, label };
}

customElements.define('stentor-studio', StentorStudio);
