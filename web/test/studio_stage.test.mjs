// What the studio makes of the stage's state: where I stand, who hears me, what I may do, what I am told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Armed } from '../dist/studio/armed.js';
import { MuteWish } from '../dist/studio/mutewish.js';
import { Problem, unreachable } from '../dist/shared/problem.js';
import { isPast, noticesOf } from '../dist/studio/notices.js';
import { deedsOf, invites, runsTheShow } from '../dist/studio/rights.js';
import { standpointOf } from '../dist/studio/standing.js';
import { texts as de } from '../dist/texts/studio.de.js';
import { texts as en } from '../dist/texts/studio.en.js';

const person = (id, name, more = {}) => ({
  id, name, role: 'speaker', connected: true, path: 'udp', level_dbfs: -30, talking: false, place: 'on_air', muted: false,
  noise_suppression: true, line: 'good', warnings: [], ...more,
});

const stage = (phase, people, more = {}) => ({
  phase, now: 0, title: 'A show', on_air_at: null, undo_until: null, you: 1, slate: null, people, listeners: 3, session: 's', removed_session: null,
  warnings: [], delay_s: 0, hands_open: false, hands: [], message: { stage: null, everyone: null }, ...more,
});

const stand = (document, more = {}) =>
  standpointOf({ document, connection: 'connected', was_connected: true, microphone_works: true, muted: false, ...more });

test('where I stand, and who hears me there', () => {
  const ada = person(1, 'Ada', { role: 'host' });
  const adaBackstage = { ...ada, place: 'backstage' };
  const ben = person(2, 'Ben');
  const cleo = person(3, 'Cleo', { place: 'backstage' });
  const gone = person(4, 'Dan', { connected: false });
  const cases = [
    [stage('doors', [ada, ben, cleo, gone]), 'ready', 'stage', ['Ben', 'Cleo']],
    [stage('announced', [ada]), 'ready', 'nobody', []],
    [stage('on_air', [ada, ben, cleo]), 'on_air', 'everybody', ['Ben', 'Cleo']],
    [stage('on_air', [adaBackstage, ben, cleo]), 'backstage', 'backstage', ['Cleo']],
    [stage('on_air', [adaBackstage, ben, gone]), 'backstage', 'nobody', []],
    [stage('ending', [ada, ben]), 'ending', 'stage', ['Ben']],
    [stage('ended', [ada, ben]), 'ended', 'nobody', []],
  ];
  for (const [document, standing, audience, hearers] of cases) assert.deepEqual(stand(document), { standing, audience, hearers });
});

test('nobody is told to be heard who is not', () => {
  const document = stage('on_air', [person(1, 'Ada'), person(2, 'Ben')]);
  const unheard = (standing) => ({ standing, audience: 'nobody', hearers: [] });
  assert.deepEqual(stand(document, { muted: true }), unheard('on_air_muted'));
  assert.deepEqual(stand(document, { microphone_works: false }), unheard('no_microphone'));
  assert.deepEqual(stand(document, { connection: 'waiting' }), unheard('reconnecting'));
  assert.deepEqual(stand(document, { connection: 'connecting', was_connected: false }), unheard('connecting'));
  assert.deepEqual(stand(null), unheard('reconnecting'));
  const backstage = stage('on_air', [person(1, 'Ada', { place: 'backstage' }), person(2, 'Ben', { place: 'backstage' })]);
  assert.deepEqual(stand(backstage, { muted: true }), unheard('backstage'));
});

