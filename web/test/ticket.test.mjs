// A page's ticket against a door that answers as the gate does, over a real socket.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, test } from 'node:test';
import { turnOf, readTicket } from '../dist/listener/gate.js';
import { TicketHolder } from '../dist/listener/ticket.js';
import { initialState } from '../dist/player/state.js';
import { Problem } from '../dist/shared/problem.js';

// What of a page the holder touches.
globalThis.window = new EventTarget();
globalThis.document = { visibilityState: 'visible' };
const kept = new Map();
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, text) => void kept.set(name, text),
  removeItem: (name) => void kept.delete(name),
};
afterEach(() => {
  kept.clear();
  document.visibilityState = 'visible';
});

const NAME = 'stentor.ticket.evening';
const KEY = '00'.repeat(32);
const DRAW = { seed: '', public_value: '', key: KEY };
const lane = (over = {}) => ({ bound: { cohort: 0, rank: 0, serial: 0 }, groups: [[0, 0, 100]], late: 0, lost: [], ...over });
const gate = (over = {}, first = lane()) => ({
  open: false, seats: 2, waiting: 100, commitment: 'c0', draw: DRAW, lanes: [first, lane({ groups: [] })],
  lost_serials: 100, over: 0, frees: Array(12).fill(0), frees_step_s: 10, leave_per_s: null, ...over,
});
const everybodyCalled = lane({ bound: { cohort: 1, rank: 0, serial: 0 }, groups: [] });
const player = (phase, over = {}) => ({ ...initialState('mse', false), phase, ...over });
const refused = (reason) => player('in_line', { refusal: new Problem(503, reason, '', '', 0, null) });

/** The text of a ticket with this serial. */
function textOf(serial) {
  const bytes = Buffer.alloc(36);
  bytes.writeUInt32BE(serial, 8);
  return bytes.toString('base64url');
}
const given = (serial) => ({ status: 201, json: { ticket: textOf(serial), lane: 0, cohort: 0, serial } });
const called = { status: 200, json: { state: 'called' } };
const waiting = (turn) => ({ status: 200, json: { state: 'waiting', turn, before: 0, beside: null, wait_s: null } });
const refusal = (status, reason) => ({ status, json: { reason, retry_after_s: 0 } });

