// One rung of the ladder: speech from the speaker's file to listeners' pages, through a network of `networks.mjs`.
//
// The rung itself runs in a network namespace (`rung.mjs`), so that nft's losses are nobody else's; the namespace is gone with
// the last process in it, and no process outlives the rung. What was heard is judged out here.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, start } from '../../e2e/harness/child.mjs';
import { HERE, ROOT, ms, quantile, row, say } from '../spine/setting.mjs';
import { NETWORKS } from './networks.mjs';
import { PIECE_S, PIECES, SPEECH_S, speech } from './speech.mjs';

const SOUND = join(HERE, '../sound');
// A browser takes its time to come up on a busy machine; a rung that hangs has to end.
const RUNG_S_MAX = 600;

const HOME_MOS_MIN = 3.8;
const FIVE_PERCENT_MOS_MIN = 3.2;
const TEN_PERCENT_OF_HOME_MIN = 0.8;
const BEYOND_MAX = 0.001;
const STRETCHED_MAX = 0.01;
// The server's counts are those of its newest chunk: 16 packets, and as many as a bad network has on the way.
const MISCOUNTED_MAX = 48;
// A machine that lets the relay oversleep by more has made a network of its own, and what was heard says nothing about this one.
const OVERSLEPT_MS_MAX = 20;
// The bars of the spine, to which a network adds its own delay.
const CLOSE_MS_MAX = 900;
const DEFAULT_MS_MAX = 4000;