test('who may do what to whom', () => {
  const host = person(1, 'Ada', { role: 'host' });
  const coHost = person(2, 'Ben', { role: 'co_host' });
  const other = person(3, 'Cleo', { role: 'co_host' });
  const speaker = person(4, 'Dan');
  assert.deepEqual(deedsOf(host, speaker), ['mute', 'place', 'noise_suppression', 'remove', 'revoke']);
  assert.deepEqual(deedsOf(host, coHost), deedsOf(host, speaker));
  assert.deepEqual(deedsOf(coHost, speaker), ['mute', 'place', 'remove']);
  assert.deepEqual(deedsOf(coHost, host), []);
  assert.deepEqual(deedsOf(coHost, other), []);
  assert.deepEqual(deedsOf(speaker, host), []);
  assert.deepEqual(deedsOf(speaker, speaker), ['mute', 'noise_suppression']);
  for (const me of [host, coHost]) for (const deed of ['remove', 'revoke']) assert.ok(!deedsOf(me, me).includes(deed));
  assert.deepEqual(['host', 'co_host', 'speaker'].map(runsTheShow), [true, true, false]);
  assert.deepEqual(['host', 'co_host', 'speaker'].map(invites), [['speaker', 'co_host'], ['speaker'], []]);
});

test('a press mutes at once, and the stage is told until it says so', () => {
  const mute = new MuteWish(false);
  assert.equal(mute.hear(false, 0), null);
  mute.want(true);
  assert.equal(mute.muted, true);
  assert.equal(mute.hear(false, 100), true, 'asks');
  assert.equal(mute.hear(false, 200), null, 'waits for the answer');
  assert.equal(mute.hear(false, 3_200), true, 'asks again');
  assert.equal(mute.hear(true, 3_300), null);
  mute.want(false);
  assert.equal(mute.muted, false);
  assert.equal(mute.hear(true, 3_400), false);
  assert.equal(mute.hear(false, 3_500), null);
  assert.deepEqual([mute.muted, mute.by_other], [false, false]);
});

test('others may mute a microphone, and nobody else opens it', () => {
  const mute = new MuteWish(false);
  mute.hear(false, 0);
  mute.hear(true, 100);
  assert.deepEqual([mute.muted, mute.by_other], [true, true]);
  assert.equal(mute.hear(false, 200), true, 'the stage is told that it stays shut');
  assert.equal(mute.muted, true);
  mute.want(false);
  assert.deepEqual([mute.muted, mute.by_other], [false, false]);
});

test('who comes back muted stays muted, by a reload and by the stage', () => {
  const reloaded = new MuteWish(true);
  assert.equal(reloaded.hear(false, 0), true);
  assert.equal(reloaded.muted, true);
  const elsewhere = new MuteWish(false);
  assert.equal(elsewhere.hear(true, 0), null);
  assert.deepEqual([elsewhere.muted, elsewhere.by_other], [true, false]);
});

test('a refused unmute leaves the microphone shut, a refused mute as well', () => {
  for (const wish of [true, false]) {
    const mute = new MuteWish(false);
    mute.hear(!wish, 0);
    mute.want(wish);
    mute.refused();
    assert.equal(mute.muted, true);
  }
});

test('a double click dumps nothing, hammering does, and an armed button calms down', () => {
  const clicked = new Armed();
  assert.deepEqual([1_000, 1_150].map((at) => clicked.press(at)), [false, false]);
  assert.equal(clicked.isArmed(1_200), true);
  assert.equal(clicked.isArmed(4_000), false);
  assert.equal(clicked.press(4_100), false, 'arms anew');
  const hammered = new Armed();
  assert.deepEqual([0, 180, 360].map((at) => hammered.press(at)), [false, false, true]);
  assert.equal(hammered.isArmed(400), false);
});

