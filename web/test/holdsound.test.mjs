// The hold sound of the page: a file that players know, as quiet as the server's own, and without a seam.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldSound } from '../dist/player/holdsound.js';

/** What of an <audio> the hold sound touches. */
const silent = () => ({ src: '', loop: false, played: 0, play() { this.played += 1; return Promise.resolve(); }, pause() {}, removeAttribute() { this.src = ''; }, load() {} });

test('it is WAV, quiet, and goes round without a seam', async (t) => {
  let blob;
  t.mock.method(URL, 'createObjectURL', (made) => { blob = made; return 'blob:hold'; });
  new HoldSound(silent()).begin();
  const file = Buffer.from(await blob.arrayBuffer());
  // The canonical head of 44 bytes: RIFF, its length, WAVE, fmt, PCM, one channel, 8 kHz, 16 bits, data.
  assert.equal(file.toString('latin1', 0, 4) + file.toString('latin1', 8, 16) + file.toString('latin1', 36, 40), 'RIFFWAVEfmt data');
  assert.deepEqual([file.readUInt32LE(4), file.readUInt32LE(40)], [file.length - 8, file.length - 44]);
  assert.deepEqual([20, 22, 32, 34].map((at) => file.readUInt16LE(at)), [1, 1, 2, 16]);
  assert.deepEqual([file.readUInt32LE(24), file.readUInt32LE(28)], [8_000, 16_000]);
  const sound = Array.from({ length: (file.length - 44) / 2 }, (_, i) => file.readInt16LE(44 + 2 * i) / 32_767);
  assert.equal(sound.length, 12.8 * 8_000);
  const level_dbfs = 10 * Math.log10(sound.reduce((sum, x) => sum + x * x, 0) / sound.length);
  assert.ok(Math.abs(level_dbfs + 29.3) < 0.1, `${level_dbfs} dBFS`);
  const steps = sound.map((x, i) => Math.abs(x - sound.at(i - 1)));
  assert.ok(steps[0] <= Math.max(...steps.slice(1)), 'between the end and the beginning it is no rougher than elsewhere');
});

test('it begins once, gives way to the show, and leaves the element only if it was in it', () => {
  const audio = silent();
  const hold = new HoldSound(audio);
  hold.begin();
  hold.begin();
  assert.deepEqual([audio.played, audio.loop, audio.src !== ''], [1, true, true]);
  hold.end();
  audio.src = 'blob:show';
  hold.stop();
  assert.deepEqual([audio.loop, audio.src], [false, 'blob:show']);
  hold.begin();
  hold.stop();
  assert.deepEqual([audio.loop, audio.src], [false, '']);
});
