// Loudness as a listener gets it: a voice, then one 20 dB softer, then both at once. Judged by ffmpeg.

import { run, start } from '../../e2e/harness/child.mjs';
import { keyOf } from '../../e2e/harness/desk.mjs';
import { decode } from '../../e2e/harness/ears.mjs';
import { RATE_HZ, writeWav } from '../../e2e/sound/tones.mjs';
import { row, say } from '../spine/setting.mjs';
import { loudness } from './loudness.mjs';
import { SPEECH_LUFS, SPEECH_S, speech } from './speech.mjs';

const APART_DB = 20;
// Both speakers connect and the recording begins before the first word.
const LEAD_S = 15;
// Between the turns, and more than the two files ever begin apart.
const GAP_S = 4;
// A minute, of which the first words are already to be heard well.
const TURN_S = SPEECH_S;
const BOTH_S = TURN_S / 2;
const WHOLE_S = LEAD_S + 2 * (TURN_S + GAP_S) + BOTH_S;
// A stream begins up to 4 s before now, with slate and its hold sound.
const SLATE_S_MAX = 8;
// Louder than any noise floor, softer than any word.
const FIRST_WORD_RMS = 0.005;

const TARGET_LUFS = -19;
const TARGET_LU_OFF_MAX = 1;
const APART_LU_MAX = 2;
const TRUE_PEAK_DBTP_MAX = -1;

export async function voices(open) {
  const house = await open({ media: '127.0.0.1:0' });
  const show = await house.show('voices', ['speaker', 'speaker']);
  const [loud, soft] = await files(house);
  const speakers = [loud, soft].map((file, n) => {
    const to = ['--to', `${house.server.stage}/${show.id}/whip`, '--key', keyOf(show.links[n])];
    return house.keep(closing(start(process.env.STENTOR_BIN, ['publish', file, ...to])));
  });
  await house.untilStatus(show.id, 'both are on the stage', ({ people, slate }) => {
    const ended = speakers.find((speaker) => !speaker.running());
    if (ended) throw new Error(ended.said());
    return people.length === 2 && slate === null;
  });
  const tape = house.path('tape.wav');
  const url = `${house.server.front}/${show.id}/live.ogg?kbps=32`;
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', url, '-t', String(WHOLE_S), tape]);
  const first_s = firstWord_s(await decode(tape, house.folder));
  const turn = (from_s, to_s) => loudness(tape, { from_s: first_s + from_s, to_s: first_s + to_s });
  const second_s = TURN_S + GAP_S;
  const measured = {
    loud: await turn(-1, second_s - GAP_S / 2),
    soft: await turn(second_s - GAP_S / 2, 2 * second_s - GAP_S / 2),
    both: await turn(2 * second_s - GAP_S / 2, 2 * second_s + BOTH_S - GAP_S),
  };
  say(JSON.stringify(measured));
  return { rows: rows(measured), detail: { said_lufs: { loud: SPEECH_LUFS, soft: SPEECH_LUFS - APART_DB }, first_s, ...measured } };
}

function rows({ loud, soft, both }) {
  const lufs = (value) => `${value.toFixed(1)} LUFS`;
  const lu = (value) => `${value.toFixed(1)} LU`;
  const off = ({ integrated_lufs }) => Math.abs(integrated_lufs - TARGET_LUFS);
  const atTarget = (what, voice) => ({
    what,
    measured: lufs(voice.integrated_lufs),
    promised: `${TARGET_LUFS} ± ${TARGET_LU_OFF_MAX} LUFS`,
    kept: off(voice) <= TARGET_LU_OFF_MAX,
  });
  const peak = Math.max(...[loud, soft, both].map(({ true_peak_dbtp }) => true_peak_dbtp));
  return [
    atTarget(`a voice of ${lufs(SPEECH_LUFS)} for ${TURN_S} s`, loud),
    atTarget(`a voice of ${lufs(SPEECH_LUFS - APART_DB)} for ${TURN_S} s`, soft),
    row(`two voices ${APART_DB} dB apart`, Math.abs(loud.integrated_lufs - soft.integrated_lufs), APART_LU_MAX, lu),
    { what: 'both at once', measured: lufs(both.integrated_lufs) },
    row('true peak of all that, decoded from opus-32', peak, TRUE_PEAK_DBTP_MAX, (value) => `${value.toFixed(1)} dBTP`),
  ];
}

/** Each speaks alone, the loud one first, then both at once. */
async function files(house) {
  const voice = async (name, only, gain, from_s) => {
    const said = await decode(await speech(house.folder, `${name}-said`, only), house.folder);
    const whole = new Float32Array(WHOLE_S * RATE_HZ);
    for (const [at_s, length_s] of [[from_s, TURN_S], [LEAD_S + 2 * (TURN_S + GAP_S), BOTH_S]]) {
      whole.set(said.subarray(0, length_s * RATE_HZ).map((sample) => gain * sample), at_s * RATE_HZ);
    }
    return writeWav(house.path(`${name}.wav`), whole);
  };
  return [
    await voice('loud', 'ada', 1, LEAD_S),
    await voice('soft', 'ben', 10 ** (-APART_DB / 20), LEAD_S + TURN_S + GAP_S),
  ];
}

function firstWord_s(samples) {
  const step = RATE_HZ / 100;
  for (let at = SLATE_S_MAX * RATE_HZ; at + step <= samples.length; at += step) {
    const power = samples.subarray(at, at + step).reduce((sum, x) => sum + x * x, 0) / step;
    if (Math.sqrt(power) > FIRST_WORD_RMS) return at / RATE_HZ;
  }
  throw new Error('nothing was heard');
}

const closing = (child) => Object.assign(child, { close: () => child.kill() });

