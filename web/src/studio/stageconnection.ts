// The peer connection to the stage: own voice out, the mix of all others in. It comes back by itself.

import { Backoff } from '../shared/backoff.js';
import { Problem, problemOf, unreachable } from '../shared/problem.js';
import { isFinal } from '../shared/sse.js';
import type { Stat } from './check/line.js';

/** ICE may lose its path for a moment when the network changes; then a new connection is quicker. */
const DISCONNECTED_MS_MAX = 3_000;
/** From the offer to a connection; it takes 0.25–0.7 s where it works. */
const CONNECT_MS_MAX = 10_000;

/** When the stage hangs up, its events say why; they are at most a fraction of a second behind. */
const HUNG_UP_WAIT_S = 1.5;

/** Events that were on their way while a connection was made may still tell of the one before. */
const SETTLE_MS = 1_500;

export type ConnectionPhase = 'connecting' | 'connected' | 'waiting' | 'refused' | 'closed';

export class StageConnection {
  phase: ConnectionPhase = 'closed';
  retry_at: number | null = null;
  problem: Problem | null = null;
  /** How often a connection had to be made anew. */
  reconnects = 0;
  /** Tries in a row that led to no connection. */
  failures = 0;
  /** The browser wants a press before it lets the others be heard. */
  blocked = false;
  #peer: RTCPeerConnection | null = null;
  #sender: RTCRtpSender | null = null;
  #stream: MediaStream | null = null;
  #location: string | null = null;
  #backoff = new Backoff(0.3, 8);
  #retry = 0;
  #deadline = 0;
  #started_at = 0;
  #shaky = false;
  #hung_up = false;
  /** The offer that is on its way, and whether an earlier one was given up unanswered. */
  #offer: AbortController | null = null;
  #unanswered = false;

  constructor(
    readonly url: string,
    readonly token: string,
    readonly audio: HTMLAudioElement,
    readonly changed: () => void,
  ) {}

  /** Whether `session`, which holds the link's place on the stage now, is another connection than this one. */
  replacedBy(session: string): boolean {
    return this.settled && this.#location !== null && !this.isOf(session);
  }

  /** Whether `session` is the newest that this page had on the stage. */
  isOf(session: string): boolean {
    return this.#location?.endsWith(`/${session}`) ?? false;
  }

  /**
   * Whether what replaced this connection may be an offer of this page that it gave up on: a server that hung
   * answers those all at once. True once for such offers, so that two devices never take the place in turn.
   */
  replacedByItself(): boolean {
    const unanswered = this.#unanswered;
    this.#unanswered = false;
    return unanswered;
  }

  /** Whether the stage should know this connection: it has stood for longer than events are on their way. */
  get settled(): boolean {
    return this.phase === 'connected' && Date.now() - this.#started_at > SETTLE_MS;
  }

  open(stream: MediaStream): void {
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
    this.#signal(peer, stream).catch((error: unknown) => {
      this.#again(peer, error instanceof Problem ? error : unreachable());
    });
    this.changed();
  }

  /** Another microphone, without a new connection; later ones begin with it. */
  async replace(stream: MediaStream): Promise<void> {
    this.#stream = stream;
    await this.#sender?.replaceTrack(stream.getAudioTracks()[0] ?? null);
  }

  /** What the browser counts of the connection. */
  async stats(): Promise<Stat[]> {
    const report = await this.#peer?.getStats();
    return report ? [...report.values()] as Stat[] : [];
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
    const offer = new AbortController();
    this.#offer = offer;
    const request = fetch(this.url, { method: 'POST', headers, body, signal: offer.signal });
    const response = await request.catch(() => Promise.reject(unreachable()));
    if (this.#offer === offer) this.#offer = null;
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

  #onState(peer: RTCPeerConnection): void {
    if (this.#peer !== peer) return;
    const state = peer.connectionState;
    if (state === 'connected') {
      clearTimeout(this.#deadline);
      this.#backoff.reset();
      this.failures = 0;
      this.#shaky = false;
      this.phase = 'connected';
      this.problem = null;
      this.changed();
    } else if (state === 'disconnected') {
      this.#shaky = true;
      clearTimeout(this.#deadline);
      this.#deadline = setTimeout(() => this.#again(peer, null), DISCONNECTED_MS_MAX);
    } else if (state === 'failed' || state === 'closed') {
      // A line that breaks is silent first; whoever hangs up says so.
      this.#hung_up = this.phase === 'connected' && !this.#shaky;
      this.#again(peer, null);
    }
  }

  #again(peer: RTCPeerConnection, problem: Problem | null): void {
    if (this.#peer !== peer) return;
    if (this.phase === 'connecting') this.failures += 1;
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
    if (this.#offer) this.#unanswered = true;
    this.#offer?.abort();
    this.#offer = null;
    peer?.close();
  }

  #setBlocked(blocked: boolean): void {
    if (this.blocked === blocked) return;
    this.blocked = blocked;
    this.changed();
  }
}