/** A gate with these answers for each of its paths, in turn, and a page before it. */
async function at(t, answers) {
  const asked = [];
  const server = createServer((request, response) => {
    const what = request.url.split('/').pop();
    if (what === 'marker') return response.end();
    asked.push([request.method, request.url, request.headers.authorization ?? ''].join(' ').trim());
    const answer = answers[what]?.shift();
    if (!answer) return response.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { fetch } = globalThis;
  globalThis.fetch = (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
  const page = { gate: null, player: player('stopped'), moves: 0, silent: false };
  const wishes = new Set();
  const holder = new TicketHolder('evening', () => look(), () => (page.moves += 1), 0);
  /** As the page does whenever something changes. */
  function look() {
    holder.update(page.gate, page.player, page.silent);
    wishes.forEach((wish) => wish());
  }
  t.after(() => {
    page.gate = null;
    globalThis.fetch = fetch;
    server.close();
    server.closeAllConnections();
  });
  return {
    asked, holder, page, look,
    /** What was to be asked has been asked: its timer is over, and what was asked after it is answered. */
    async quiet() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await fetch(`http://127.0.0.1:${server.address().port}/marker`);
    },
    until: (is) => new Promise((resolve) => {
      const wish = () => is() && resolve(wishes.delete(wish));
      wishes.add(wish);
      wish();
    }),
    see(board, state = page.player) {
      page.gate = board;
      page.player = state;
      look();
    },
  };
}

test('before the doors a page that is looked at takes a ticket, one', async (t) => {
  const page = await at(t, { ticket: [given(7)] });
  page.see(gate({ draw: null }));
  await page.until(() => page.holder.standing.kind === 'undrawn');
  page.look();
  await page.quiet();
  assert.deepEqual(page.asked, ['POST /evening/ticket']);
  assert.deepEqual(JSON.parse(kept.get(NAME)), { text: textOf(7), commitment: 'c0' });
  assert.deepEqual(page.holder.entry, { ticket: textOf(7), held: true });
});

test('a page that nobody looks at takes none, unless it is to play', async (t) => {
  const page = await at(t, { ticket: [given(7)] });
  document.visibilityState = 'hidden';
  page.see(gate({ draw: null }));
  await page.quiet();
  assert.deepEqual(page.asked, []);
  page.see(gate({ draw: null }), player('in_line'));
  await page.until(() => page.holder.standing.kind === 'undrawn');
});

test('while there is room nobody takes one, and everybody is let in', async (t) => {
  const page = await at(t, {});
  page.see(gate({ open: true }), player('connecting'));
  await page.quiet();
  assert.deepEqual([page.asked, page.holder.entry], [[], { ticket: null, held: false }]);
  page.see(null);
  assert.deepEqual([page.holder.standing, page.holder.entry.held], [null, false]);
});

test('whoever wants to hear when all seats are taken gets in line, and is let in when the board calls', async (t) => {
  const page = await at(t, { ticket: [given(7)] });
  page.see(gate());
  assert.deepEqual([page.holder.standing.kind, page.holder.entry.held], ['unticketed', true]);
  page.see(gate(), player('in_line'));
  await page.until(() => page.holder.standing.kind === 'waiting' && page.holder.standing.before !== null);
  const { rank } = await turnOf(readTicket(textOf(7)), KEY);
  assert.equal(page.holder.standing.before, Math.trunc((100 * rank) / 2 ** 32));
  assert.equal(page.holder.entry.held, true);
  page.see(gate({}, everybodyCalled));
  assert.deepEqual(page.holder.entry, { ticket: textOf(7), held: false });
  assert.deepEqual(page.asked, ['POST /evening/ticket'], 'who was called is seen on the board');
});

test('whoever was let in without a ticket asks for the stream again when it breaks, and takes one when the seat is gone', async (t) => {
  const page = await at(t, { ticket: [given(7)] });
  const broken = player('reconnecting', { first_sound_ms: 300, reconnects: 1, retry_at: 1 });
  page.see(gate(), broken);
  await page.quiet();
  assert.deepEqual([page.asked, page.holder.entry], [[], { ticket: null, held: false }]);
  page.see(gate(), { ...broken, refusal: refused('full').refusal });
  assert.equal(page.holder.entry.held, true);
  await page.until(() => page.holder.entry.ticket !== null);
});

test('while the server does not answer an element is refused by nobody, and nothing is asked', async (t) => {
  const page = await at(t, { ticket: [given(7)] });
  page.page.silent = true;
  for (let reconnects = 1; reconnects < 20; reconnects += 1) {
    page.see(gate(), player('reconnecting', { mode: 'hls', first_sound_ms: 300, reconnects }));
  }
  assert.equal(page.holder.entry.held, false);
  page.see(gate(), player('in_line'));
  await page.quiet();
  assert.deepEqual(page.asked, []);
  page.page.silent = false;
  page.look();
  await page.until(() => page.holder.entry.ticket !== null);
});

test('whoever was refused before their ticket was found goes in with it', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(7), commitment: 'c0' }));
  const page = await at(t, {});
  page.see(gate({}, everybodyCalled), refused('full'));
  await page.until(() => page.holder.standing.kind === 'called');
  assert.deepEqual(page.holder.entry, { ticket: textOf(7), held: false });
  await page.quiet();
  assert.deepEqual(page.asked, []);
});

test('who was called by the gate and is told to wait later on waits', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(7), commitment: 'c0' }));
  const turn = { lane: 0, cohort: 0, rank: 5, serial: 7 };
  const page = await at(t, { claim: [called, waiting(turn)] });
  const broken = (reconnects) => player('reconnecting', { mode: 'hls', reconnects });
  page.see(gate(), broken(1));
  await page.until(() => page.holder.standing.kind === 'called');
  page.see(gate(), broken(2));
  await page.until(() => page.holder.standing.kind === 'waiting');
  assert.equal(page.holder.entry.held, true);
});

test('an element that asks in vain a few times takes a ticket, for it is not told why', async (t) => {
  const page = await at(t, { ticket: [given(7)] });
  const broken = (reconnects) => player('reconnecting', { mode: 'hls', first_sound_ms: 300, reconnects });
  for (const reconnects of [1, 2, 3, 4]) {
    page.see(gate(), broken(reconnects));
    assert.equal(page.holder.entry.held, false, `try ${reconnects}`);
  }
  page.see(gate(), broken(5));
  assert.equal(page.holder.entry.held, true);
  await page.until(() => page.holder.entry.ticket !== null);
});

test('a stream that was refused for want of a seat leads to a ticket, though the board knows of room', async (t) => {
  const page = await at(t, { ticket: [refusal(503, 'overloaded'), given(7)] });
  page.see(gate({ open: true }), refused('full'));
  assert.equal(page.holder.entry.held, true);
  await page.until(() => page.holder.entry.ticket !== null);
  assert.deepEqual(page.asked, ['POST /evening/ticket', 'POST /evening/ticket'], 'asked again after a refusal');
});

