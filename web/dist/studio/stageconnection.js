import { Backoff } from '../shared/backoff.js';
import { Problem, problemOf, unreachable } from '../shared/problem.js';
import { isFinal } from '../shared/sse.js';
const DISCONNECTED_MS_MAX = 3_000;
const CONNECT_MS_MAX = 10_000;
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
    blocked = false;
    #peer = null;
    #sender = null;
    #location = null;
    #backoff = new Backoff(0.3, 8);
    #retry = 0;
    #deadline = 0;
    #started_at = 0;
    constructor(url, token, audio, changed) {
        this.url = url;
        this.token = token;
        this.audio = audio;
        this.changed = changed;
    }
    replacedBy(session) {
        const settled = this.phase === 'connected' && Date.now() - this.#started_at > SETTLE_MS;
        return settled && this.#location !== null && !this.#location.endsWith(`/${session}`);
    }
    open(stream) {
        clearTimeout(this.#retry);
        this.#drop();
        this.phase = 'connecting';
        this.retry_at = null;
        this.#started_at = Date.now();
        const peer = new RTCPeerConnection();
        this.#peer = peer;
        peer.addEventListener('track', (event) => this.#hear(event));
        peer.addEventListener('connectionstatechange', () => this.#onState(peer, stream));
        this.#deadline = setTimeout(() => this.#again(peer, stream, null), CONNECT_MS_MAX);
        this.#signal(peer, stream).catch((error) => {
            this.#again(peer, stream, error instanceof Problem ? error : unreachable());
        });
        this.changed();
    }
    async replace(track) {
        await this.#sender?.replaceTrack(track);
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
        const response = await fetch(this.url, { method: 'POST', headers, body }).catch(() => Promise.reject(unreachable()));
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
    #onState(peer, stream) {
        if (this.#peer !== peer)
            return;
        const state = peer.connectionState;
        if (state === 'connected') {
            clearTimeout(this.#deadline);
            this.#backoff.reset();
            this.phase = 'connected';
            this.problem = null;
            this.changed();
        }
        else if (state === 'disconnected') {
            clearTimeout(this.#deadline);
            this.#deadline = setTimeout(() => this.#again(peer, stream, null), DISCONNECTED_MS_MAX);
        }
        else if (state === 'failed' || state === 'closed') {
            this.#again(peer, stream, null);
        }
    }
    #again(peer, stream, problem) {
        if (this.#peer !== peer)
            return;
        this.#drop();
        this.problem = problem;
        if (problem && isFinal(problem)) {
            this.phase = 'refused';
            return this.changed();
        }
        const wait_ms = this.#backoff.next(problem?.retry_after_s ?? null) * 1000;
        this.reconnects += 1;
        this.phase = 'waiting';
        this.retry_at = Date.now() + wait_ms;
        this.#retry = setTimeout(() => this.open(stream), wait_ms);
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
        peer?.close();
    }
    #setBlocked(blocked) {
        if (this.blocked === blocked)
            return;
        this.blocked = blocked;
        this.changed();
    }
}
