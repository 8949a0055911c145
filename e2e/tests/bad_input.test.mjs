// What must be refused is refused with a sentence and a reason, and nobody else notices.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DATAGRAMS, GARBAGE, sendTcp, sendUdp } from '../clients/garbage.mjs';
import { openStream, refusal, refusalAsIs } from '../clients/listener.mjs';
import { keyOf } from '../harness/desk.mjs';
import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

const NOT_NAMES = ['-', 'a-', 'A', 'a.b', 'a_b', '%41', '%2e%2e', '..%2f..%2fetc', '%00', '%C3%A4', 'x'.repeat(64), 'a%20b'];

test('bad input disturbs nobody', async (t) => {
  const house = await House.open(t);
  const show = await house.show('calm', ['speaker', 'speaker']);
  const key = keyOf(show.links[0]);
  const listener = await openStream(`${show.listen_url}/live.ogg`);
  house.keep(listener);

  await t.test('unknown shows and odd names', () => checkNames(house));
  await t.test('keys that are wrong, foreign, expired or revoked', () => checkKeys(house, show));
  await t.test('offers that cannot be taken', () => checkOffers(house, key));
  await t.test('sessions that are not', () => checkSessions(house, key));
  await t.test('bodies and methods that do not fit', () => checkBodies(house, show));
  await t.test('garbage on every port', () => checkGarbage(house));

  await t.test('nobody else noticed', async () => {
    const before = listener.bytes;
    await until('the listener gets more sound', () => {
      if (!listener.open) throw new Error('the stream was cut');
      return listener.bytes > before + 20_000;
    });
    for (const door of ['front', 'stage', 'desk']) {
      assert.equal((await fetch(`${house.server[door]}/healthz`)).status, 200, door);
    }
    assert.ok(house.server.running(), house.server.said());
    const { epoch } = await house.status('calm');
    assert.equal(epoch, 1, 'the mixer was not restarted');
  });
});

async function checkNames(house) {
  const { front, stage, desk } = house.server;
  for (const path of ['/nobody/status', '/nobody/live.mp4', '/nobody/hls/index.m3u8', '/nobody/replay.m4a']) {
    const { status, reason } = await refusal(front + path);
    assert.deepEqual([status, reason], [404, 'unknown_show'], path);
  }
  for (const name of NOT_NAMES) {
    const { status } = await refusalAsIs(front, `/${name}/status`);
    assert.ok(status === 404 || status === 400, `${name}: ${status}`);
    const created = await refusal(`${desk}/api/v1/shows`, operator(house, { id: decodeURIComponent(name), title: 'x' }));
    assert.deepEqual([created.status, created.reason], [400, 'malformed'], name);
  }
  for (const name of ['api', 'assets', 'operator', 'studio']) {
    assert.equal((await refusal(`${desk}/api/v1/shows`, operator(house, { id: name }))).status, 400, name);
  }
  assert.equal((await refusal(`${desk}/api/v1/shows`, operator(house, { id: 'calm' }))).reason, 'show_exists');
  assert.equal((await refusal(`${stage}/nobody/whip`, offer('any', AUDIO))).reason, 'unknown_show');
  // What is not UTF-8 is no name anywhere.
  assert.equal((await refusalAsIs(front, '/%ff/status')).status, 400);
  for (const segment of ['0-0.m4s', '1-999999996.m4s', '1-0.m4s', '9-0.m4s']) {
    assert.equal((await refusal(`${front}/calm/hls/opus-32/${segment}`)).reason, 'not_on_tape', segment);
  }
  for (const segment of ['00-1.m4s', '1-0-0.m4s', '1-0-13.m4s', '1-1.m4s', '1--0.m4s', 'x.m4s']) {
    assert.equal((await refusal(`${front}/calm/hls/opus-32/${segment}`)).status, 404, segment);
  }
  assert.equal((await refusal(`${front}/calm/replay.m4a`)).reason, 'not_ended');
  assert.equal((await refusal(`${front}/calm/live.mp4?from=banana`)).reason, 'malformed');
}