test('a kept ticket is good for the gate that gave it, and for no other', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0' }));
  const page = await at(t, {});
  page.see(gate({ open: true }));
  assert.equal(page.holder.entry.ticket, textOf(3));
  page.see(gate({ open: true, commitment: 'c1' }));
  assert.equal(page.holder.entry.ticket, null);
});

for (const reason of ['ticket_spent', 'ticket_invalid']) {
  test(`a ticket that is no longer good is dropped, and another taken: ${reason}`, async (t) => {
    kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0' }));
    const page = await at(t, { ticket: [given(9)] });
    page.see(gate({}, everybodyCalled), player('connecting'));
    page.see(gate(), refused(reason));
    assert.deepEqual([page.holder.entry, kept.get(NAME)], [{ ticket: null, held: true }, undefined]);
    await page.until(() => page.holder.entry.ticket === textOf(9));
  });
}

test('who is told that it is not their turn asks the gate, and goes by what it says', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0' }));
  const turn = { lane: 0, cohort: 5, rank: 2 ** 31, serial: 3 };
  const page = await at(t, { claim: [waiting(turn), called] });
  const board = gate({}, { ...everybodyCalled, groups: [[5, 5, 8]] });
  page.see(board, player('connecting'));
  await page.until(() => page.holder.standing.kind === 'called');
  page.see(board, refused('not_your_turn'));
  assert.equal(page.holder.entry.held, true);
  assert.equal(page.holder.standing.before, 0, 'by the board they were called');
  await page.until(() => page.holder.standing.before === 4);
  assert.deepEqual(page.asked, [`POST /evening/claim Bearer ${textOf(3)}`]);
  // Refused once more, after the line has moved; this time the gate calls, whatever the board says of that turn.
  page.see(board, refused('not_your_turn'));
  await page.until(() => page.holder.standing.kind === 'called');
  assert.equal(page.holder.entry.held, false);
});

test('a ticket that a crash may have lost is claimed with, and again with each crash', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(60), commitment: 'c0' }));
  const turn = { lane: 0, cohort: 0, rank: 0, serial: 60 };
  const page = await at(t, { claim: [waiting(turn), waiting({ ...turn, cohort: 3 })] });
  page.see(gate({}, lane({ lost: [] })));
  await page.until(() => page.holder.standing.before !== null);
  assert.deepEqual(page.asked, []);
  page.see(gate({}, lane({ lost: [50] })));
  await page.until(() => page.holder.standing.before === 0);
  page.look();
  assert.equal(page.asked.length, 1);
  // The second crash lost others, and this one claims even so.
  page.see(gate({}, lane({ groups: [[0, 0, 4], [3, 3, 1]], lost: [50, 900] })));
  await page.until(() => page.holder.standing.before === 4);
  assert.equal(page.asked.length, 2);
});

test('without WebCrypto the gate is asked for the turn', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0' }));
  t.mock.getter(globalThis.crypto, 'subtle', () => undefined);
  const page = await at(t, { claim: [waiting({ lane: 0, cohort: 0, rank: 2 ** 31, serial: 3 })] });
  page.see(gate({ draw: null }));
  page.see(gate());
  assert.deepEqual(page.holder.standing, { kind: 'waiting', before: null, wait_s: null });
  await page.until(() => page.holder.standing.before === 50);
  page.look();
  assert.equal(page.asked.length, 1);
});

test('a player that does not say why it broke has the gate asked', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0' }));
  const page = await at(t, { claim: [refusal(409, 'ticket_spent')], ticket: [given(4)] });
  const native = (phase, reconnects) => ({ ...initialState('hls', false), phase, reconnects, retry_at: phase === 'reconnecting' ? 1 : null });
  page.see(gate({}, everybodyCalled), native('playing', 0));
  await page.until(() => page.holder.standing.kind === 'called');
  page.see(gate(), native('reconnecting', 1));
  await page.until(() => page.holder.entry.ticket === textOf(4));
});

test('when another page hears with the same ticket, this one is told', async (t) => {
  kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0' }));
  const page = await at(t, {});
  const other = () => {
    const event = new Event('storage');
    event.key = NAME;
    window.dispatchEvent(event);
  };
  page.see(gate({}, everybodyCalled), player('playing'));
  assert.ok(JSON.parse(kept.get(NAME)).used_at > 0);
  other();
  const heardElsewhere = (used_at) => {
    kept.set(NAME, JSON.stringify({ text: textOf(3), commitment: 'c0', used_at }));
    other();
    return page.page.moves;
  };
  assert.deepEqual([page.page.moves, heardElsewhere(1)], [0, 0], 'neither what this page wrote itself nor what was before it is a move');
  assert.equal(heardElsewhere(Date.now() + 1_000), 1);
});
