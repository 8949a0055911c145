// Where a page stands at the gate. The expected numbers are worked out by hand from crates/stentor-gate: `Board::standing`, `Group::before`
// and `Board::wait` in board.rs, `Range` in wait.rs, the layout in ticket.rs and `Draw::rank` in draw.rs; each test says how.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isLost, readTicket, standingOf, turnOf } from '../dist/listener/gate.js';

const HALF = 2 ** 31;
const lane = (over = {}) => ({ bound: { cohort: 0, rank: 0, serial: 0 }, groups: [], late: 0, lost: [], ...over });
const gate = (over = {}, first = lane(), second = lane()) => ({
  open: false, seats: 2_000, waiting: 0, commitment: '', draw: { seed: '', public_value: '', key: '' }, lanes: [first, second],
  lost_serials: 16_384, over: 0, frees: Array(12).fill(0), frees_step_s: 10, leave_per_s: null, ...over,
});
const turn = (cohort, rank = 0, serial = 0, of = 0) => ({ lane: of, cohort, rank, serial });
const ticket = { lane: 0, serial: 7, cohort: 0, signature: new Uint8Array(16) };
const at = (board, own) => standingOf(board, ticket, own);
const before = (first, own, second) => at(gate({}, first, second), own).before;
/** Both ends of a range around a middle: divided by and multiplied with the root of two. */
const around = (middle_s) => [middle_s / 2 ** 0.5, middle_s * 2 ** 0.5];
const near = (range, wanted) => range.forEach((end, i) => assert.ok(Math.abs(end - wanted[i]) < 1e-9, `${range} is not ${wanted}`));

test('a ticket has key, lane, show, serial, cohort, expiry and signature, in 36 bytes', () => {
  const bytes = Buffer.alloc(36);
  bytes[0] = 3;
  bytes[1] = 1;
  bytes.fill(0xff, 2, 8);
  bytes.writeUInt32BE(0xfffefdfc, 8);
  bytes.writeUInt32BE(0x01020304, 12);
  bytes.writeUInt32BE(1_800_000_000, 16);
  for (let i = 0; i < 16; i += 1) bytes[20 + i] = 240 + i;
  const text = bytes.toString('base64url');
  assert.match(text, /[-_]/, 'the letters in which base64url is not base64');
  assert.deepEqual(readTicket(text), { lane: 1, serial: 0xfffefdfc, cohort: 0x01020304, signature: new Uint8Array(bytes.subarray(20)) });
});

test('what is no ticket is none', () => {
  for (const text of ['', 'A'.repeat(47), 'A'.repeat(49), `${'A'.repeat(47)}=`, `${'A'.repeat(47)}+`, ` ${'A'.repeat(47)}`]) {
    assert.equal(readTicket(text), null, text);
  }
});

test('a rank is the beginning of SHA-256 of the draw’s key and the signature', async () => {
  // The draw as draw.rs makes it: SHA-256("stentor draw" ‖ seed ‖ public value).
  const key = createHash('sha256').update('stentor draw').update(Buffer.alloc(32, 7)).update('round 1').digest();
  const signature = new Uint8Array(16).fill(9);
  const wanted = createHash('sha256').update(key).update(signature).digest().readUInt32BE(0);
  const drawn = await turnOf({ lane: 1, serial: 5, cohort: 2, signature }, key.toString('hex'));
  assert.deepEqual(drawn, { lane: 1, cohort: 2, rank: wanted, serial: 5 });
});

test('SHA-256 of 48 zero bytes, as `head -c48 /dev/zero | sha256sum` says it', async () => {
  const { rank } = await turnOf({ lane: 0, serial: 0, cohort: 0, signature: new Uint8Array(16) }, '00'.repeat(32));
  assert.equal(rank, 0x17b0761f);
});

test('with room for everybody no ticket is needed, and without one needs it', () => {
  assert.deepEqual(standingOf(gate({ open: true }), null, null), { kind: 'open' });
  assert.deepEqual(standingOf(gate(), null, null), { kind: 'unticketed' });
  // Before the doors nobody is let in, however much room there is.
  assert.deepEqual(standingOf(gate({ open: false, draw: null }), null, null), { kind: 'unticketed' });
  assert.deepEqual(at(gate({ open: false, draw: null }), null), { kind: 'undrawn' });
  assert.deepEqual(at(gate({ open: true, draw: null }), null), { kind: 'open' });
  // Whoever cannot rank their ticket need not, while there is room; else they are told their turn.
  assert.deepEqual(at(gate({ open: true }), null), { kind: 'open' });
  assert.deepEqual(at(gate(), null), { kind: 'waiting', before: null, wait_s: null });
});

test('whoever has a turn before the bound was called: by cohort, then rank, then serial', () => {
  const bound = { cohort: 3, rank: 100, serial: 40 };
  const kind = (...own) => at(gate({}, lane({ bound })), turn(...own)).kind;
  assert.equal(kind(2, 2 ** 32 - 1, 99), 'called');
  assert.equal(kind(3, 99, 99), 'called');
  assert.equal(kind(3, 100, 39), 'called');
  assert.equal(kind(3, 100, 40), 'waiting', 'the bound itself is the next one');
  assert.equal(kind(3, 100, 41), 'waiting');
  assert.equal(kind(4, 0, 0), 'waiting');
  // Of their own lane.
  assert.equal(at(gate({}, lane({ bound }), lane()), turn(2, 0, 0, 1)).kind, 'waiting');
});

