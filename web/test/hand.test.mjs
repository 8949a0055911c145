// A raised hand against a door that answers as docs/reference/http.md says, over a real socket.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Hand } from '../dist/listener/hand.js';

const POLL_MS = 5;

/** A door that gives these answers in turn, the last one for ever, and notes what it was asked; `told` once a hand is taken down. */
async function door(t, answers) {
  const asked = [];
  let lowered;
  const told = new Promise((resolve) => { lowered = resolve; });
  const server = createServer(async (request, response) => {
    asked.push({ method: request.method, path: request.url, body: Buffer.concat(await request.toArray()).toString() });
    if (request.method === 'DELETE') {
      lowered();
      return response.writeHead(204).end();
    }
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === 'breaks') return response.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { asked, told, url: `http://127.0.0.1:${server.address().port}/evening/hand` };
}

/** Raises a hand and gives its states, until one of them is `last`. */
function raise(t, url, last, [name, note] = ['Cleo', '']) {
  return new Promise((resolve) => {
    const states = [];
    const hand = new Hand(url, () => {
      states.push(hand.state);
      if (hand.state.step === last) resolve({ hand, states });
    }, POLL_MS);
    t.after(() => hand.lower());
    void hand.raise(name, note);
  });
}

const raised = { status: 201, json: { token: 'a/b', place: 3 } };
const waiting = (place) => ({ status: 200, json: { state: 'waiting', place } });

test('a hand waits, moves up, and is accepted', async (t) => {
  const studio_url = 'https://stage.example.org/evening/studio#key=k';
  const { asked, url } = await door(t, [raised, waiting(2), 'breaks', waiting(1), { status: 200, json: { state: 'accepted', studio_url } }]);
  const { hand, states } = await raise(t, url, 'accepted', ['Cleo', 'About tides']);
  assert.equal(states[0].step, 'raising');
  assert.deepEqual([...new Set(states.flatMap((s) => s.place ?? []))], [3, 2, 1], 'an answer that is lost takes no hand down');
  assert.equal(hand.state.studio_url, studio_url);
  assert.deepEqual(JSON.parse(asked[0].body), { name: 'Cleo', note: 'About tides' });
  assert.equal(asked[1].path, '/evening/hand/a%2Fb');
});

test('no to the host’s yes is told to the host', async (t) => {
  const studio_url = 'https://stage.example.org/evening/studio#key=k';
  const { asked, told, url } = await door(t, [raised, { status: 200, json: { state: 'accepted', studio_url } }]);
  const { hand } = await raise(t, url, 'accepted');
  hand.lower();
  await told;
  assert.equal(asked[asked.length - 1].path, '/evening/hand/a%2Fb');
  assert.equal(hand.state.step, 'down');
});

test('a hand that is taken back on its way up is taken down', async (t) => {
  const { asked, told, url } = await door(t, [raised]);
  const states = [];
  const hand = new Hand(url, () => states.push(hand.state.step), POLL_MS);
  const up = hand.raise('Cleo', '');
  hand.lower();
  await Promise.all([up, told]);
  assert.deepEqual(states, ['raising', 'down']);
  assert.equal(asked[asked.length - 1].path, '/evening/hand/a%2Fb');
});

test('an empty note is not sent', async (t) => {
  const { asked, url } = await door(t, [raised, { status: 200, json: { state: 'declined' } }]);
  await raise(t, url, 'declined');
  assert.deepEqual(JSON.parse(asked[0].body), { name: 'Cleo' });
});

test('a hand that the server does not know is gone', async (t) => {
  const { url } = await door(t, [raised, { status: 404, json: { reason: 'unknown_hand' } }]);
  await raise(t, url, 'gone');
});

test('an address that opens no page is never offered', async (t) => {
  const { url } = await door(t, [raised, { status: 200, json: { state: 'accepted', studio_url: 'javascript:alert(1)' } }]);
  await raise(t, url, 'gone');
});

test('a refusal keeps its words', async (t) => {
  const { url } = await door(t, [{ status: 429, json: { reason: 'too_many_hands', title: 'Full', detail: 'A hundred hands are up.' } }]);
  const { hand } = await raise(t, url, 'refused');
  assert.equal(hand.state.problem.sentence(''), 'A hundred hands are up.');
});

test('a hand taken down asks no more', async (t) => {
  const second = { status: 201, json: { token: 'second', place: 1 } };
  const { asked, url } = await door(t, [raised, second, waiting(1), waiting(1), { status: 200, json: { state: 'declined' } }]);
  const { hand } = await raise(t, url, 'waiting');
  hand.lower();
  await raise(t, url, 'declined');
  assert.equal(hand.state.step, 'down');
  assert.deepEqual(asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path), ['/evening/hand/a%2Fb']);
  assert.deepEqual([...new Set(asked.filter(({ method }) => method === 'GET').map(({ path }) => path))], ['/evening/hand/second']);
});
