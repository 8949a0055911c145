// Players of others on one output: ffprobe, ffmpeg and mpv. What they play is told by its pitch.

import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';

import { assertPitches } from '../sound/pitch.mjs';
import { RATE_HZ } from '../sound/tones.mjs';
import { run, start } from './child.mjs';
import { decode } from './ears.mjs';
import { until } from './until.mjs';

const HEARD_S = 4;

/** Each player as a test of its own; `codec` is what ffprobe must find, or nothing for a playlist of several. */
export async function playIn(t, house, url, codec, pitches) {
  const path = new URL(url).pathname + new URL(url).search;
  if (codec) {
    await t.test(`ffprobe reads ${path}`, async () => {
      const fields = ['-show_entries', 'stream=codec_name,sample_rate,channels', '-of', 'json'];
      const { streams } = JSON.parse(await run('ffprobe', ['-v', 'error', ...fields, url]));
      assert.deepEqual(streams, [{ codec_name: codec, sample_rate: '48000', channels: 1 }]);
    });
  }
  await t.test(`ffmpeg plays ${path}`, async (t) => {
    const heard = await decode(url, house.folder, { seconds: HEARD_S });
    t.diagnostic(assertPitches(heard, pitches, 'ffmpeg'));
  });
  await t.test(`mpv plays ${path}`, async (t) => {
    t.diagnostic(assertPitches(await playInMpv(house, url), pitches, 'mpv'));
  });
}

/** mpv writes what it plays, as fast as it comes, until there is enough; it never ends a live stream itself. */
async function playInMpv(house, url) {
  const wav = house.path(`${process.hrtime.bigint()}.wav`);
  const mpv = start('mpv', ['--no-config', '--no-video', '--ao=pcm', `--ao-pcm-file=${wav}`, '--audio-format=s16', url]);
  const enough = HEARD_S * RATE_HZ * 2;
  await until(`mpv has played ${url}`, () => {
    const bytes = existsSync(wav) ? statSync(wav).size : 0;
    if (bytes < enough && !mpv.running()) throw new Error(`mpv ended: ${mpv.said()}`);
    return bytes >= enough;
  }).finally(() => mpv.kill());
  // mpv was stopped before it wrote the length into the header.
  return decode(wav, house.folder, { flags: ['-ignore_length', '1'], seconds: HEARD_S });
}
