// Players of others on one output: ffprobe, ffmpeg, mpv and VLC. What they play is told by its pitch.

import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, statSync } from 'node:fs';

import { assertPitches } from '../sound/pitch.mjs';
import { RATE_HZ } from '../sound/tones.mjs';
import { run, start } from './child.mjs';
import { decode } from './ears.mjs';
import { until } from './until.mjs';

const HEARD_S = 4;
// VLC does not run as root; nobody has this number on every Debian.
const NOBODY = 65534;

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
  await t.test(`VLC plays ${path}`, async (t) => {
    t.diagnostic(assertPitches(await playInVlc(house, url), pitches, 'VLC'));
  });
}

/** mpv writes what it plays, as fast as it comes. */
async function playInMpv(house, url) {
  const wav = house.path(`${process.hrtime.bigint()}.wav`);
  const mpv = start('mpv', ['--no-config', '--no-video', '--ao=pcm', `--ao-pcm-file=${wav}`, '--audio-format=s16', url]);
  return written(house, `mpv has played ${url}`, mpv, wav, HEARD_S * RATE_HZ * 2);
}

/** VLC writes what it plays, at the speed of the sound, into a folder that is nobody's. */
async function playInVlc(house, url) {
  const folder = house.path(`vlc-${process.hrtime.bigint()}`);
  mkdirSync(folder);
  const isRoot = process.getuid() === 0;
  if (isRoot) [house.folder, folder].forEach((path) => chownSync(path, NOBODY, process.getgid()));
  const wav = `${folder}/heard.wav`;
  const output = ['--aout=afile', `--audiofile-file=${wav}`, '--audiofile-format=s16'];
  const quiet = ['--intf=dummy', '--no-video', '--no-media-library', '--no-metadata-network-access', '--play-and-exit'];
  const command = ['vlc', ...quiet, ...output, url];
  // Who becomes somebody else loses the promise to die with its parent, so it is made once more.
  const as = isRoot ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--pdeathsig', 'KILL'] : [];
  const vlc = start('setpriv', [...as, '--', ...command], { env: { ...process.env, HOME: folder } });
  // Of one channel, or of the two that it makes of an AAC stream.
  return written(house, `VLC has played ${url}`, vlc, wav, HEARD_S * RATE_HZ * 2 * 2);
}

/** What a player writes to a WAV file until there is enough; it never ends a live stream itself. */
async function written(house, what, player, wav, enough) {
  await until(what, () => {
    const bytes = existsSync(wav) ? statSync(wav).size : 0;
    if (bytes < enough && !player.running()) throw new Error(`it ended before ${what}: ${player.said()}`);
    return bytes >= enough;
  }).finally(() => player.kill());
  // It was stopped before it wrote the length into the header.
  return decode(wav, house.folder, { flags: ['-ignore_length', '1'], seconds: HEARD_S });
}
