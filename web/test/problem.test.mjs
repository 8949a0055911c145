// Asking a door: what an answer, a refusal and silence come to.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { ask, Problem } from '../dist/shared/problem.js';

/** A door that answers as `answer` does; its address. */
async function door(t, answer) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

const isSilence = (error) => error instanceof Problem && error.unreachable;

test('an answer, an empty answer and a refusal', async (t) => {
  const url = await door(t, (request, response) => {
    if (request.method === 'DELETE') return response.writeHead(204).end();
    if (request.method === 'GET') return response.end('{"shows":[]}');
    response.writeHead(409, { 'Retry-After': '5' }).end('{"reason":"stage_full","detail":"The stage is full."}');
  });
  assert.deepEqual(await ask(url), { shows: [] });
  assert.equal(await ask(url, { method: 'DELETE' }), null);
  await assert.rejects(ask(url, { method: 'POST', json: {} }), { status: 409, reason: 'stage_full', retry_after_s: 5 });
});

test('a door that hangs does not answer, before its first byte or in the middle', async (t) => {
  const silent = await door(t, () => undefined);
  await assert.rejects(ask(silent, { patience_ms: 20 }), isSilence);
  const stuck = await door(t, (_, response) => response.write('{"shows":['));
  await assert.rejects(ask(stuck, { patience_ms: 200 }), isSilence);
});

test('what the asker gives up is no problem of the door', async (t) => {
  const stop = new AbortController();
  const silent = await door(t, () => stop.abort());
  await assert.rejects(ask(silent, { signal: stop.signal }), { name: 'AbortError' });
  await assert.rejects(ask(silent, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});
