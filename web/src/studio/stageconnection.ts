// The peer connection to the stage: own voice out, the mix of all others in. It comes back by itself.

import { Backoff } from '../shared/backoff.js';
import { Problem, problemOf, unreachable } from '../shared/problem.js';
import { isFinal } from '../shared/sse.js';

/** ICE may lose its path for a moment when the network changes; then a new connection is quicker. */
const DISCONNECTED_MS_MAX = 3_000;
/** From the offer to a connection; it takes 0.25–0.7 s where it works. */
const CONNECT_MS_MAX = 10_000;

/** Events that were on their way while a connection was made may still tell of the one before. */
const SETTLE_MS = 1_500;

export type ConnectionPhase = 'connecting' | 'connected' | 'waiting' | 'refused' | 'closed';

export class StageConnection {
  phase: ConnectionPhase = 'closed';
  retry_at: number | null = null;
  problem: Problem | null = null;
  /** How often a connection had to be made anew. */
  reconnects = 0;
  /** The browser wants a press before it lets the others be heard. */
  blocked = false;
  #peer: RTCPeerConnection | null = null;
  #sender: RTCRtpSender | null = null;
  #location: string | null = null;
  #backoff = new Backoff(0.3, 8);
  #retry = 0;
  #deadline = 0;
  #started_at = 0;

  constructor(
    readonly url: string,
    readonly token: string,
    readonly audio: HTMLAudioElement,
    readonly changed: () => void,
  ) {}

  /** Whether `session`, which holds the link's place on the stage now, is another connection than this one. */
  replacedBy(session: string | number): boolean {
    const settled = this.phase === 'connected' && Date.now() - this.#started_at > SETTLE_MS;
    return settled && this.#location !== null && !this.#location.endsWith(`/${session}`);
  }

  open(stream: MediaStream): void {
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
    this.#signal(peer, stream).catch((error: unknown) => {
      this.#again(peer, stream, error instanceof Problem ? error : unreachable());
    });
    this.changed();
  }

  /** Another microphone, without a new connection. */
  async replace(track: MediaStreamTrack): Promise<void> {
    await this.#sender?.replaceTrack(track);
  }

  /** Lets the others be heard, in the handler of a press. */
  hear(): void {
    this.audio.play().then(
      () => this.#setBlocked(false),
      () => this.#setBlocked(true),
    );
  }

  /** Leaves the stage, and says so to the server, so that nobody waits for this voice. */
  close(): void {
    this.#goodbye();
    this.forget();
  }

  /** Ends what the server has ended already. */
  forget(): void {
    clearTimeout(this.#retry);
    this.#location = null;
    this.#drop();
    this.retry_at = null;
    this.phase = 'closed';
    this.changed();
  }

  async #signal(peer: RTCPeerConnection, stream: MediaStream): Promise<void> {
    const track = stream.getAudioTracks()[0];
    if (!track) throw unreachable();
    this.#sender = peer.addTransceiver(track, { direction: 'sendrecv', streams: [stream] }).sender;
    await peer.setLocalDescription();
    // The server is ICE-lite with its candidates in the answer: nothing of ours needs to be waited for.
    const headers = { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/sdp' };
    const body = peer.localDescription?.sdp ?? '';
    const response = await fetch(this.url, { method: 'POST', headers, body }).catch(() => Promise.reject(unreachable()));
    if (!response.ok) throw await problemOf(response);
    const sdp = await response.text();
    const location = response.headers.get('Location');
    if (this.#peer !== peer) return;
    this.#location = location === null ? null : new URL(location, response.url).href;
    await peer.setRemoteDescription({ type: 'answer', sdp });
  }

  #hear(event: RTCTrackEvent): void {
    // At once: attached two seconds later, the browser would keep more delay for long.
    this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    this.hear();
  }

  #onState(peer: RTCPeerConnection, stream: MediaStream): void {
    if (this.#peer !== peer) return;
    const state = peer.connectionState;
    if (state === 'connected') {
      clearTimeout(this.#deadline);
      this.#backoff.reset();
      this.phase = 'connected';
      this.problem = null;
      this.changed();
    } else if (state === 'disconnected') {
      clearTimeout(this.#deadline);
      this.#deadline = setTimeout(() => this.#again(peer, stream, null), DISCONNECTED_MS_MAX);
    } else if (state === 'failed' || state === 'closed') {
      this.#again(peer, stream, null);
    }
  }

  #again(peer: RTCPeerConnection, stream: MediaStream, problem: Problem | null): void {
    if (this.#peer !== peer) return;
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

  #goodbye(): void {
    if (this.#location === null) return;
    const headers = { Authorization: `Bearer ${this.token}` };
    fetch(this.#location, { method: 'DELETE', headers, keepalive: true }).catch(() => undefined);
    this.#location = null;
  }

  #drop(): void {
    clearTimeout(this.#deadline);
    const peer = this.#peer;
    this.#peer = null;
    this.#sender = null;
    peer?.close();
  }

  #setBlocked(blocked: boolean): void {
    if (this.blocked === blocked) return;
    this.blocked = blocked;
    this.changed();
  }
}
