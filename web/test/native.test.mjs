// The player of an element that fetches its sound by itself, on an element that is told what happens.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NativePlayer } from '../dist/player/native.js';

globalThis.MediaError = { MEDIA_ERR_DECODE: 3 };

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

/** The gate's word, with hold sound that only counts. */
function entries() {
  const hold = { sounds: 0, begin: () => (hold.sounds = 1), end: () => (hold.sounds = 0), stop: () => (hold.sounds = 0) };
  return { hold, held: { ticket: 'T', held: true, hold }, called: { ticket: 'T', held: false, hold } };
}

for (const isHls of [true, false]) {
  test(`who is held stands in line and goes in when the gate calls, ${isHls ? 'HLS' : 'a plain stream'}`, (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    const element = new Element();
    const player = new NativePlayer(element, URLS, isHls, () => undefined);
    t.after(() => player.stop());
    const { hold, held, called } = entries();
    player.hint(ON_AIR_AT_S, ON_AIR_AT_S + 40, 0);
    player.admit(held);
    player.listen();
    assert.deepEqual([player.state.phase, element.src, hold.sounds], ['in_line', '', 1]);
    // Hold sound that plays, breaks or is paused is no stream.
    element.plays(3);
    element.dispatchEvent(new Event('error'));
    element.dispatchEvent(new Event('pause'));
    assert.deepEqual([player.state.phase, player.state.first_sound_ms], ['in_line', null]);
    player.seekTo(ON_AIR_AT_S + 5);
    assert.deepEqual([player.state.following, player.state.position_s], ['behind', ON_AIR_AT_S + 5]);
    player.toLive();
    assert.deepEqual([player.state.following, player.state.position_s], ['live', null]);
    player.admit(called);
    assert.deepEqual([player.state.phase, hold.sounds], ['connecting', 0]);
    assert.match(element.src, /[?&]ticket=T/);
    assert.doesNotMatch(element.src, /from=/);
    element.plays(0);
    assert.equal(player.state.phase, 'playing');
  });
}

test('a stream that breaks while the listener is held ends in the line', (t) => {
  const { element, player } = live(t, false);
  const { hold, held } = entries();
  player.admit(held);
  assert.deepEqual([player.state.phase, hold.sounds], ['playing', 0], 'what comes goes on');
  element.dispatchEvent(new Event('error'));
  t.mock.timers.tick(10_000);
  assert.deepEqual([player.state.phase, hold.sounds], ['in_line', 1]);
});
