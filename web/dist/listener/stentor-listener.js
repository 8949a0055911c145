import { currentLanguage, languageSwitch, loadTexts } from '../shared/language.js';
import { recall, remember } from '../shared/memory.js';
import { showOfPath } from '../shared/fragment.js';
import { make } from '../shared/dom.js';
import { choosePlayer } from '../player/choose.js';
import { initialState } from '../player/state.js';
import { announceToSystem, describeToSystem } from './mediasession.js';
import { modelOf } from './model.js';
import { Replay } from './replay.js';
import { StatusPoll } from './statuspoll.js';
import { View } from './view.js';
const IDLE = initialState('mse', false);
const LIVE_S = 1;
export class StentorListener extends HTMLElement {
    #audio = make('audio');
    #show = showOfPath();
    #poll = new StatusPoll(this.#show, () => this.#heard());
    #player = null;
    #replay = new Replay(this.#audio, () => this.#draw());
    #view = null;
    #close = recall('close') ?? false;
    #drawing = false;
    #streamOver = false;
    connectedCallback() {
        this.after(this.#audio);
        announceToSystem(this.#audio, this, () => this.#model()?.canMove ?? false);
        void this.#speak(currentLanguage());
        this.#poll.soon();
        setInterval(() => this.#draw(), 1000);
    }
    get state() {
        const model = this.#model();
        return {
            ...this.#playerState,
            show_phase: this.#poll.status?.phase ?? null,
            replay: this.#replay.state,
            show_s: model?.place?.value_s ?? null,
            speaking: model?.speaking ?? [],
            sentence: model?.sentence ?? '',
        };
    }
    get #playerState() {
        return this.#player?.state ?? IDLE;
    }
    toggle() {
        if (this.#replay.state.loaded)
            return this.#replay.toggle();
        const { phase } = this.#playerState;
        if (phase === 'blocked')
            void this.#audio.play();
        else if (phase === 'stopped' || phase === 'ended' || phase === 'failed')
            this.#listen();
        else
            this.#player?.stop();
        this.#draw();
    }
    jump(seconds) {
        if (this.#replay.state.loaded)
            return this.#replay.seekTo(this.#replay.state.position_s + seconds);
        const { position_s } = this.#playerState;
        if (position_s !== null)
            this.#seekMedia(position_s + seconds);
    }
    scrub(show_s) {
        if (this.#replay.state.loaded)
            return this.#replay.seekTo(show_s);
        const on_air_at_s = this.#poll.status?.on_air_at_s;
        if (on_air_at_s != null)
            this.#seekMedia(on_air_at_s + show_s);
    }
    toLive() {
        this.#player?.toLive();
    }
    setClose(close) {
        this.#close = close;
        remember('close', close);
        this.#player?.setClose(close);
        this.#draw();
    }
    setSpeed(speed) {
        this.#replay.setSpeed(speed);
    }
    async #speak(language) {
        const texts = await loadTexts(language);
        const changed = (other) => void this.#speak(other);
        this.#view = new View(this, texts, this, this.#audio, languageSwitch(language, changed));
        this.#draw();
    }
    #listen() {
        const live = this.#poll.status?.live;
        const url = (kind) => `/${this.#show}/${kind}`;
        const urls = live ?? { mp4: url('live.mp4'), ogg: url('live.ogg'), aac: url('live.aac'), hls: url('hls/index.m3u8') };
        this.#player ??= choosePlayer(this.#audio, urls, this.#close, () => this.#onPlayer());
        this.#tellPlayer();
        this.#player.listen();
    }
    #onPlayer() {
        const ended = this.#playerState.phase === 'ended';
        if (ended && !this.#streamOver)
            this.#poll.soon();
        this.#streamOver = ended;
        this.#draw();
    }
    #seekMedia(media_s) {
        const { edge_s, latency_target_s } = this.#playerState;
        const first_s = this.#poll.status?.on_air_at_s ?? 0;
        if (edge_s !== null && media_s > edge_s - latency_target_s - LIVE_S)
            this.#player?.toLive();
        else
            this.#player?.seekTo(Math.max(first_s, media_s));
    }
    #tellPlayer() {
        const status = this.#poll.status;
        if (!status)
            return;
        const age_s = (this.#poll.now() - status.now) / 1000;
        this.#player?.hint(status.on_air_at_s, status.live_at_s === null ? null : status.live_at_s + age_s, status.anchor);
    }
    #heard() {
        if (this.#poll.silence === null)
            this.#tellPlayer();
        this.#turnIntoReplay();
        this.#draw();
    }
    #turnIntoReplay() {
        const status = this.#poll.status;
        const player = this.#playerState;
        if (status?.phase !== 'ended' || !status.recording.ready || this.#replay.state.loaded)
            return;
        const wasBehind = player.following === 'behind' && player.position_s !== null;
        const hearing = player.phase === 'playing' || player.phase === 'buffering';
        if (hearing && wasBehind)
            return;
        const place_s = wasBehind ? player.position_s - (status.on_air_at_s ?? 0) : 0;
        this.#player?.stop();
        this.#replay.load(status.recording, Math.max(0, place_s));
        if (wasBehind && player.phase === 'ended')
            this.#replay.toggle();
    }
    #model() {
        if (!this.#view)
            return null;
        return modelOf({
            poll: this.#poll,
            player: this.#playerState,
            replay: this.#replay.state,
            close: this.#close,
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
            if (!model)
                return;
            this.#view?.update(model);
            document.title = model.title || 'Stentor';
            if (!this.#audio.paused)
                describeToSystem(model.title, model.speaking.join(', '));
        };
        if (document.visibilityState === 'visible')
            requestAnimationFrame(draw);
        else
            queueMicrotask(draw);
    }
}
customElements.define('stentor-listener', StentorListener);
