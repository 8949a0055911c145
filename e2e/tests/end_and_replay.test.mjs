// The end can be taken back for 30 s; when it is final, the same page is the recording within 5 s.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openStream, refusal } from '../clients/listener.mjs';
import { decode, hearProgramme } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, RATE_HZ } from '../sound/tones.mjs';

// A promise of the product, measured on the server's own clock.
const REPLAY_READY_MS_MAX = 5000;

test('a show ends, goes on, ends again and is replayed', async (t) => {
  const house = await House.open(t);
  const show = await house.show('finale', ['host']);
  const host = await house.chromium({ microphone: house.voice(PITCH_A_HZ) });
  await takeStage(host.page, show.links[0].url, 'Ada');
  await house.untilStatus('finale', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  const listener = await house.chromium();
  await pressListen(listener.page, show.listen_url);
  await hearProgramme(listener.page, 4);
  const stream = await openStream(`${show.listen_url}/live.ogg`);

  await t.test('an end that is taken back is none', async () => {
    await house.desk.end('finale');
    const ending = await house.untilStatus('finale', 'it is ending', (status) => status.phase === 'ending');
    assert.ok(ending.undo_until > ending.now, `until ${ending.undo_until}, now ${ending.now}`);
    await house.desk.undo('finale');
    await house.untilStatus('finale', 'it is on air again', (status) => status.phase === 'on_air');
    const heard = await hearProgramme(listener.page, 8);
    assertPitches(heard.slice(-4 * RATE_HZ), { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'the listener');
    assert.ok(stream.open, 'a listener stays connected');
  });

  const { undo_until } = await house.desk.end('finale');
  const ended = await house.untilStatus('finale', 'the recording is ready', ({ recording }) => recording.ready, { patience_s: 90 });
  await t.test('the recording is there in time', (t) => {
    const late_ms = ended.now - undo_until;
    t.diagnostic(`ready ${late_ms} ms after the undo time, as far as a status once a second tells`);
    assert.ok(late_ms <= REPLAY_READY_MS_MAX, `${late_ms} ms`);
    assert.equal(ended.phase, 'ended');
  });
  await t.test('live streams end and are refused with the way to the recording', async () => {
    await until('the stream ends', () => !stream.open);
    const { status, reason, recording } = await refusal(`${show.listen_url}/live.mp4`);
    assert.deepEqual({ status, reason, recording }, { status: 410, reason: 'ended', recording: '/finale' });
    assert.equal((await refusal(`${house.server.desk}/api/v1/shows/finale/undo`, operator(house))).reason, 'undo_over');
  });
  await t.test('the recording has the sound, by ranges as well', () => checkRecording(house, show));
  await t.test('the page that was listening is the recording', async () => {
    const play = listener.page.getByRole('button', { name: 'Play', exact: true });
    await play.click();
    const heard = await hearProgramme(listener.page, 6);
    assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'the recording');
  });
});

async function checkRecording(house, show) {
  for (const path of ['replay.m4a', 'replay.opus']) {
    const url = `${show.listen_url}/${path}`;
    const head = await fetch(url, { method: 'HEAD' });
    const length = Number(head.headers.get('content-length'));
    assert.ok(head.status === 200 && length > 0 && head.headers.get('etag'), `${path}: ${head.status}, ${length} bytes`);
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    assert.equal(whole.length, length);
    const part = await fetch(url, { headers: { range: `bytes=100-${length >> 1}`, 'if-range': head.headers.get('etag') } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), `bytes 100-${length >> 1}/${length}`);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(100, (length >> 1) + 1)));
    const outside = await refusal(url, { headers: { range: `bytes=${length}-` } });
    assert.deepEqual([outside.status, outside.reason], [416, 'range_outside']);
    const heard = await decode(url, house.folder);
    assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, path);
  }
}

const operator = (house) => ({ method: 'POST', headers: { authorization: `Bearer ${house.server.operator_key}` } });
