import { currentLanguage, languageSwitch } from '../shared/language.js';
import { recall, remember } from '../shared/memory.js';
import { showOfPath } from '../shared/fragment.js';
import { make } from '../shared/dom.js';
import { loadPlayer, modeOf } from '../player/choose.js';
import { FREE_ENTRY, initialState, KBPS_DEFAULT } from '../player/state.js';
import { momentLink, momentOf } from '../shared/moment.js';
import { copyText } from '../shared/dom.js';
import { clockText } from '../shared/timetext.js';
import { Extras } from './extras.js';
import { announceToSystem, describeToSystem } from './mediasession.js';
import { modelOf } from './model.js';
import { NO_REPLAY } from './replaystate.js';
import { keepThisPage } from './shell.js';
import { StatusPoll } from './statuspoll.js';
import { loadTexts, loadWaitingTexts } from './texts.js';
import { View } from './view.js';
const LIVE_S = 1;
export class StentorListener extends HTMLElement {
    #audio = make('audio');
    #show = showOfPath();
    #poll = new StatusPoll(this.#show, () => this.#heard());
    #player = null;
    #makePlayer = null;
    #room = null;
    #roomAsked = false;
    #partMissing = false;
    #told = '';
    #idle = initialState(modeOf(this.#audio), false);
    #replay = null;
    #makeReplay = null;
    #view = null;
    #close = recall('close') ?? false;
    #kbps = recall('kbps') ?? KBPS_DEFAULT;
    #title = recall('title');
    #moment_s = momentOf(location.hash);
    #extras = new Extras({ show: this.#show, audio: this.#audio, player: () => this.#playerState, replay: () => this.#replay !== null }, { listen: () => this.play(), scrub: (show_s) => this.scrub(show_s), changed: () => this.#draw() });
    #frame = 0;
    #drawing = false;
    #described = false;
    #streamOver = false;
    connectedCallback() {
        this.after(this.#audio);
        keepThisPage();
        window.addEventListener('hashchange', () => this.#onMoment());
        document.addEventListener('visibilitychange', () => {
            if (!this.#drawing)
                return;
            cancelAnimationFrame(this.#frame);
            this.#drawing = false;
            this.#draw();
        });
        announceToSystem(this, () => this.#model()?.canMove ?? false);
        void this.#speak(currentLanguage());
        void this.#poll.soon();
        setInterval(() => this.#draw(), 1000);
    }
    get state() {
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
    get #playerState() {
        return this.#player?.state ?? this.#idle;
    }
    get #replayState() {
        return this.#replay?.state ?? NO_REPLAY;
    }
    toggle() {
        if (this.#replay)
            return this.#replay.toggle();
        const { phase } = this.#playerState;
        if (phase === 'blocked')
            void this.#audio.play();
        else if (phase === 'paused')
            this.#player?.resume();
        else if (phase === 'stopped' || phase === 'ended' || phase === 'failed')
            this.#listen();
        else
            this.#player?.stop();
        this.#draw();
    }
    play() {
        if (this.#model()?.button.kind === 'play')
            this.toggle();
    }
    pause() {
        if (this.#model()?.button.kind === 'play')
            return;
        if (this.#replay || this.#audio.paused)
            this.toggle();
        else
            this.#audio.pause();
    }
    jump(seconds) {
        if (this.#replay)
            return this.#replay.seekTo(this.#replay.state.position_s + seconds);
        const { position_s } = this.#playerState;
        if (position_s !== null)
            this.#seekMedia(position_s + seconds);
    }
    scrub(show_s) {
        if (this.#replay)
            return this.#replay.seekTo(show_s);
        const on_air_at_s = this.#poll.status?.on_air_at_s;
        if (on_air_at_s != null)
            this.#seekMedia(on_air_at_s + show_s);
    }
    toLive() {
        if (this.#poll.status?.phase !== 'ended')
            this.#player?.toLive();
    }
    setClose(close) {
        this.#close = close;
        remember('close', close);
        this.#player?.setClose(close);
        this.#draw();
    }
    setQuality(kbps) {
        this.#kbps = kbps;
        remember('kbps', kbps);
        this.#player?.setQuality(kbps);
        this.#draw();
    }
    setSpeed(speed) {
        this.#replay?.setSpeed(speed);
    }
    share() {
        const place = this.#model()?.place;
        const view = this.#view;
        if (!place || !view)
            return;
        const t = view.texts.listener;
        const address = momentLink(location.href, place.value_s);
        const moment = clockText(place.value_s);
        void copyText(address).then((copied) => (copied ? view.told(t.shared(moment), null) : view.told(t.copyThis(moment), address)));
    }
    askWhy() {
        if (this.#view)
            void this.#extras.toggleWhy(this.#view);
    }
    raiseHand() {
        if (this.#view)
            void this.#extras.openHand(this.#view);
    }
    async #speak(language) {
        const [texts, makePlayer] = await Promise.all([loadTexts(language), this.#makePlayer ?? loadPlayer(this.#audio)]);
        this.#makePlayer = makePlayer;
        const changed = (other) => void this.#speak(other);
        this.#view = new View(this, texts, this, this.#audio, languageSwitch(language, changed));
        this.#extras.moveTo(this.#view);
        if (this.#room)
            void this.#speakRoom(this.#view);
        this.#atGate();
    }
    async #speakRoom({ texts }) {
        const words = await loadWaitingTexts(texts).catch(() => null);
        if (words)
            this.#room?.speak(words);
    }
    #onMoment() {
        this.#moment_s = momentOf(location.hash);
        const place = this.#model();
        if (this.#moment_s === null || !place?.canMove)
            return;
        this.scrub(this.#moment_s);
        this.#moment_s = null;
    }
    #listen() {
        const live = this.#poll.status?.live;
        const url = (kind) => `/${this.#show}/${kind}`;
        const urls = live ?? { mp4: url('live.mp4'), ogg: url('live.ogg'), aac: url('live.aac'), hls: url('hls/index.m3u8') };
        this.#player ??= this.#makePlayer?.(urls, this.#close, () => this.#onPlayer()) ?? null;
        if (!this.#player)
            return;
        const { phase, following, position_s } = this.#playerState;
        this.#player.admit(this.#room?.entry ?? FREE_ENTRY);
        this.#tellPlayer();
        this.#player.setQuality(this.#kbps);
        this.#player.listen();
        if (phase === 'failed' && following === 'behind' && position_s !== null)
            this.#player.seekTo(position_s);
        const on_air_at_s = this.#poll.status?.on_air_at_s ?? null;
        if (this.#moment_s === null || on_air_at_s === null)
            return;
        this.#seekMedia(on_air_at_s + this.#moment_s);
        this.#moment_s = null;
    }
    #onPlayer() {
        const ended = this.#playerState.phase === 'ended';
        if (ended && !this.#streamOver)
            void this.#poll.soon();
        this.#streamOver = ended;
        const { phase, refusal, reconnects } = this.#playerState;
        const told = `${phase} ${refusal?.reason} ${reconnects}`;
        if (told === this.#told)
            return this.#draw();
        this.#told = told;
        this.#atGate();
    }
    #atGate() {
        const { status } = this.#poll;
        const gate = status?.gate ?? null;
        this.#room?.update(gate, this.#playerState, this.#poll.silence !== null);
        const inLine = this.#playerState.phase === 'in_line';
        if (inLine && status?.phase === 'ended') {
            const { following, position_s } = this.#playerState;
            if (following === 'behind' && position_s !== null)
                this.#moment_s = position_s - (status.on_air_at_s ?? 0);
            this.#player?.stop();
        }
        else
            this.#player?.admit(this.#room?.entry ?? FREE_ENTRY);
        const hasTicket = recall(`ticket.${this.#show}`) !== null;
        if (gate && (!gate.open || !gate.draw || inLine || hasTicket))
            void this.#openRoom();
        this.#draw();
    }
    async #openRoom() {
        const view = this.#view;
        if (this.#roomAsked || !view)
            return;
        this.#roomAsked = true;
        try {
            const [{ WaitingRoom }, texts] = await Promise.all([import('./waitingroom.js'), loadWaitingTexts(view.texts)]);
            const actions = { changed: () => this.#atGate(), stop: () => this.#player?.stop() };
            this.#room = new WaitingRoom(this.#show, this.#audio, actions, texts);
        }
        catch {
            this.#roomAsked = false;
            return this.#tellPart(true);
        }
        this.#tellPart(false);
        if (this.#view && this.#view !== view)
            void this.#speakRoom(this.#view);
        this.#atGate();
    }
    #tellPart(isMissing) {
        if (isMissing !== this.#partMissing)
            this.#view?.told(isMissing ? this.#view.texts.listener.partMissing : '', null);
        this.#partMissing = isMissing;
    }
    #seekMedia(media_s) {
        const { latency_target_s } = this.#playerState;
        const first_s = this.#poll.status?.on_air_at_s ?? 0;
        const edge_s = this.#playerState.edge_s ?? this.#toldEdge();
        if (edge_s !== null && media_s > edge_s - latency_target_s - LIVE_S)
            this.toLive();
        else
            this.#player?.seekTo(Math.max(first_s, media_s));
    }
    #tellPlayer() {
        const status = this.#poll.status;
        if (status)
            this.#player?.hint(status.on_air_at_s, this.#toldEdge(), status.anchor);
    }
    #toldEdge() {
        const status = this.#poll.status;
        if (!status || status.live_at_s === null)
            return null;
        return status.live_at_s + (this.#poll.now() - status.now) / 1000;
    }
    #heard() {
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
    async #loadReplay() {
        const status = this.#poll.status;
        if (this.#makeReplay || (status?.phase !== 'ending' && !status?.recording.ready))
            return this.#turnIntoReplay();
        try {
            this.#makeReplay = (await import('./replay.js')).Replay;
        }
        catch {
            return this.#tellPart(status.recording.ready);
        }
        this.#tellPart(false);
        this.#turnIntoReplay();
        this.#draw();
    }
    #turnIntoReplay() {
        const status = this.#poll.status;
        const player = { ...this.#playerState };
        if (status?.phase !== 'ended' || !status.recording.ready || !this.#makeReplay || this.#replay)
            return;
        const wasBehind = (player.following === 'behind' || player.phase === 'paused') && player.position_s !== null;
        const hearing = player.phase === 'playing' || player.phase === 'buffering';
        if (hearing && wasBehind)
            return;
        const place_s = wasBehind ? player.position_s - (status.on_air_at_s ?? 0) : (this.#moment_s ?? 0);
        this.#moment_s = null;
        this.#player?.stop();
        this.#replay = new this.#makeReplay(this.#audio, status.recording, Math.max(0, place_s), () => this.#draw());
        if (wasBehind && (player.phase === 'ended' || player.phase === 'reconnecting'))
            this.#replay.toggle();
    }
    #model() {
        if (!this.#view)
            return null;
        return modelOf({
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
        }, this.#view.texts);
    }
    #draw() {
        if (this.#drawing)
            return;
        this.#drawing = true;
        const draw = () => {
            this.#drawing = false;
            if (this.#playerState.phase === 'ended')
                this.#turnIntoReplay();
            const model = this.#model();
            if (!model || !this.#view)
                return;
            this.#view.update(model);
            this.#view.updateTools(model, this.#extras.handRaised, this.#extras.whyOpen);
            if (model.replay)
                this.#extras.showChapters(this.#view, this.#poll, this.#replayState);
            document.title = model.title;
            this.#describe(model);
        };
        if (document.visibilityState === 'visible')
            this.#frame = requestAnimationFrame(draw);
        else
            queueMicrotask(draw);
    }
    #describe({ title, speaking, place, speed, replay, button }) {
        if (this.#audio.src === '' && !this.#described)
            return;
        this.#described = true;
        const recorded = replay && place ? { value_s: place.value_s, max_s: place.max_s, speed } : null;
        describeToSystem({ title, artist: speaking.join(', '), playing: button.kind !== 'play', place: recorded });
    }
}
customElements.define('stentor-listener', StentorListener);
