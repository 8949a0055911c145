// The end can be taken back for 30 s; when it is final, the same page is the recording within 5 s, and the
// recording plays in players of others.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openStream, refusal } from '../clients/listener.mjs';
import { checkSegments, readMedia, readMultivariant } from '../formats/hls.mjs';
import { decode, hearProgramme, untilHeard } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { playIn } from '../harness/players.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, RATE_HZ } from '../sound/tones.mjs';

// A promise of the product, measured on the server's own clock.
const REPLAY_READY_MS_MAX = 5000;
const RECORDED = [
  ['replay.m4a', 'aac'],
  ['replay.opus', 'opus'],
  ['hls/index.m3u8', null],
];
const PITCHES = { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] };

test('a show ends, goes on, ends again and is replayed', async (t) => {
  const house = await House.open(t);
  const show = await house.show('finale', ['host'], { live: false });
  const microphone = house.voice(PITCH_A_HZ);
  const [host, listener, behind] = await Promise.all([house.chromium({ microphone }), house.chromium(), house.chromium()]);
  const press = (name) => host.page.getByRole('button', { name }).click();
  await takeStage(host.page, show.links[0].url, 'Ada');
  await press('Go on air');
  await house.untilStatus('finale', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  await pressListen(listener.page, show.listen_url);
  const stream = await openStream(`${show.listen_url}/live.ogg`);

  await t.test('an end that is taken back is none', async () => {
    await press('End the show');
    await press('Yes, end');
    const ending = await house.untilStatus('finale', 'it is ending', (status) => status.phase === 'ending');
    assert.ok(ending.undo_until > ending.now, `until ${ending.undo_until}, now ${ending.now}`);
    await press('Undo');
    const again = await house.untilStatus('finale', 'it is on air again', (status) => status.phase === 'on_air');
    assert.equal(again.on_air_at_s, ending.on_air_at_s, 'second 0 of the show stays where it was');
    await untilHeard(listener.page, again.live_at_s);
    assertPitches(await hearProgramme(listener.page, 3), PITCHES, 'the listener');
    assert.ok(stream.open, 'a listener stays connected');
  });

  // Somebody goes back to the beginning, and loses the line there.
  await pressListen(behind.page, show.listen_url);
  await behind.page.route('**/finale/live.mp4*', (route) => route.abort());
  await behind.page.getByRole('slider', { name: 'Position in the show' }).press('Home');
  const stateOf = (page) => page.evaluate(() => document.querySelector('stentor-listener').state);
  await until('it is tried again', async () => (await stateOf(behind.page)).phase === 'reconnecting');
  const goneOn = until('the recording plays', async () => {
    const { replay } = await stateOf(behind.page);
    return replay.playing && replay.position_s > 0 ? replay : null;
  }, { patience_s: 150 });

  await press('End the show');
  await press('Yes, end');
  const { undo_until } = await house.untilStatus('finale', 'it is ending again', (status) => status.phase === 'ending');
  const ended = await house.untilStatus('finale', 'the recording is ready', ({ recording }) => recording.ready);
  const turned = listener.page.getByText('This is the recording').waitFor().then(() => Date.now());
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
  await t.test('whoever waited for the line at an earlier place hears the recording from there, without a press', async () => {
    const { position_s } = await goneOn;
    assert.ok(position_s < 5, `at ${position_s}`);
    assertPitches(await hearProgramme(behind.page, 4), PITCHES, 'the recording, by itself');
  });
  await t.test('the page that was listening turns into the recording', async (t) => {
    t.diagnostic(`turned ${(await turned) - undo_until} ms after the undo time`);
    await listener.page.getByRole('button', { name: 'Play', exact: true }).click();
    assertPitches(await hearProgramme(listener.page, 4), PITCHES, 'the recording');
  });
  await t.test('whoever comes now finds the recording at the same address', async () => {
    await listener.page.goto(show.listen_url);
    await listener.page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  });
  await t.test('files are served by ranges as well', () => checkFiles(house, show, ended.recording.duration_s));
  for (const [path, codec] of RECORDED) await playIn(t, house, `${show.listen_url}/${path}`, codec, PITCHES);
  await t.test('recorded HLS is strictly right', () => checkRecordedHls(show));
});

async function checkFiles(house, show, duration_s) {
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
    assertPitches(heard, PITCHES, path);
    const off_s = heard.length / RATE_HZ - duration_s;
    assert.ok(Math.abs(off_s) < 0.05, `${path} is ${off_s.toFixed(3)} s longer than the status says`);
  }
}

async function checkRecordedHls(show) {
  for (const { url, codecs } of await readMultivariant(`${show.listen_url}/hls/index.m3u8`)) {
    const list = await readMedia(url);
    assert.ok(list.ended && list.type === 'VOD', url);
    await checkSegments(list, codecs);
  }
}

const operator = (house) => ({ method: 'POST', headers: { authorization: `Bearer ${house.server.operator_key}` } });
