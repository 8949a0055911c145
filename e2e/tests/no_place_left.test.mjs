// Fault 18: more callers than there are descriptors for. The door lets nobody in for a while and says so; who listens hears on, and
// whoever waited is let in when there is a place again.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';

import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

/** Of which the front door gets a quarter. */
const DESCRIPTORS = 400;
const PLACES = DESCRIPTORS / 4;

async function call(t, house, says) {
  const { hostname: host, port } = new URL(house.server.front);
  const socket = connect({ host, port });
  t.after(() => socket.destroy());
  const caller = { socket, bytes: 0, ended: false };
  socket.on('error', () => {});
  socket.on('data', (piece) => { caller.bytes += piece.length; });
  socket.on('close', () => { caller.ended = true; });
  await once(socket, 'connect');
  socket.write(says);
  return caller;
}

const STREAM = 'GET /evening/live.ogg?kbps=16 HTTP/1.1\r\nHost: x\r\n\r\n';

test('more callers than places', async (t) => {
  const house = await House.open(t, { descriptors: DESCRIPTORS });
  await house.show('evening', ['host']);
  const witness = await call(t, house, STREAM);
  await until('the witness hears', () => witness.bytes > 1_000);
  const crowd = await Promise.all(Array.from({ length: 2 * PLACES }, () => call(t, house, STREAM)));

  await until('the door says that it is full', async () => (await house.metric('stentor_door_paused_total{door="front"}')) > 0);
  await until('every place is taken', async () => (await house.metric('stentor_front_listeners')) >= PLACES - 2);
  assert.ok((await house.metric('stentor_door_connections{door="front"}')) <= PLACES);
  const before = witness.bytes;
  await until('the witness hears on', () => witness.bytes > before);
  assert.ok(!witness.ended);
  // The desk and the stage have places of their own.
  assert.equal((await house.desk.show('evening')).id, 'evening');

  const waiting = crowd.filter(({ bytes }) => bytes === 0);
  assert.ok(waiting.length >= PLACES, `${waiting.length} wait`);
  for (const caller of crowd.filter(({ bytes }) => bytes > 0)) caller.socket.destroy();
  await until('those who waited hear', () => waiting.filter(({ bytes }) => bytes > 1_000).length >= PLACES - 2);
  assert.ok(!witness.ended);
});
