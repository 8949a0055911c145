// The player of an element that fetches its sound by itself, on an element that is told what happens.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NativePlayer } from '../dist/player/native.js';

/** What of an <audio> the player touches. A new address begins at its beginning, as in browsers. */
class Element extends EventTarget {
  currentTime = 0;
  paused = true;
  ended = false;
  error = null;
  readyState = 0;
  seekable = { length: 0 };
  #src = '';
  get src() {
    return this.#src;
  }
  set src(src) {
    this.#src = src;
    this.currentTime = 0;
    this.readyState = 0;
  }
  play() {
    this.paused = false;
    return Promise.resolve();
  }
  pause() {
    this.paused = true;
  }
  load() {}
  removeAttribute() {
    this.#src = '';
  }
  canPlayType() {
    return 'maybe';
  }
  /** Sound moves. */
  plays(currentTime) {
    Object.assign(this, { currentTime, readyState: 4 });
    this.dispatchEvent(new Event('playing'));
  }
}

const URLS = { hls: '/evening/hls/index.m3u8', aac: '/evening/live.aac', ogg: '/evening/live.ogg' };
const ON_AIR_AT_S = 100;

/** A player that has played live for ten seconds; `t` has its clock. */
function live(t, isHls) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const element = new Element();
  const player = new NativePlayer(element, URLS, isHls, () => undefined);
  t.after(() => player.stop());
  player.hint(ON_AIR_AT_S, ON_AIR_AT_S + 40, 0);
  player.listen();
  element.plays(0);
  element.currentTime = 10;
  t.mock.timers.tick(250);
  assert.equal(player.state.phase, 'playing');
  return { element, player };
}

test('a stream that is asked for from another place is there at once, and plays when it plays', (t) => {
  const { element, player } = live(t, false);
  assert.ok(player.state.position_s > ON_AIR_AT_S + 30);
  player.seekTo(ON_AIR_AT_S);
  const { phase, following, position_s } = player.state;
  assert.deepEqual({ phase, following, position_s }, { phase: 'buffering', following: 'behind', position_s: ON_AIR_AT_S });
  assert.ok(player.state.latency_s > 30, `${player.state.latency_s} s behind`);
  assert.match(element.src, /from=0\.000/);
  element.plays(0.5);
  t.mock.timers.tick(250);
  assert.deepEqual([player.state.phase, player.state.position_s, player.state.stalls], ['playing', ON_AIR_AT_S + 0.5, 0]);
});

test('HLS that is to go to another place is there at once', (t) => {
  const { element, player } = live(t, true);
  element.getStartDate = () => new Date(ON_AIR_AT_S * 1000);
  player.seekTo(ON_AIR_AT_S + 2);
  assert.equal(element.currentTime, 2);
  assert.equal(player.state.position_s, ON_AIR_AT_S + 2);
  assert.ok(player.state.latency_s > 30, `${player.state.latency_s} s behind`);
});
