// Speech whose every word is known: sentences of two synthetic voices, in pieces of equal length.

import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { decode } from '../../e2e/harness/ears.mjs';
import { RATE_HZ, writeWav } from '../../e2e/sound/tones.mjs';
import { loudness } from './loudness.mjs';

/** PESQ is made for 8 to 12 s, of which at most half is silence (ITU-T P.862.3 §7). */
export const PIECE_S = 9;
/** Silence at both ends of a piece, so that a piece found a little too early or too late lacks no word. */
const EDGE_S = 0.25;

/** How loud speech is on its way into a microphone that is set well. */
export const SPEECH_LUFS = -23;

const VOICES = {
  ada: ['-v', 'en-gb-x-rp+f2', '-s', '155', '-p', '52'],
  ben: ['-v', 'en-us+m3', '-s', '150', '-p', '44'],
};

const SENTENCES = [
  ['ada', 'The harbour master keeps seven brass keys in a wooden box. On Thursdays she polishes them until they shine.'],
  ['ben', 'A cold wind blew across the valley before breakfast. We moved the piano away from the open window.'],
  ['ada', 'Please check which of these thin glasses has a crack. The judge will choose a fresh one for the guests.'],
  ['ben', 'My youngest cousin builds radios out of old clocks. Yesterday he heard a voice from beyond the ocean.'],
  ['ada', 'Five ships left the bay under a yellow moon. Nobody on shore could say where they would go.'],
  ['ben', 'The teacher measured the garage and shook her head. It was too narrow for both the boat and the sledge.'],
];

export const PIECES = SENTENCES.length;
export const SPEECH_S = PIECES * PIECE_S;

/** A WAV file of all pieces, one after the other, at `SPEECH_LUFS`; for one voice alone, all pieces in that voice. */
export async function speech(folder, name = 'speech', only = null) {
  const whole = new Float32Array(SPEECH_S * RATE_HZ);
  for (const [n, [who, text]] of SENTENCES.entries()) {
    const spoken = await speak(folder, VOICES[only ?? who], text);
    if (spoken.length > (PIECE_S - 2 * EDGE_S) * RATE_HZ) {
      throw new Error(`piece ${n} takes ${spoken.length / RATE_HZ} s, which is too long for ${PIECE_S} s`);
    }
    whole.set(spoken, Math.round((n * PIECE_S + EDGE_S) * RATE_HZ));
  }
  const path = join(folder, `${name}.wav`);
  const { integrated_lufs } = await loudness(writeWav(path, whole));
  const gain = 10 ** ((SPEECH_LUFS - integrated_lufs) / 20);
  return writeWav(path, whole.map((sample) => gain * sample));
}

async function speak(folder, voice, text) {
  const raw = join(folder, 'spoken.wav');
  await run('espeak-ng', [...voice, '-w', raw, text]);
  // The synthesiser's silence at both ends would add to the edges.
  const trim = 'silenceremove=start_periods=1:start_threshold=-50dB';
  return decode(raw, folder, { filter: `highpass=f=80,${trim},areverse,${trim},areverse` });
}
