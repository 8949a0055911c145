import { Backoff } from '../shared/backoff.js';
import { Problem, problemOf, unreachable } from '../shared/problem.js';
import { isFinal } from '../shared/sse.js';
const DISCONNECTED_MS_MAX = 3_000;
const CONNECT_MS_MAX = 10_000;
const HUNG_UP_WAIT_S = 1.5;
const SETTLE_MS = 1_500;
export class StageConnection {
    url;
    token;
    audio;
    changed;
    phase = 'closed';
    retry_at = null;
    problem = null;
    reconnects = 0;
    failures = 0;
    blocked = false;
    #peer = null;
    #sender = null;
    #stream = null;
    #location = null;
    #backoff = new Backoff(0.3, 8);
    #retry = 0;
    #deadline = 0;
    #started_at = 0;
    #shaky = false;
    #hung_up = false;
    #offer = null;
    #unanswered = false;
    constructor(url, token, audio, changed) {
        this.url = url;
        this.token = token;
        this.audio = audio;
        this.changed = changed;
    }
    replacedBy(session) {
        return this.settled && this.#location !== null && !this.isOf(session);
    }
    isOf(session) {
        return this.#location?.endsWith(`/${session}`) ?? false;
    }
    replacedByItself() {
        const unanswered = this.#unanswered;
        this.#unanswered = false;
        return unanswered;
    }
    get settled() {
        return this.phase === 'connected' && Date.now() - this.#started_at > SETTLE_MS;
    }
    open(stream) {
        clearTimeout(this.#retry);
        this.#drop();
        this.phase = 'connecting';
        this.retry_at = null;
        this.#started_at = Date.now();
        this.#shaky = false;
        this.#hung_up = false;
        this.#stream = stream;
        const peer = new RTCPeerConnection();
        this.#peer = peer;
        peer.addEventListener('track', (event) => this.#hear(event));
        peer.addEventListener('connectionstatechange', () => this.#onState(peer));
        this.#deadline = setTimeout(() => this.#again(peer, this.#offer ? unreachable() : null), CONNECT_MS_MAX);
        this.#signal(peer, stream).catch((error) => {
            this.#again(peer, error instanceof Problem ? error : unreachable());
        });
        this.changed();
    }
    async replace(stream) {
        this.#stream = stream;
        await this.#sender?.replaceTrack(stream.getAudioTracks()[0] ?? null);
    }
    async stats() {
        const report = await this.#peer?.getStats();
        return report ? [...report.values()] : [];
    }
    hear() {
        this.audio.play().then(() => this.#setBlocked(false), () => this.#setBlocked(true));
    }
    close() {
        this.#goodbye();
        this.forget();
    }
    forget() {
        clearTimeout(this.#retry);
        this.#location = null;
        this.#drop();
        this.retry_at = null;
        this.phase = 'closed';
        this.changed();
    }
    async #signal(peer, stream) {
        const track = stream.getAudioTracks()[0];
        if (!track)
            throw unreachable();
        this.#sender = peer.addTransceiver(track, { direction: 'sendrecv', streams: [stream] }).sender;
        await peer.setLocalDescription();
        const headers = { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/sdp' };
        const body = peer.localDescription?.sdp ?? '';
        const offer = new AbortController();
        this.#offer = offer;
        const request = fetch(this.url, { method: 'POST', headers, body, signal: offer.signal });
        const response = await request.catch(() => Promise.reject(unreachable()));
        if (this.#offer === offer)
            this.#offer = null;
        if (!response.ok)
            throw await problemOf(response);
        const sdp = await response.text();
        const location = response.headers.get('Location');
        if (this.#peer !== peer)
            return;
        this.#location = location === null ? null : new URL(location, response.url).href;
        await peer.setRemoteDescription({ type: 'answer', sdp });
    }
    #hear(event) {
        this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        this.hear();
    }
    #onState(peer) {
        if (this.#peer !== peer)
            return;
        const state = peer.connectionState;
        if (state === 'connected') {
            clearTimeout(this.#deadline);
            this.#backoff.reset();
            this.failures = 0;
            this.#shaky = false;
            this.phase = 'connected';
            this.problem = null;
            this.changed();
        }
        else if (state === 'disconnected') {
            this.#shaky = true;
            clearTimeout(this.#deadline);
            this.#deadline = setTimeout(() => this.#again(peer, null), DISCONNECTED_MS_MAX);
        }
        else if (state === 'failed' || state === 'closed') {
            this.#hung_up = this.phase === 'connected' && !this.#shaky;
            this.#again(peer, null);
        }
    }
    #again(peer, problem) {
        if (this.#peer !== peer)
            return;
        if (this.phase === 'connecting')
            this.failures += 1;
        this.#drop();
        this.problem = problem;
        if (problem && isFinal(problem)) {
            this.phase = 'refused';
            return this.changed();
        }
        const wait_ms = this.#backoff.next(problem?.retry_after_s ?? (this.#hung_up ? HUNG_UP_WAIT_S : null)) * 1000;
        this.reconnects += 1;
        this.phase = 'waiting';
        this.retry_at = Date.now() + wait_ms;
        this.#retry = setTimeout(() => this.#stream && this.open(this.#stream), wait_ms);
        this.changed();
    }
    #goodbye() {
        if (this.#location === null)
            return;
        const headers = { Authorization: `Bearer ${this.token}` };
        fetch(this.#location, { method: 'DELETE', headers, keepalive: true }).catch(() => undefined);
        this.#location = null;
    }
    #drop() {
        clearTimeout(this.#deadline);
        const peer = this.#peer;
        this.#peer = null;
        this.#sender = null;
        if (this.#offer)
            this.#unanswered = true;
        this.#offer?.abort();
        this.#offer = null;
        peer?.close();
    }
    #setBlocked(blocked) {
        if (this.blocked === blocked)
            return;
        this.blocked = blocked;
        this.changed();
    }
}
