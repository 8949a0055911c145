import { ask, Problem, unreachable } from '../shared/problem.js';
import { Events } from '../shared/sse.js';
import { factsOf, gradeLine } from './check/line.js';
import { meIn } from './documents.js';
import { MuteWish } from './mutewish.js';
import { isPast } from './notices.js';
import { noteMuted } from './session.js';
import { StageConnection } from './stageconnection.js';
import { standpointOf } from './standing.js';
const STATS_MS = 2_000;
export class Presence {
    session;
    microphone;
    on;
    document = null;
    problem = null;
    line = null;
    connection;
    #events;
    #mute;
    #noted = null;
    #problem_ms = 0;
    #server_ahead_ms = 0;
    #was_connected = false;
    #counted = { lost: 0, received: 0 };
    #stats_timer;
    constructor(session, microphone, audio, muted, on) {
        this.session = session;
        this.microphone = microphone;
        this.on = on;
        this.#mute = new MuteWish(muted);
        this.connection = new StageConnection(`/${session.show}/stage`, session.token, audio, () => this.#onConnection());
        this.#events = new Events(`/${session.show}/stage/events`, session.token, {
            data: (data) => this.#onEvent(data),
            refused: (problem) => this.on.refused(problem),
        });
        this.#stats_timer = setInterval(() => void this.#measureLine(), STATS_MS);
        this.#applyMute();
        if (microphone.stream)
            this.connection.open(microphone.stream);
    }
    get me() {
        return meIn(this.document);
    }
    get now() {
        return Date.now() + this.#server_ahead_ms;
    }
    get muted() {
        return this.#mute.muted;
    }
    get muted_by_other() {
        return this.#mute.by_other && this.#mute.muted;
    }
    get standpoint() {
        return standpointOf({
            document: this.document,
            connection: this.connection.phase,
            was_connected: this.#was_connected,
            microphone_works: this.microphone.state === 'open',
            muted: this.muted,
        });
    }
    mute(muted) {
        this.#mute.want(muted);
        this.#applyMute();
        this.#askForMute();
        this.on.changed();
    }
    async order(order) {
        const answer = await this.#ask(order);
        return answer instanceof Problem ? null : answer;
    }
    async #ask(order) {
        const { show, token } = this.session;
        this.problem = null;
        try {
            return await ask(`/${show}/stage/command`, { method: 'POST', token, json: order });
        }
        catch (error) {
            const problem = error instanceof Problem ? error : unreachable();
            this.problem = problem;
            this.#problem_ms = performance.now();
            return problem;
        }
        finally {
            this.on.changed();
        }
    }
    async microphoneChanged() {
        this.#applyMute();
        const { stream } = this.microphone;
        if (stream)
            await this.connection.replace(stream);
    }
    close(told) {
        clearInterval(this.#stats_timer);
        this.#events.close();
        if (told)
            this.connection.close();
        else
            this.connection.forget();
    }
    #onEvent(data) {
        let document;
        try {
            document = JSON.parse(data);
        }
        catch {
            return;
        }
        this.document = document;
        if (this.problem && isPast(this.problem, performance.now() - this.#problem_ms))
            this.problem = null;
        this.#server_ahead_ms = document.now - Date.now();
        if (document.phase === 'ended')
            return this.on.over();
        if (document.session !== null && this.connection.replacedBy(document.session)) {
            if (!this.connection.replacedByItself())
                return this.on.replaced();
            this.#renew();
        }
        if (document.removed_session !== null && this.connection.isOf(document.removed_session))
            return this.on.removed();
        if (document.session === null && this.connection.settled)
            this.#renew();
        this.#askForMute();
        this.#applyMute();
        this.on.changed();
    }
    #renew() {
        const { stream } = this.microphone;
        if (!stream)
            return;
        this.connection.reconnects += 1;
        this.connection.open(stream);
    }
    #onConnection() {
        const { phase, problem } = this.connection;
        if (phase === 'connected')
            this.#was_connected = true;
        else
            this.line = null;
        if (phase === 'refused' && problem)
            this.on.refused(problem);
        else
            this.on.changed();
    }
    #askForMute() {
        const { me } = this;
        const muted = me && this.#mute.hear(me.muted, performance.now());
        if (!me || muted === null)
            return;
        void this.#ask({ command: 'mute', person: me.id, muted }).then((answer) => {
            if (answer instanceof Problem && !answer.unreachable)
                this.#mute.refused();
            this.#applyMute();
        });
    }
    #applyMute() {
        const { track } = this.microphone;
        if (track)
            track.enabled = !this.muted;
        if (this.#noted === this.muted)
            return;
        this.#noted = this.muted;
        noteMuted(this.session.show, this.muted);
    }
    async #measureLine() {
        if (this.connection.phase !== 'connected')
            return;
        const { facts, counted } = factsOf(await this.connection.stats(), this.#counted);
        this.#counted = counted;
        if (this.connection.phase === 'connected')
            this.line = gradeLine(facts);
    }
}