test('notices: the most urgent first, and nothing that goes without saying', () => {
  const calm = {
    document: stage('on_air', [person(1, 'Ada')]), connection: { failures: 0, problem: null }, blocked: false,
    microphone: 'open', microphone_problem: null, muted: false, muted_by_other: false,
  };
  assert.deepEqual(noticesOf(calm), []);
  const warned = stage('on_air', [person(1, 'Ada', { warnings: ['echo', 'silent'] }), person(2, 'Ben', { warnings: ['echo'] })], { warnings: ['disk_full'] });
  const kinds = (signs) => noticesOf({ ...calm, document: warned, ...signs }).map((notice) => [notice.kind, notice.warning].filter(Boolean).join(' '));
  assert.deepEqual(kinds({ blocked: true }), ['blocked', 'show disk_full', 'mine echo', 'mine silent']);
  assert.deepEqual(kinds({ muted: true, muted_by_other: true }), ['show disk_full', 'muted_by_other', 'mine echo']);
  assert.deepEqual(kinds({ microphone: 'lost' }), ['microphone_lost', 'show disk_full', 'mine echo']);
  assert.deepEqual(kinds({ microphone: 'taken' })[0], 'microphone_taken');
  const tried = (failures, problem) => noticesOf({ ...calm, document: null, connection: { failures, problem } }).map(({ kind }) => kind);
  assert.deepEqual([tried(1, null), tried(2, null)], [[], ['no_way']], 'one try that fails is nothing yet');
  assert.deepEqual([tried(1, unreachable()), tried(2, unreachable())], [[], ['server_silent']]);
  const full = new Problem(409, 'stage_full', '', 'The stage is full.', null, null);
  assert.deepEqual(noticesOf({ ...calm, connection: { failures: 1, problem: full } }), [{ kind: 'refused', problem: full }]);
  const empty = (phase) => noticesOf({ ...calm, document: stage(phase, [person(1, 'Ada', { place: 'backstage' })], { slate: 'nobody_connected' }) });
  assert.deepEqual([empty('on_air'), empty('ending')], [[{ kind: 'nobody_on_air' }], []]);
});

test('an order that was not followed is told of for a while, and silence not for long', () => {
  const refusal = new Problem(409, 'wrong_phase', '', 'That is not possible now.', null, null);
  assert.deepEqual([4_999, 5_000].map((told_ms) => isPast(unreachable(), told_ms)), [false, true]);
  assert.deepEqual([5_000, 19_999, 20_000].map((told_ms) => isPast(refusal, told_ms)), [false, false, true]);
});

test('every text is there in both languages, and every known warning has its sentences', () => {
  const shape = (value, path = '') =>
    typeof value === 'object' ? Object.entries(value).flatMap(([name, inner]) => shape(inner, `${path}.${name}`)) : [`${path}: ${typeof value}`];
  // Refusals are in English already.
  assert.deepEqual(shape({ ...de, refusals: {} }), shape(en));
  const empty = (value) => (typeof value === 'object' ? Object.values(value).some(empty) : typeof value === 'string' && value.trim() === '');
  assert.deepEqual([empty(en), empty(de)], [false, false]);
  for (const texts of [en, de]) {
    for (const warning of ['echo', 'clipping', 'silent', 'not_a_number']) {
      assert.ok(texts.warningMine[warning].length > 0);
      assert.match(texts.warningOf[warning]('Ben'), /Ben/);
    }
  }
  assert.equal(en.names(['Ada', 'Ben', 'Cleo', 'Dan', 'Eve']), 'Ada, Ben and 3 others');
  assert.equal(de.names(['Ada', 'Ben']), 'Ada und Ben');
});

test('an invitation names the show and, where the name is known, who invites', () => {
  const url = 'https://example.org/evening/studio#k';
  assert.equal(en.invite.words('Ada', 'Evening', url), `Ada invites you to the stage of “Evening”. This link lets you in:\n${url}`);
  assert.equal(en.invite.words('', 'Evening', url), `You are invited to the stage of “Evening”. This link lets you in:\n${url}`);
  assert.equal(de.invite.words('Ada', 'Abend', url), `Ada lädt dich auf die Bühne von „Abend“ ein. Mit diesem Link kommst du herein:\n${url}`);
  assert.equal(de.invite.words('', 'Abend', url), `Du bist auf die Bühne von „Abend“ eingeladen. Mit diesem Link kommst du herein:\n${url}`);
});
