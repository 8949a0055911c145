// What the listener's page says in each situation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOf } from '../dist/listener/model.js';
import { initialState } from '../dist/player/state.js';
import { Marks } from '../dist/shared/marks.js';
import { Problem, unreachable } from '../dist/shared/problem.js';
import { texts } from '../dist/texts/en.js';

const NOW = new Date(2026, 10, 20, 20, 41, 30).getTime();

const status = (over = {}) => ({
  version: 1, show: 'demo', title: 'Evening', language: 'en', channels: 'mono', phase: 'on_air', now: NOW,
  starts_at: null, doors_at: null, anchor: NOW - 500_000, on_air_at_s: 100, live_at_s: 500, ended_at_s: null,
  slate: null, speaking: ['Ada'], people: ['Ada', 'Ben'], marks: [], renditions: [], live: {},
  recording: { ready: false, duration_s: null }, undo_until: null, poll_after_s: 5, listeners: 2,
  pages: { imprint: null, privacy: null }, ...over,
});

const replayOff = { loaded: false, playing: false, position_s: 0, duration_s: 0, speed: 1, failed: false };

function model({ doc = status(), player = {}, silence = null, marks = [], replay = replayOff } = {}) {
  const known = new Marks();
  known.add(marks);
  const poll = { status: doc, silence, marks: known, now: () => NOW };
  return modelOf({ poll, player: { ...initialState('mse', false), ...player }, replay, close: false, now: NOW }, texts);
}

const playing = { phase: 'playing', position_s: 496.5, edge_s: 500, latency_s: 3.5, latency_target_s: 3.5 };

test('names are those of the moment that is heard, not of the newest one', () => {
  const marks = [{ at_s: 490, kind: 'speaking', names: ['Ben'] }, { at_s: 498, kind: 'speaking', names: ['Ada'] }];
  assert.deepEqual(model({ player: playing, marks }).speaking, ['Ben']);
  assert.deepEqual(model({ player: { ...playing, position_s: 498.1 }, marks }).speaking, ['Ada']);
});

test('the place is in seconds of the show, and live stands at the end of the bar', () => {
  const { place } = model({ player: playing });
  assert.equal(place.value_s, 396.5);
  assert.equal(place.max_s, 396.5);
  assert.equal(place.left, '6:36');
});

test('behind live says how far', () => {
  const shown = model({ player: { ...playing, following: 'behind', position_s: 440, latency_s: 60 } });
  assert.equal(shown.behind, '1:00 behind live');
  assert.equal(shown.place.max_s, 400);
});

test('before the doors the button works already, and the countdown runs', () => {
  const doc = status({ phase: 'announced', starts_at: NOW + 754_000, on_air_at_s: null, live_at_s: null, slate: null });
  const shown = model({ doc });
  assert.equal(shown.start.left, 'Starts in 12:34');
  assert.equal(shown.button.shown, true);
  assert.equal(shown.sentence, texts.listener.doorsClosed);
  assert.equal(model({ doc, player: { phase: 'waiting' } }).sentence, texts.listener.armed);
});

test('slate says that the host is reconnecting', () => {
  const marks = [{ at_s: 495, kind: 'slate', reason: 'nobody_connected' }];
  assert.equal(model({ player: playing, marks }).sentence, texts.listener.nobody);
});

test('silence is told with its beginning and the next try, but not while sound is heard', () => {
  const silence = { since: NOW - 30_000, retry_at: NOW + 11_200, problem: unreachable() };
  const player = { ...playing, phase: 'reconnecting', silent_since: NOW - 20_000, retry_at: NOW + 3_100, refusal: unreachable() };
  assert.equal(model({ silence, player }).sentence, 'The server has not answered since 20:41. Trying again in 4 s.');
  assert.equal(model({ silence, player: playing }).sentence, '');
  assert.equal(model({ silence }).sentence, 'The server has not answered since 20:41. Trying again in 12 s.');
});

test('a refusal is told in the words of the server', () => {
  const refusal = new Problem(503, 'overloaded', 'Busy', 'All seats are taken.', 5, null);
  const player = { phase: 'reconnecting', retry_at: NOW + 5_000, refusal };
  assert.equal(model({ player }).sentence, 'All seats are taken. Trying again in 5 s.');
});

test('an unknown show has no button', () => {
  const silence = { since: NOW, retry_at: NOW + 1000, problem: new Problem(404, 'unknown_show', '', '', null, null) };
  const shown = model({ doc: null, silence });
  assert.equal(shown.button.shown, false);
  assert.equal(shown.sentence, texts.listener.unknownShow);
});

test('whoever is behind at the end goes on hearing; then it is the recording', () => {
  const doc = status({ phase: 'ended', ended_at_s: 480 });
  assert.equal(model({ doc, player: { ...playing, following: 'behind', position_s: 300 } }).badge, 'Live');
  const replay = { ...replayOff, loaded: true, playing: true, position_s: 10, duration_s: 380 };
  const shown = model({ doc, replay });
  assert.equal(shown.badge, 'Recording');
  assert.equal(shown.button.kind, 'pause');
  assert.equal(shown.place.right, '6:20');
});
