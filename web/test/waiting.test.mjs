// What the waiting room says, and when it is silent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOf } from '../dist/listener/model.js';
import { waitingOf, waitingSentence } from '../dist/listener/waitingwords.js';
import { initialState } from '../dist/player/state.js';
import { Marks } from '../dist/shared/marks.js';
import { unreachable } from '../dist/shared/problem.js';
import { texts } from '../dist/texts/listener.en.js';
import { texts as german } from '../dist/texts/waiting.de.js';
import { texts as words } from '../dist/texts/waiting.en.js';

const NOW = new Date(2026, 10, 20, 20, 41, 30).getTime();
const gate = (over = {}) => ({ open: false, seats: 2_000, waiting: 5_000, ...over });
const status = (over = {}) => ({
  title: 'Evening', phase: 'on_air', now: NOW, starts_at: null, anchor: NOW - 500_000, on_air_at_s: 100, live_at_s: 500, ended_at_s: null,
  slate: null, speaking: ['Ada'], marks: [], renditions: [], recording: { ready: false, duration_s: null }, pages: { imprint: null, privacy: null },
  message: 'Thank you for waiting', gate: gate(), ...over,
});
const replay = { loaded: false, playing: false, position_s: 0, duration_s: 0, speed: 1, silence: null, failed: false };
const line = (before, wait_s = null) => ({ kind: 'waiting', before, wait_s });

/** The model of a page that stands there, with what its waiting room says in one of the languages. */
function model({ standing, phase = 'in_line', doc = status(), silence = null, elsewhere = false, now = NOW, t = words }) {
  const waited = { standing, elsewhere };
  const room = {
    sentence: (facts, stage) => waitingSentence(waited, facts, stage, t),
    waiting: (facts, stage) => waitingOf(waited, facts, stage, t),
    kept: t.kept,
  };
  const poll = { status: doc, silence, marks: new Marks(), now: () => now };
  const player = { ...initialState('mse', false), phase };
  return modelOf({ poll, player, replay, room, close: false, kbps: 32, title: '', online: true, address: 'example.org/evening', now }, texts);
}

test('who waits is told why, where they stand, for how long, what happens next, and where the recording will be', () => {
  const { sentence, waiting, address, message, button } = model({ standing: line(812, [254.6, 509.1]) });
  assert.match(sentence, /^All 2,000 seats are taken\. It starts here by itself when it is your turn;/);
  assert.deepEqual([waiting.place, waiting.wait], ['You are about number 813', 'About 4 to 8 minutes to go']);
  assert.deepEqual([`${waiting.later} ${address}.`, message], ['If you would rather not wait, the recording will be at example.org/evening.', 'Thank you for waiting']);
  assert.deepEqual([button.label, button.kind], ['Stop', 'stop']);
});

test('what is read aloud stays as it is while the line moves', () => {
  const said = (before, wait_s) => model({ standing: line(before, wait_s) }).sentence;
  assert.equal(said(104_326, [1_000, 2_000]), said(12, null));
});

test('places and waits are as exact as they are known', () => {
  const told = (before, wait_s, t) => Object.values(model({ standing: line(before, wait_s), t }).waiting).slice(0, 2);
  assert.deepEqual(told(104_326, [3_800, 7_600]), ['You are about number 104,000', 'About 1 to 2 hours to go']);
  assert.deepEqual(told(0, [10.6, 21.2]), ['You are among the next', 'Less than a minute to go']);
  assert.deepEqual(told(1, [42, 84]), ['You are about number 2', 'About 1 minute to go']);
  assert.deepEqual(told(1, null), ['You are about number 2', 'How long it will take cannot be said yet']);
  assert.deepEqual(told(null, null)[0], '');
  assert.deepEqual(told(104_326, [254.6, 509.1], german), ['Du bist etwa Nummer 104.000 in der Schlange', 'Noch etwa 4 bis 8 Minuten']);
  assert.deepEqual(told(1, [42, 84], german)[1], 'Noch etwa eine Minute');
});

test('who has not pressed Listen is told to, where a press is missing', () => {
  const said = (standing, over) => model({ standing, phase: 'stopped', ...over }).sentence;
  assert.equal(said({ kind: 'unticketed' }), 'All 2,000 seats are taken. Press Listen to get in line: it starts here by itself when it is your turn.');
  assert.equal(said(line(3)), words.pressToo);
  assert.equal(said({ kind: 'called' }), 'It is your turn. Press Listen.');
  assert.equal(said(line(3), { elsewhere: true }), words.elsewhere);
});

test('with room for everybody nothing is seen of the gate', () => {
  const open = status({ gate: gate({ open: true }) });
  for (const standing of [{ kind: 'open' }, line(3), { kind: 'called' }]) {
    const { sentence, waiting } = model({ standing, phase: 'stopped', doc: open });
    assert.deepEqual([sentence, waiting], ['', null]);
    assert.equal(model({ standing, doc: open }).sentence, texts.listener.connecting);
  }
  assert.deepEqual([model({ standing: { kind: 'called' } }).sentence, model({ standing: { kind: 'called' } }).waiting], [texts.listener.connecting, null]);
  const soon = status({ phase: 'announced', gate: gate({ waiting: 2_000 }) });
  assert.equal(model({ standing: { kind: 'undrawn' }, doc: soon }).sentence, words.early);
  assert.equal(model({ standing: { kind: 'undrawn' }, doc: soon, phase: 'stopped' }).sentence, texts.listener.doorsClosed);
});

test('who is inside hears of the gate no more', () => {
  for (const phase of ['connecting', 'buffering', 'playing', 'paused', 'blocked']) {
    assert.deepEqual(waitingOf({ standing: line(3) }, { status: status(), silence: null, player: { phase } }, 'live', words), null, phase);
  }
  assert.equal(model({ standing: { kind: 'called' }, phase: 'playing' }).sentence, '');
});

test('before the doors, more people than seats are told of the draw, and of a start that slips', () => {
  const late = status({ phase: 'announced', starts_at: NOW - 12 * 60_000 - 5_000 });
  const shown = model({ standing: { kind: 'undrawn' }, doc: late });
  assert.equal(shown.sentence, words.drawn);
  assert.equal(shown.waiting.place, '5,000 people are here for 2,000 seats');
  assert.match(shown.start.left, /^12 minutes late\. It starts here by itself/);
  assert.equal(model({ standing: { kind: 'undrawn' }, doc: late, phase: 'stopped' }).sentence, words.crowded);
});

test('a server that is silent takes nobody’s place', () => {
  const silence = { since: NOW, retry_at: NOW + 3_000, problem: unreachable() };
  const { sentence, waiting, next } = model({ standing: line(3), silence });
  assert.equal(sentence, 'No answer from the server since 20:41. You keep your place in line. The recording will be at example.org/evening.');
  assert.deepEqual([waiting, next], [null, 'Trying again in 3 s.'], 'what was known of the place is old');
});

test('at the end nobody waits any more', () => {
  const { sentence, waiting } = model({ standing: line(3), doc: status({ phase: 'ending' }) });
  assert.deepEqual([sentence, waiting], [texts.listener.ending, null]);
});

test('seats are counted in words that fit', () => {
  assert.deepEqual([0, 1, 2].map((seats) => words.taken(seats)), ['Nobody is let in at the moment.', 'The only seat is taken.', 'All 2 seats are taken.']);
  assert.deepEqual([0, 1, 2_000].map((seats) => german.taken(seats)), ['Im Moment wird niemand eingelassen.', 'Der einzige Platz ist besetzt.', 'Alle 2.000 Plätze sind besetzt.']);
});