export async function rung(name) {
  const folder = mkdtempSync(join(tmpdir(), 'stentor-rung-'));
  try {
    const reference = await speech(folder);
    const heard = await inNamespace({ name, folder, microphone: reference });
    const judged = await judge(folder, reference, heard);
    return report(name, heard, judged);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inNamespace(spec) {
  const result = join(spec.folder, 'result.json');
  const env = { ...process.env, TMPDIR: spec.folder };
  const node = ['node', join(SOUND, 'rung.mjs'), JSON.stringify({ ...spec, result, seconds: SPEECH_S + PIECE_S })];
  // Whoever is not root is root in a namespace of users of their own.
  const user = process.getuid() === 0 ? [] : ['--map-root-user'];
  const child = start('unshare', ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', ...user, ...node], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const patience = setTimeout(() => child.kill(), 1000 * RUNG_S_MAX);
  const { code } = await child.ended;
  clearTimeout(patience);
  if (code !== 0) throw new Error(`the rung ${spec.name} failed: what it said is above`);
  return JSON.parse(readFileSync(result, 'utf8'));
}

/** PESQ of each piece in each recording, and how late speech came to each page. */
async function judge(folder, reference, { recorded, said, ears }) {
  const narrow = async (path) => {
    const wav = `${path}.16k.wav`;
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', path, '-ac', '1', '-ar', '16000', '-c:a', 'pcm_s16le', wav]);
    return wav;
  };
  const heard = {};
  for (const [name, path] of Object.entries(recorded)) heard[name] = await narrow(path);
  const spec = join(folder, 'quality.json');
  writeFileSync(spec, JSON.stringify({ reference: await narrow(reference), pieces: PIECES, piece_s: PIECE_S, heard, said, ears }));
  const judged = await run(join(ROOT, '.venv/bin/python'), [join(SOUND, 'quality.py'), spec]);
  return JSON.parse(judged);
}

function report(name, heard, { quality, delays_ms }) {
  const { seconds, before, after } = heard;
  const counts = tally(before, after, NETWORKS[name].tcp);
  const mos = Object.fromEntries(Object.entries(quality).map(([where, pieces]) => [where, mosOf(pieces)]));
  say(`${name}: ${JSON.stringify({ ...mos, ...counts })}`);
  const share = (value) => `${(100 * value).toFixed(2)} %`;
  const { network_ms, overslept_ms } = counts;
  const rows = [
    pesqRow(name, mos.page),
    { what: 'PESQ-WB at the microphone as the browser gives it', measured: two(mos.microphone.mean) },
    { what: 'PESQ-WB in live.ogg at opus-32', measured: two(mos.tape.mean) },
    { what: 'sound packets that the network lost', measured: `${share(counts.lost / counts.packets)} of ${counts.packets}` },
    row('dropped or concealed beyond that', counts.beyond, BEYOND_MAX, share),
    row('time stretched or squeezed by the server', counts.stretched_s / seconds, STRETCHED_MAX, share),
    { what: 'delay of the jitter buffer', measured: ms(after.metrics.buffer_ms) },
    { what: 'network one way, p50 and p99', measured: `${ms(network_ms.p50)}, ${ms(network_ms.p99)}` },
    { what: 'of that, the machine having no time for the relay, p99', measured: ms(overslept_ms.p99) },
    row(`mouth to ear close to live, p50 of ${delays_ms.close.length}`, quantile(delays_ms.close, 0.5), CLOSE_MS_MAX + network_ms.p99, ms),
    row(`mouth to ear by default, p50 of ${delays_ms.page.length}`, quantile(delays_ms.page, 0.5), DEFAULT_MS_MAX + network_ms.p99, ms),
    { what: 'page by default: stalls, and time at another speed', measured: `${heard.page.waits}, ${share(heard.page.swerved_s / seconds)}` },
  ];
  if (overslept_ms.p99 > OVERSLEPT_MS_MAX) rows.forEach((line) => delete line.kept);
  const metrics = { before: before.metrics, after: after.metrics };
  return { rows, detail: { seconds, network: NETWORKS[name], mos, quality, delays_ms, counts, metrics } };
}

/** The mean and the worst of all pieces. A piece that was not found again is the worst there is: PESQ's scale begins at 1. */
function mosOf(pieces) {
  const values = pieces.map(({ pesq }) => pesq ?? 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, worst: Math.min(...values), missing: pieces.filter(({ pesq }) => pesq === null).length };
}

function pesqRow(name, { mean, worst, missing }) {
  const measured = `${two(mean)}, worst ${two(worst)}${missing > 0 ? `, ${missing} missing` : ''}`;
  const what = `PESQ-WB, speaker's file to listener's page at opus-32, mean of ${PIECES} pieces`;
  const [least, promised] = leastMos(name);
  return { what, measured, ...(promised && { promised }), ...(least !== null && { kept: mean >= least }) };
}

/** What is promised for a rung: the least and how it is said. Against home, home has to have been measured. */
function leastMos(name) {
  if (name === 'home') return [HOME_MOS_MIN, `≥ ${HOME_MOS_MIN}`];
  if (name === 'hotel' || name === 'loss-5') return [FIVE_PERCENT_MOS_MIN, `≥ ${FIVE_PERCENT_MOS_MIN}`];
  if (name !== 'stadium' && name !== 'loss-10') return [null, null];
  try {
    const home = JSON.parse(readFileSync(join(ROOT, 'bench/results/sound-home.json'), 'utf8')).detail.mos.page.mean;
    const least = TEN_PERCENT_OF_HOME_MIN * home;
    return [least, `≥ ${two(least)}, ${TEN_PERCENT_OF_HOME_MIN} of home's`];
  } catch {
    return [null, `≥ ${TEN_PERCENT_OF_HOME_MIN} of home's, which is not measured yet`];
  }
}

/**
 * What happened to the sound packets between two moments. A frame is 20 ms, as is a browser's packet. The buffer conceals what is
 * lost and what is late, but makes up 100 ms at most in a row, so neither of the two ways to count alone finds everything.
 */
function tally(before, after, tcp) {
  const between = (field) => after.metrics[field] - before.metrics[field];
  const packets = tcp ? between('packets') : after.relay.up.came - before.relay.up.came;
  const lostIn = ({ relay, nft_lost }) => (tcp ? 0 : relay.up.lost.burst + relay.up.lost.outage + nft_lost);
  const lost = lostIn(after) - lostIn(before);
  // The network's losses are known from those who lost; the server has to have got the rest.
  const missing = packets - lost - between('packets');
  if (Math.abs(missing) > MISCOUNTED_MAX) throw new Error(`${missing} packets are neither lost nor taken in`);
  const concealed = between('concealed_s') / 0.02;
  const [late, dropped] = [between('late'), between('dropped')];
  const beyond = Math.max(0, concealed - lost, late + dropped) / packets;
  const stretched_s = between('shortened_s') + between('lengthened_s');
  const times = (field) => {
    const values = after.relay.up[field].slice(before.relay.up[field].length);
    // Of what is in TCP the relay sees no packets.
    return values.length > 0 ? { p50: quantile(values, 0.5), p99: quantile(values, 0.99) } : { p50: 0, p99: 0 };
  };
  return { packets, lost, concealed, late, dropped, beyond, stretched_s, network_ms: times('delays_ms'), overslept_ms: times('overslept_ms') };
}

const two = (value) => value.toFixed(2);
