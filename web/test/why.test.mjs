// "Why can't I hear?": what each finding is called, and what is concluded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conclusionOf, STEPS, stepsOf } from '../dist/listener/why.js';
import { Problem, unreachable } from '../dist/shared/problem.js';
import { texts as extras } from '../dist/texts/extras.en.js';
import { texts as listener } from '../dist/texts/listener.en.js';

const texts = { ...listener, ...extras };
const onAir = { phase: 'on_air', slate: null, recording: { ready: false } };

const well = {
  online: true, server: { answered_ms: 41.6 }, status: onAir, sounds: true,
  stream: { bytes: 9_000, bytes_per_s: 2_100, due_bytes_per_s: 2_000 }, decoded: { level_dbfs: -23.4 },
  player: { phase: 'playing', moves: true }, volume: { muted: false, level: 0.8 }, leaving_dbfs: -24, output: 'runs',
};
const nothing = {
  online: true, server: null, status: null, sounds: true, stream: null, decoded: null, player: null, volume: null,
  leaving_dbfs: null, output: null,
};

const verdicts = (over) => Object.fromEntries(stepsOf({ ...well, ...over }, texts).map(({ name, verdict }) => [name, verdict]));
const conclusion = (over) => conclusionOf(stepsOf({ ...well, ...over }, texts), texts);
/** Names of the steps that are not good. */
const others = (over) => Object.entries(verdicts(over)).filter(([, verdict]) => verdict !== 'good');

test('nothing is called good before it was looked at', () => {
  const steps = stepsOf(nothing, texts);
  assert.deepEqual(steps.map(({ name }) => name), [...STEPS]);
  assert.ok(steps.every(({ verdict }) => verdict === 'checking'));
  assert.equal(conclusionOf(steps, texts), null);
});

test('when all is well, the advice is about the device', () => {
  assert.deepEqual(others({}), []);
  assert.match(conclusion({}), /silent switch/);
});

test('a level has a true minus sign', () => {
  const { result } = stepsOf(well, texts).find((step) => step.name === 'programme');
  assert.equal(result, 'There is sound in it (\u221223 dB).');
});

test('each fault is found at its own step', () => {
  const faults = [
    ['server', { server: { problem: unreachable() }, status: null }],
    ['server', { server: { problem: new Problem(503, 'overloaded', 'Busy', 'All seats are taken.', 5, null) }, status: null }],
    ['stream', { stream: { problem: unreachable() }, decoded: null }],
    ['arriving', { stream: { bytes: 0, bytes_per_s: 0, due_bytes_per_s: 2_000 }, decoded: 'failed' }],
    ['arriving', { stream: { bytes: 900, bytes_per_s: 900, due_bytes_per_s: 2_000 } }],
    ['decoder', { decoded: 'failed' }],
    ['player', { player: { phase: 'stopped', moves: false } }],
    ['player', { player: { phase: 'blocked', moves: false } }],
    ['player', { player: { phase: 'paused', moves: false } }],
    ['player', { player: { phase: 'playing', moves: false } }],
    ['volume', { volume: { muted: true, level: 1 } }],
    ['volume', { volume: { muted: false, level: 0.02 } }],
    ['leaving', { leaving_dbfs: -100 }],
    ['output', { output: 'stuck' }],
  ];
  for (const [name, over] of faults) {
    const found = others(over).filter(([, verdict]) => verdict === 'bad').map(([step]) => step);
    assert.deepEqual(found, [name], JSON.stringify(over));
    const { result } = stepsOf({ ...well, ...over }, texts).find((step) => step.name === name);
    assert.equal(conclusion(over), `Found: ${result}`);
  }
});

test('behind a break in the way nothing is judged, and what is on this device still is', () => {
  const seen = verdicts({ server: { problem: unreachable() }, status: null, stream: null, decoded: null });
  assert.deepEqual([seen.show, seen.stream, seen.arriving, seen.decoder, seen.programme], Array(5).fill('skipped'));
  assert.deepEqual([seen.player, seen.volume, seen.output], Array(3).fill('good'));
  assert.match(conclusion({ online: false, server: { problem: unreachable() }, status: null }), /no network/);
});

test('a silent programme is told from a silent browser', () => {
  assert.match(conclusion({ decoded: { level_dbfs: -90 }, leaving_dbfs: -90 }), /programme itself is silent/);
  assert.match(conclusion({ decoded: { level_dbfs: -25 }, leaving_dbfs: -90 }), /player gives none/);
});

test('slate is no fault: its reason is told', () => {
  const status = { ...onAir, slate: 'nobody_connected' };
  assert.deepEqual(others({ status }).map(([, verdict]) => verdict), ['note', 'note']);
  assert.match(conclusion({ status }), /host is reconnecting/);
});

test('in the waiting room it is the gate that is found, and nothing that the check cannot know', () => {
  const away = { gate: 'waiting', stream: null, decoded: null, player: { phase: 'in_line', moves: true }, leaving_dbfs: 'unknown' };
  const seen = verdicts(away);
  assert.equal(seen.show, 'note');
  assert.deepEqual([seen.stream, seen.arriving, seen.decoder, seen.programme, seen.player], Array(5).fill('skipped'));
  assert.match(conclusion(away), /^Found: All seats are taken\./);
  assert.equal(verdicts({ ...away, player: { phase: 'stopped', moves: false } }).player, 'bad');
});

test('while seats are short the check asks for no stream beside the one that plays', () => {
  const inside = { gate: 'inside', stream: null, decoded: null };
  assert.deepEqual(others(inside), ['stream', 'arriving', 'decoder', 'programme'].map((name) => [name, 'skipped']));
  assert.equal(verdicts({ ...inside, leaving_dbfs: -100 }).leaving, 'skipped');
});

test('before the doors no stream is missed', () => {
  const seen = verdicts({ status: { ...onAir, phase: 'announced' }, sounds: false, stream: null, decoded: null, player: { phase: 'waiting', moves: false } });
  assert.equal(seen.show, 'note');
  assert.ok(!Object.values(seen).includes('bad') && !Object.values(seen).includes('checking'));
});

test('what a press can mend offers it', () => {
  const mend = (over) => stepsOf({ ...well, ...over }, texts).filter((step) => step.mend).map((step) => step.mend);
  assert.deepEqual(mend({ volume: { muted: true, level: 1 } }), ['unmute']);
  assert.deepEqual(mend({ volume: { muted: false, level: 0 } }), ['louder']);
  assert.deepEqual(mend({ player: { phase: 'stopped', moves: false } }), ['listen']);
});
