// The relay's thread: sockets and timers around `Way`.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

import { randomness, Way } from './way.mjs';

const { listen, to, network, seed } = workerData;
// A speaker's browser opens a handful of sockets to find a way.
const PEERS_MAX = 64;

/** What passes in one direction, on its way out in order of time. */
class Line {
  counts = { came: 0, sent: 0, lost: { burst: 0, outage: 0 }, delays_ms: [], overslept_ms: [] };
  #way;
  #waiting = [];
  #timer = null;

  constructor(limits, seed) {
    this.#way = new Way(limits, randomness(seed));
  }

  /** `send` is called when the packet comes out, never if it is lost. */
  take(isSound, send) {
    const came_ms = performance.now();
    const { due_ms, lost } = this.#way.take(came_ms);
    if (isSound) this.counts.came += 1;
    if (lost) {
      if (isSound) this.counts.lost[lost] += 1;
      return;
    }
    const after = this.#waiting.findLastIndex((other) => other.due_ms <= due_ms);
    this.#waiting.splice(after + 1, 0, { due_ms, came_ms, isSound, send });
    this.#arm();
  }

  #arm() {
    clearTimeout(this.#timer);
    const [next] = this.#waiting;
    if (next) this.#timer = setTimeout(() => this.#drain(), Math.max(0, next.due_ms - performance.now()));
  }

  #drain() {
    while (this.#waiting[0]?.due_ms <= performance.now() + 0.5) {
      const { due_ms, came_ms, isSound, send } = this.#waiting.shift();
      send();
      const now_ms = performance.now();
      this.counts.overslept_ms.push(now_ms - due_ms);
      if (!isSound) continue;
      this.counts.sent += 1;
      this.counts.delays_ms.push(now_ms - came_ms);
    }
    this.#arm();
  }
}

// Losses are the speaker's alone: what comes back is not what is measured.
const { delay_ms, jitter } = network;
const up = new Line(network, seed);
const down = new Line({ delay_ms, jitter }, seed + 1);

/** SRTP, told from SRTCP, DTLS and STUN by its first two bytes (RFC 7983 §7, RFC 5761 §4). */
function isSound(bytes) {
  const [first, second] = bytes;
  return bytes.length > 12 && first >= 128 && first < 192 && !((second & 127) >= 64 && (second & 127) < 96);
}

const peers = new Map();
const front = createSocket('udp4');
front.on('message', (bytes, peer) => {
  const name = `${peer.address}:${peer.port}`;
  if (!peers.has(name)) {
    if (peers.size === PEERS_MAX) return;
    const back = createSocket('udp4');
    back.on('message', (answer) => down.take(isSound(answer), () => front.send(answer, peer.port, peer.address)));
    peers.set(name, back);
  }
  const back = peers.get(name);
  up.take(isSound(bytes), () => back.send(bytes, to.port, to.address));
});

const door = createServer({ noDelay: true }, (peer) => {
  const back = connect({ host: to.address, port: to.port, noDelay: true });
  for (const [from, other, line] of [[peer, back, up], [back, peer, down]]) {
    from.on('data', (bytes) => line.take(false, () => other.write(bytes)));
    from.on('close', () => other.destroy());
    from.on('error', () => other.destroy());
  }
});

front.bind(listen.port, listen.address);
door.listen(listen.port, listen.address);
await Promise.all([once(front, 'listening'), once(door, 'listening')]);
parentPort.on('message', () => parentPort.postMessage({ up: up.counts, down: down.counts }));
parentPort.postMessage('open');
