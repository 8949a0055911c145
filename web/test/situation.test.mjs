// What the listener's page says in each situation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOf } from '../dist/listener/model.js';
import { initialState } from '../dist/player/state.js';
import { Marks } from '../dist/shared/marks.js';
import { Problem, unreachable } from '../dist/shared/problem.js';
import { texts } from '../dist/texts/listener.en.js';

const NOW = new Date(2026, 10, 20, 20, 41, 30).getTime();

const status = (over = {}) => ({
  version: 1, show: 'demo', title: 'Evening', language: 'en', channels: 'mono', phase: 'on_air', now: NOW,
  starts_at: null, doors_at: null, anchor: NOW - 500_000, on_air_at_s: 100, live_at_s: 500, ended_at_s: null,
  slate: null, speaking: ['Ada'], people: ['Ada', 'Ben'], marks: [], renditions: [], live: {},
  recording: { ready: false, duration_s: null }, undo_until: null, poll_after_s: 5, listeners: 2,
  pages: { imprint: null, privacy: null }, ...over,
});

const replayOff = { loaded: false, playing: false, position_s: 0, duration_s: 0, speed: 1, silence: null, failed: false };

function model({ doc = status(), player = {}, silence = null, marks = [], replay = replayOff, known: more = {} } = {}) {
  const known = new Marks();
  known.add(marks);
  const poll = { status: doc, silence, marks: known, now: () => NOW };
  const device = { close: false, kbps: 32, title: '', online: true, address: 'example.org/demo', now: NOW, ...more };
  return modelOf({ poll, player: { ...initialState('mse', false), ...player }, replay, ...device }, texts);
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

test('the steady distance is the true one where sound comes at longer intervals', () => {
  const words = (player) => texts.listener.delayNormal(model({ player }).steady_s);
  assert.equal(words(initialState('mse', false)), 'Steady, 3–4 s');
  assert.equal(words(playing), 'Steady, 3–4 s');
  assert.equal(words({ ...playing, latency_target_s: 0.5, close: true }), 'Steady, 3–4 s');
  assert.equal(words({ ...playing, latency_target_s: 3.84 + 2.54 }), 'Steady, about 6 s');
});

test('who waits to go in at a moment is not behind yet, and may choose live', () => {
  const { behind, canBeLive } = model({ player: { phase: 'in_line', following: 'behind', position_s: 440, latency_s: null } });
  assert.deepEqual([behind, canBeLive], ['', true]);
});

test('behind live says how far', () => {
  const shown = model({ player: { ...playing, following: 'behind', position_s: 440, latency_s: 60 } });
  assert.deepEqual([shown.behind, shown.canBeLive], ['1:00 behind live', true]);
  const over = model({ doc: status({ phase: 'ended', ended_at_s: 500 }), player: { ...playing, following: 'behind', position_s: 440, latency_s: 60 } });
  assert.deepEqual([over.canMove, over.canBeLive], [true, false], 'there is no live to go to any more');
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

test('a start that slips is said to be late, and by how much', () => {
  const left = (late_s) => model({ doc: status({ phase: 'doors', starts_at: NOW - late_s * 1000, on_air_at_s: null }) }).start.left;
  assert.equal(left(30), 'Starts at any moment');
  assert.equal(left(12 * 60 + 5), '12 minutes late. It starts here by itself as soon as the host is ready.');
});

test('slate says why, for each reason, and nothing for one that a newer server may have', () => {
  const said = (reason) => model({ player: playing, marks: [{ at_s: 495, kind: 'slate', reason }] }).sentence;
  assert.equal(said('nobody_connected'), 'The host is reconnecting. The sound returns by itself.');
  assert.equal(said('dumped'), 'The host took back the last seconds. The show goes on in a moment.');
  assert.equal(said('interrupted'), 'The show was interrupted for a moment. The sound returns by itself.');
  assert.equal(said('not_started'), 'The show has not begun. Until then there is quiet hold sound.');
  assert.equal(said('ended'), 'The show has ended. The recording will be here in a moment.');
  assert.equal(said('something_newer'), '');
});

test('slate is told when it is heard, not when it begins', () => {
  const marks = [{ at_s: 498, kind: 'slate', reason: 'nobody_connected' }];
  assert.equal(model({ doc: status({ slate: 'nobody_connected' }), player: playing, marks }).sentence, '');
});

test('silence is told with its beginning and the next try, but not while sound is heard', () => {
  const silence = { since: NOW - 30_000, retry_at: NOW + 11_200, problem: unreachable() };
  const player = { ...playing, phase: 'reconnecting', silent_since: NOW - 20_000, retry_at: NOW + 3_100, refusal: unreachable() };
  const { sentence, next } = model({ silence, player });
  assert.equal(sentence, 'No answer from the server since 20:41. The recording will be at example.org/demo.');
  assert.equal(next, 'Trying again in 4 s.');
  assert.equal(model({ silence, player: playing }).sentence, '');
  assert.equal(model({ silence }).next, 'Trying again in 12 s.');
});

test('a page from the cache has its title and tells the silence before it knows anything', () => {
  const silence = { since: NOW, retry_at: NOW + 2_000, problem: unreachable() };
  const shown = model({ doc: null, silence, known: { title: 'Evening' } });
  assert.equal(shown.title, 'Evening');
  assert.match(shown.sentence, /^No answer from the server since 20:41\./);
  assert.equal(shown.button.shown, false);
  assert.match(model({ doc: null, silence, known: { online: false } }).sentence, /^This device has had no network since 20:41\./);
});

test('what counts seconds is never in the sentence that is read aloud', () => {
  const silence = { since: NOW - 30_000, retry_at: NOW + 9_000, problem: unreachable() };
  const said = (later_ms) => model({ silence, known: { now: NOW + later_ms } });
  assert.equal(said(0).sentence, said(3_000).sentence);
  assert.notEqual(said(0).next, said(3_000).next);
});

test('qualities are those of the server, the best first', () => {
  const doc = status({ renditions: ['opus-16', 'opus-64', 'opus-32', 'aac-64'] });
  assert.deepEqual(model({ doc, player: playing }).qualities, [64, 32, 16]);
  assert.deepEqual(model({ doc, player: { ...playing, mode: 'hls' } }).qualities, []);
});

test('hands are asked for only where the status says so', () => {
  assert.equal(model().handsOpen, false);
  assert.equal(model({ doc: status({ hands_open: true }) }).handsOpen, true);
  assert.equal(model({ doc: status({ message: 'Five minutes of pause' }) }).message, 'Five minutes of pause');
});

test('a refusal is told in the words of the server', () => {
  const refusal = new Problem(503, 'overloaded', 'Busy', 'All seats are taken.', 5, null);
  const player = { phase: 'reconnecting', retry_at: NOW + 5_000, refusal };
  const { sentence, next } = model({ player });
  assert.deepEqual([sentence, next], ['All seats are taken.', 'Trying again in 5 s.']);
});

test('a pause offers to go on, and says where', () => {
  const paused = { ...playing, phase: 'paused' };
  const live = model({ player: paused });
  assert.deepEqual([live.button.label, live.button.kind, live.sentence], ['Play', 'play', texts.listener.pausedLive]);
  const behind = model({ player: { ...paused, following: 'behind', position_s: 440 } });
  assert.deepEqual([behind.sentence, behind.place.value_s, behind.canMove], [texts.listener.paused, 340, true]);
  const over = model({ doc: status({ phase: 'ended', ended_at_s: 500 }), player: { ...paused, following: 'behind', position_s: 440 } });
  assert.deepEqual([over.button.shown, over.sentence], [true, texts.listener.paused], 'until the recording is there');
});

test('a player that gave up says so, and a press tries again', () => {
  const { button, sentence } = model({ player: { phase: 'failed' } });
  assert.deepEqual([button.label, button.shown, sentence], ['Try again', true, texts.listener.failed]);
});

test('a recording that does not come keeps its button and its place, and says when it is asked for again', () => {
  const doc = status({ phase: 'ended', ended_at_s: 480 });
  const replay = { ...replayOff, loaded: true, playing: true, position_s: 77, duration_s: 380 };
  const silence = { since: NOW - 5_000, retry_at: NOW + 3_000, problem: unreachable() };
  const lost = model({ doc, replay: { ...replay, silence } });
  assert.deepEqual([lost.sentence, lost.next], ['No answer from the server since 20:41.', 'Trying again in 3 s.']);
  assert.deepEqual([lost.button.label, lost.button.busy, lost.place.value_s], ['Pause', true, 77]);
  const failed = model({ doc, silence, replay: { ...replay, playing: false, failed: true } });
  assert.deepEqual([failed.button.label, failed.button.shown, failed.sentence], ['Try again', true, texts.listener.replayFailed]);
});

test('an unknown show has no button', () => {
  const silence = { since: NOW, retry_at: NOW + 1000, problem: new Problem(404, 'unknown_show', '', '', null, null) };
  const shown = model({ doc: null, silence });
  assert.equal(shown.button.shown, false);
  assert.equal(shown.sentence, texts.listener.unknownShow);
});

test('a recording that there will never be is not announced', () => {
  const sentence = (recording) => model({ doc: status({ phase: 'ended', recording: { ready: false, duration_s: null, ...recording } }) }).sentence;
  assert.equal(sentence({ missing: false }), texts.listener.preparing);
  assert.equal(sentence({ missing: true }), texts.listener.unrecorded);
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
