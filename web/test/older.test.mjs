// The status in a browser of some years ago, and whose fault a silence is.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { StatusPoll } from '../dist/listener/statuspoll.js';
import { addressOf, patience } from '../dist/shared/older.js';

delete AbortSignal.timeout;
delete AbortSignal.any;
delete URL.canParse;
// What of a page the poll touches.
globalThis.document = new EventTarget();
globalThis.window = new EventTarget();

/** A front door that gives this status, and a page's `fetch`, which knows where paths lead. */
async function door(t, answer) {
  // The next question is never asked.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = createServer((request, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { fetch } = globalThis;
  globalThis.fetch = (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
  t.after(() => {
    globalThis.fetch = fetch;
    server.close();
    server.closeAllConnections();
  });
}

async function asked() {
  const poll = new StatusPoll('evening', () => undefined);
  await poll.soon();
  return poll;
}

test('the status is heard', async (t) => {
  await door(t, { status: 200, json: { now: Date.now(), marks: [], poll_after_s: 60, title: 'Evening' } });
  const { status, silence } = await asked();
  assert.deepEqual([status.title, silence], ['Evening', null]);
});

test('a refusal is told as one', async (t) => {
  await door(t, { status: 404, json: { reason: 'unknown_show' } });
  assert.equal((await asked()).silence.problem.reason, 'unknown_show');
});

test('a fault of the page is no silence of the server', async (t) => {
  await door(t, { status: 200, json: { now: Date.now(), marks: null, poll_after_s: 60 } });
  const poll = new StatusPoll('evening', () => undefined);
  await assert.rejects(poll.soon(), TypeError);
  assert.equal(poll.silence, null);
});

test('patience ends with the first of its reasons', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stop = new AbortController();
  const signal = patience(60_000, stop.signal);
  assert.equal(signal.aborted, false);
  stop.abort();
  assert.equal(signal.aborted, true);
  assert.equal(patience(60_000, stop.signal).aborted, true);
  const late = patience(60_000);
  t.mock.timers.tick(60_000);
  assert.equal(late.aborted, true);
});

test('an address is taken apart, and nothing else', () => {
  assert.equal(addressOf('https://example.org/evening').host, 'example.org');
  assert.equal(addressOf('/evening'), null);
});
