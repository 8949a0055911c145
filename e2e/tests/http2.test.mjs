// HTTP/2 as a setting, for a cache in front: spoken by Node's client, within bounds, and by nobody without the setting.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';

import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

/** What a connection agrees on when this is offered. */
async function agreed(house, ALPNProtocols) {
  const { hostname: host, port } = new URL(house.server.front);
  const socket = connectTls({ host, port, ca: house.ca, ALPNProtocols });
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket.alpnProtocol;
}

/** A request and its answer: status, and the body's beginning. */
async function get(session, path, bytes = Infinity) {
  const stream = session.request({ ':path': path });
  const gone = once(stream, 'close').then(() => { throw new Error(`${path} was not answered`); });
  const [headers] = await Promise.race([once(stream, 'response'), gone]);
  gone.catch(() => {});
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size >= bytes) break;
  }
  stream.destroy();
  return { status: headers[':status'], size };
}

test('HTTP/2', async (t) => {
  await t.test('is not spoken unless it is set', async (t) => {
    const house = await House.withTls(t);
    assert.equal(await agreed(house, ['h2', 'http/1.1']), 'http/1.1');
  });

  const house = await House.withTls(t, { config: '[front]\nhttp2 = true\n' });
  await house.show('evening', ['host']);
  const open = () => {
    const session = connectHttp2(house.server.front, { ca: house.ca });
    session.on('error', () => {});
    t.after(() => session.destroy());
    return session;
  };
  await t.test('is agreed on with whoever offers it', async () => {
    assert.equal(await agreed(house, ['h2', 'http/1.1']), 'h2');
    assert.equal(await agreed(house, ['http/1.1']), 'http/1.1');
  });
  await t.test('brings pages, playlists and sound', async () => {
    const session = open();
    await until('there is sound', async () => (await get(session, '/evening/hls/aac-32/live.m3u8')).status === 200);
    assert.equal((await get(session, '/evening')).status, 200);
    const stream = await get(session, '/evening/live.ogg?kbps=32', 10_000);
    assert.ok(stream.status === 200 && stream.size >= 10_000, JSON.stringify(stream));
    assert.equal((await get(session, '/evening/nothing')).status, 404);
  });
  await t.test('takes so many requests at once and no more', async () => {
    const session = open();
    const [settings] = await once(session, 'remoteSettings');
    assert.ok(settings.maxConcurrentStreams <= 32 && settings.maxHeaderListSize <= 16 * 1024, JSON.stringify(settings));
  });
  await t.test('lets go of whoever agrees on it and asks nothing', async () => {
    const { hostname: host, port } = new URL(house.server.front);
    const socket = connectTls({ host, port, ca: house.ca, ALPNProtocols: ['h2'] });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    await once(socket.resume(), 'close');
  });
  await t.test('closes on whoever begins requests and takes them back, and others hear on', async () => {
    const listener = open().request({ ':path': '/evening/live.ogg?kbps=32' });
    let heard = 0;
    listener.on('data', (piece) => { heard += piece.length; });
    const flood = open();
    await once(flood, 'connect');
    for (let n = 0; n < 2_000 && !flood.destroyed; n += 1) {
      const request = flood.request({ ':path': '/evening' });
      request.on('error', () => {});
      request.close(8);
    }
    await until('the flood is cut off', () => flood.destroyed || flood.closed);
    const before = heard;
    await until('the listener hears on', () => heard > before);
    assert.equal((await get(open(), '/evening')).status, 200);
  });
});