async function checkKeys(house, show) {
  const { stage, desk } = house.server;
  const key = keyOf(show.links[0]);
  const session = (bearer, id = 'calm') => refusal(`${stage}/${id}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify({ name: 'Ada', consent: '2026-11' }),
  });
  assert.deepEqual(pick(await session(null)), [401, 'key_missing']);
  for (const wrong of ['x', key.slice(0, -2), `${key}A`, 'A'.repeat(key.length), 'not base64!', 'z'.repeat(9000)]) {
    const { status, reason } = await session(wrong);
    assert.ok(status === 401 || status === 431, `${wrong.slice(0, 20)}: ${status}`);
    if (status === 401) assert.equal(reason, 'key_invalid');
  }
  await house.desk.createShow({ id: 'other', title: 'Other' });
  assert.deepEqual(pick(await session(key, 'other')), [403, 'key_foreign']);
  const expired = await house.desk.link('calm', 'speaker', { expires_at: Date.now() - 1000 }).catch((error) => error);
  if (expired.url) assert.deepEqual(pick(await session(keyOf(expired))), [401, 'key_expired']);
  else assert.match(expired.message, /malformed/, 'a link that was never valid is either refused or made and refused');
  await house.desk.revoke('calm', show.links[1].id);
  assert.deepEqual(pick(await session(keyOf(show.links[1]))), [401, 'key_revoked']);
  const unkeyed = await refusal(`${desk}/api/v1/shows`);
  assert.deepEqual(pick(unkeyed), [401, 'key_missing']);
  const guessed = await refusal(`${desk}/api/v1/shows`, { headers: { authorization: `Bearer ${key}` } });
  assert.deepEqual(pick(guessed), [403, 'key_foreign']);
}

async function checkOffers(house, key) {
  const url = `${house.server.stage}/calm/whip`;
  const expected = {
    'nothing': ['', 'offer_malformed'],
    'no SDP': ['hello', 'offer_malformed'],
    'no media': [HEAD, 'offer_without_audio'],
    'video only': [HEAD + VIDEO, 'offer_without_audio'],
    'audio that we would send': [AUDIO.replace('sendonly', 'recvonly'), 'offer_without_audio'],
    'G.711 only': [AUDIO.replace('111 opus/48000/2', '0 PCMU/8000').replace('SAVPF 111', 'SAVPF 0'), 'offer_without_opus'],
  };
  for (const [what, [sdp, reason]] of Object.entries(expected)) {
    assert.equal((await refusal(url, offer(key, sdp))).reason, reason, what);
  }
  // Hostile ones: refused in one way or another, and with a document that says how.
  const hostile = [
    AUDIO.replace('a=ice-ufrag:test', 'a=ice-ufrag:' + 'u'.repeat(5000)),
    AUDIO.replace(/a=fingerprint.*\r\n/, ''),
    AUDIO.replace('sha-256', 'md5'),
    AUDIO.replace('v=0', 'v=9'),
    AUDIO.replace('m=audio 9', 'm=audio 99999999999999999999'),
    AUDIO.replaceAll('\r\n', '\n\n\n'),
    AUDIO + 'a=candidate:1 1 udp 1 0.0.0.0 0 typ host\r\n'.repeat(3000),
    HEAD + AUDIO.slice(HEAD.length).repeat(500),
    AUDIO.replace('opus', '\0\0\0\0'),
    'v=0\r\n'.repeat(20_000),
  ];
  for (const [i, sdp] of hostile.entries()) {
    const response = await fetch(url, offer(key, sdp));
    const text = await response.text();
    assert.ok(response.status < 500 || response.status === 503, `hostile ${i}: ${response.status} ${text}`);
    // A session that was made of it all the same ends with its DELETE and harms nobody.
    if (response.status === 201) {
      const location = new URL(response.headers.get('location'), url);
      await fetch(location, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } });
    }
  }
  const wrongType = { ...offer(key, AUDIO), headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain' } };
  assert.deepEqual(pick(await refusal(url, wrongType)), [415, 'wrong_type']);
  assert.deepEqual(pick(await refusal(url, offer(key, 'a'.repeat(500_000)))), [413, 'too_large']);
}

async function checkSessions(house, key) {
  const url = `${house.server.stage}/calm/whip/0123456789abcdef`;
  const bearer = { authorization: `Bearer ${key}` };
  assert.deepEqual(pick(await refusal(url, { method: 'DELETE', headers: bearer })), [404, 'unknown_session']);
  const patch = { method: 'PATCH', headers: { ...bearer, 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '"x"' }, body: '' };
  assert.deepEqual(pick(await refusal(url, patch)), [404, 'unknown_session']);
}

async function checkBodies(house, show) {
  const { front, stage, desk } = house.server;
  const json = (body) => ({ ...operator(house, {}), body });
  for (const body of ['', '{', '[]', '{"id":7}', '{"id":"x","unknown_field":1}', '"'.repeat(100)]) {
    assert.deepEqual(pick(await refusal(`${desk}/api/v1/shows`, json(body))), [400, 'malformed'], body);
  }
  assert.equal((await refusal(`${desk}/api/v1/shows`, json(`{"id":"${'x'.repeat(500_000)}"}`))).status, 413);
  for (const [url, method] of [[`${front}/calm/status`, 'POST'], [`${front}/calm/live.mp4`, 'DELETE'], [`${stage}/calm/whip`, 'PUT']]) {
    assert.deepEqual(pick(await refusal(url, { method })), [405, 'wrong_method'], `${method} ${url}`);
  }
  const noConsent = await refusal(`${stage}/calm/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keyOf(show.links[0])}` },
    body: JSON.stringify({ name: 'Ada' }),
  });
  assert.deepEqual(pick(noConsent), [403, 'consent_missing']);
  for (const name of ['', ' ', 'x'.repeat(41), 'a\u202Eb', 'a\u0000b']) {
    const refused = await refusal(`${stage}/calm/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${keyOf(show.links[0])}` },
      body: JSON.stringify({ name, consent: '2026-11' }),
    });
    assert.deepEqual(pick(refused), [400, 'malformed'], JSON.stringify(name));
  }
}

async function checkGarbage(house) {
  const ports = ['front', 'stage', 'desk'].map((door) => Number(new URL(house.server[door]).port));
  for (const port of [...ports, house.server.media_port]) {
    await Promise.all(GARBAGE.map((bytes) => sendTcp(port, bytes)));
  }
  await sendUdp(house.server.media_port, DATAGRAMS, 200);
}

const pick = ({ status, reason }) => [status, reason];
const offer = (key, sdp) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/sdp' },
  body: sdp,
});
const operator = (house, body) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${house.server.operator_key}`, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const HEAD = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', ''].join('\r\n');
const SECRETS = ['a=ice-ufrag:test', 'a=ice-pwd:0123456789abcdefghijklmn', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, 'a=setup:actpass'];
const section = (first, ...rest) => [first, 'c=IN IP4 0.0.0.0', ...SECRETS, 'a=mid:0', 'a=sendonly', 'a=rtcp-mux', ...rest, ''].join('\r\n');
const AUDIO = HEAD + section('m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2');
const VIDEO = section('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000');