test('of a group of one cohort as many are before as the rank says', () => {
  // share(turn) = (0 + 2^31 / 2^32) / 1 = 0.5; nobody called: 800 × 0.5.
  assert.equal(before(lane({ groups: [[0, 0, 800]] }), turn(0, HALF)), 400);
  // A quarter is called: (0.5 − 0.25) / 0.75 = 1/3 of the 600 that are left.
  assert.equal(before(lane({ bound: { cohort: 0, rank: HALF / 2, serial: 0 }, groups: [[0, 0, 600]] }), turn(0, HALF)), 200);
  // Cut off, not rounded: 3 × 0.5 = 1.5.
  assert.equal(before(lane({ groups: [[0, 0, 3]] }), turn(0, HALF)), 1);
});

test('earlier cohorts are before as a whole, later ones not at all', () => {
  // 100 + 50, and half of 80.
  const groups = [[0, 0, 100], [1, 2, 50], [5, 5, 80], [6, 9, 1_000]];
  assert.equal(before(lane({ groups }), turn(5, HALF)), 190);
  // A cohort of which nobody is counted: those before it.
  assert.equal(before(lane({ groups }), turn(3, HALF)), 150);
});

test('in a group of several cohorts they are taken as equally large', () => {
  // Cohorts 4 to 7: share = (6 − 4 + 0.5) / 4 = 0.625 of 64.
  assert.equal(before(lane({ groups: [[4, 7, 64]] }), turn(6, HALF)), 40);
  // The bound in the middle of cohort 5: called = 1.5 / 4 = 0.375; (0.625 − 0.375) / 0.625 = 0.4 of 60.
  assert.equal(before(lane({ bound: { cohort: 5, rank: HALF, serial: 0 }, groups: [[4, 7, 60]] }), turn(6, HALF)), 24);
  // A bound before the group calls nobody of it.
  assert.equal(before(lane({ bound: { cohort: 3, rank: HALF, serial: 0 }, groups: [[4, 7, 60]] }), turn(4)), 0);
});

test('when a whole group is called but for its last, nobody is before that one', () => {
  // The bound in a later cohort is clamped to the last one, with rank 0: 0 of 1 cohort called; of two, 0.5.
  // left = 1 − share; (share − share) / left = 0.
  const last = 2 ** 32 - 1;
  assert.equal(before(lane({ bound: { cohort: 0, rank: last, serial: 0 }, groups: [[0, 0, 1]] }), turn(0, last, 3)), 0);
});

test('the late of the lane are before, and everybody of the lane in front', () => {
  // 3 late and half of 10.
  assert.equal(before(lane({ late: 3, groups: [[0, 0, 10]] }), turn(0, HALF)), 8);
  // Lane 1: all of lane 0, which are 2 late and 30 + 40, then 1 late and a quarter of 20.
  const front = lane({ late: 2, groups: [[0, 0, 30], [1, 1, 40]] });
  assert.equal(before(front, turn(0, HALF / 2, 0, 1), lane({ late: 1, groups: [[0, 0, 20]] })), 78);
});

test('the wait is for a seat that is kept, as long as there are enough of them', () => {
  const frees = [0, 2, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
  const wait = (people, over = {}) => at(gate({ frees, ...over }, lane({ late: people })), turn(0)).wait_s;
  // Nobody and one before: the second step, in the middle of 10 to 20 s.
  near(wait(0), around(15));
  near(wait(1), around(15));
  // Two before: 2 are not fewer than the 2 that are freed by then, and 2 < 2 + 5 in the fourth.
  near(wait(2), around(35));
  near(wait(6), around(35));
  // Those who have to leave first count like people before.
  near(wait(1, { over: 1 }), around(35));
});

test('beyond that it is for one whose holder has yet to leave', () => {
  const frees = [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
  const wait = (people, leave_per_s) => at(gate({ frees, leave_per_s }, lane({ late: people })), turn(0)).wait_s;
  // 7 are freed; 306 − 7 = 299 and one more leave in 300 / 5 = 60 s, and that seat is kept for 120 s more.
  near(wait(306, 5), around(180));
  near(wait(7, 0.5), around(122));
  near(wait(6, null), around(115));
});

test('nothing is said of what is not known', () => {
  const wait = (leave_per_s) => at(gate({ leave_per_s }, lane({ late: 5 })), turn(0)).wait_s;
  assert.equal(wait(null), null);
  assert.equal(wait(0), null);
});

test('a crash has perhaps lost as many serials as the board says, of one lane', () => {
  const board = gate({ lost_serials: 100 }, lane({ lost: [50, 1_000] }));
  const lost = (serial, of = 0) => isLost(board, { ...ticket, serial, lane: of });
  assert.deepEqual([49, 50, 149, 150, 1_099, 1_100].map((serial) => lost(serial)), [false, true, true, false, true, false]);
  assert.equal(lost(50, 1), false);
});
