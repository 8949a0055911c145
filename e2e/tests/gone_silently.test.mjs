// Fault 17: a listener whose network is gone without a word. Nothing comes back, and the place is free again within a minute of
// the show.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

const NFT = '/usr/sbin/nft';
const REAPED_S_MAX = 60;

/** Somebody who listens; what they heard is counted. */
async function listen(t, house) {
  const { hostname: host, port } = new URL(house.server.front);
  const socket = connect({ host, port });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const listener = { port: socket.localPort, bytes: 0, ended: false };
  socket.on('data', (piece) => { listener.bytes += piece.length; });
  socket.on('close', () => { listener.ended = true; });
  socket.write('GET /evening/live.ogg?kbps=64 HTTP/1.1\r\nHost: x\r\n\r\n');
  await until('the listener hears', () => listener.bytes > 1_000);
  return listener;
}

/** From here on no packet of this connection arrives, in either direction. */
async function cut(house, port) {
  const table = `stentor_e2e_${port}`;
  const rules = `table inet ${table} { chain in { type filter hook input priority 0; tcp sport ${port} drop; tcp dport ${port} drop; }; }`;
  await run(NFT, [rules]);
  house.keep({ close: () => run(NFT, ['delete', 'table', 'inet', table]) });
}

test('a listener who is gone without a word', async (t) => {
  const house = await House.open(t);
  await house.show('evening', ['host']);
  const [gone, witness] = [await listen(t, house), await listen(t, house)];
  assert.equal(await house.metric('stentor_front_listeners'), 2);
  await cut(house, gone.port);
  const cut_at_s = (await house.status('evening')).live_at_s;
  await until('the place is free', async () => (await house.metric('stentor_front_listeners')) === 1, { patience_s: 180, every_ms: 500 });
  const took_s = (await house.status('evening')).live_at_s - cut_at_s;
  t.diagnostic(`after ${took_s.toFixed(1)} s of the show`);
  assert.ok(took_s <= REAPED_S_MAX, `${took_s} s`);
  const before = witness.bytes;
  await until('the other one hears on', () => witness.bytes > before);
  assert.ok(!witness.ended);
});
