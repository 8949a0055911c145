// An hour of show with people coming and going: what server and page keep of it, and whether the names on the page are
// those of the voices that are heard.

import { readFileSync, readdirSync } from 'node:fs';

import { pressListen, takeStage } from '../../e2e/harness/house.mjs';
import { direct, press, studioState } from '../../e2e/harness/studio.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { turns, writeWav } from '../../e2e/sound/tones.mjs';
import { quantile, row, say, setting } from '../spine/setting.mjs';
import { changesOf, lagsOf, watchTalk } from './talk.mjs';

const HOUR_S = 3600;
const SAMPLE_EVERY_S = 30;
// Server and page fill their caches in the beginning; what comes after that is growth.
const WARM_S = 300;
const VOICE_S = 20;
// Each voice goes to and fro between two pitches, so that it never pauses and no pitch lasts: that would be noise.
const VOICES = { Ada: [470, 620], Ben: [1130, 1390] };
// From a coming or going to what the page shows of it: the way onto the stage, and the page's distance to live.
const SEEN_S = 20;
// Who leaves when, and for how long. Sometimes both are here, sometimes one, sometimes nobody.
const GOINGS = [
  { name: 'Ada', first_s: 150, every_s: 300, away_s: 25 },
  { name: 'Ben', first_s: 60, every_s: 180, away_s: 30 },
  { name: 'a listener', first_s: 45, every_s: 90, away_s: 30 },
];

// What the product promises between page and sound.
const LAG_S_MAX = 0.3;
// The tape's index of an hour is 11,250 chunks of some 100 bytes: 1.2 MB. The rest is what an allocator holds back.
const RSS_GROWTH_MB_MAX = 20;
const HEAP_GROWTH_MB_MAX = 1;
const DESCRIPTORS_GROWTH_MAX = 16;

export async function hour(open) {
  const seconds = setting('STENTOR_BENCH_HOUR_S', HOUR_S);
  const house = await open();
  const show = await house.show('hour', ['host', 'speaker']);
  const people = await Promise.all(Object.keys(VOICES).map((name, n) => speaker(house, name, show.links[n].url)));
  const cast = Object.fromEntries(people.map((person) => [person.name, person]));
  await until('both speak', async () => (await house.status(show.id)).speaking.length === 2);
  const { page } = await house.chromium();
  await pressListen(page, show.listen_url);
  cast['a listener'] = await passerBy(house, show.listen_url);
  await page.evaluate(watchTalk, VOICES);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.enable');

  const [samples, changes] = [[], []];
  const began_ms = performance.now();
  const due = goings(seconds);
  const passed_s = () => (performance.now() - began_ms) / 1000;
  let next_sample_s = 0;
  await until('the time is over', async () => {
    while (due.length > 0 && due[0].at_s <= passed_s()) {
      const { name, deed } = due.shift();
      say(`${name}: ${deed}`);
      await cast[name][deed]();
    }
    if (passed_s() >= next_sample_s) {
      next_sample_s += SAMPLE_EVERY_S;
      changes.push(...(await changesOf(page)));
      samples.push({ at_s: Math.round(passed_s()), ...(await sample(house, devtools)) });
      say(JSON.stringify(samples.at(-1)));
    }
    return passed_s() > seconds;
  }, { patience_s: seconds + 300, every_ms: 250 });
  changes.push(...(await changesOf(page)));
  const { waits, seeks, frozen_ms_max } = await page.evaluate(() => window.talk.rests);
  return result({ seconds, samples, lags: lagsOf(changes, Object.keys(VOICES)), waits, seeks, frozen_ms_max });
}

/** Somebody on the stage, who leaves and comes back in two ways in turn: by the page's buttons, and by closing the page. */
async function speaker(house, name, url) {
  const { page } = await house.chromium({ microphone: writeWav(house.path(`${name}.wav`), turns(VOICES[name], VOICE_S)) });
  await takeStage(page, url, name);
  await until(`${name} is seen on the stage`, async () => (await studioState(page)).stage?.people.some((person) => person.name === name));
  await direct(page, name, 'Leave the sound raw');
  let closes = false;
  return {
    name,
    leave: async () => {
      closes = !closes;
      if (closes) await page.goto('about:blank');
      else await press(page, 'Leave');
    },
    return: async () => {
      if (closes) return takeStage(page, url, name);
      await press(page, 'Come back');
      await until(`${name} is back`, async () => (await studioState(page)).connection === 'connected');
    },
  };
}

/** Another listener, each time in a context that knows nothing. */
async function passerBy(house, url) {
  const { page: first } = await house.chromium();
  const browser = first.context().browser();
  let context = null;
  const come = async () => {
    context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(url);
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    await until('it plays', () => page.evaluate(() => document.querySelector('stentor-listener').state.phase === 'playing'));
  };
  await come();
  return { leave: () => context.close(), return: come };
}

/** Comings and goings in their order; nobody leaves who would not be seen to be back in time. */
function goings(seconds) {
  const all = GOINGS.flatMap(({ name, first_s, every_s, away_s }) => {
    const times = Math.max(0, Math.ceil((seconds - SEEN_S - away_s - first_s) / every_s));
    return Array.from({ length: times }, (_, n) => first_s + n * every_s).flatMap((at_s) => [
      { at_s, name, deed: 'leave' },
      { at_s: at_s + away_s, name, deed: 'return' },
    ]);
  });
  return all.sort((a, b) => a.at_s - b.at_s);
}

async function sample(house, devtools) {
  const { pid } = house.server;
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  const { nodes } = await devtools.send('Memory.getDOMCounters');
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    rss_mb: (1024 * Number(kilobytes)) / 1e6,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    heap_mb: usedSize / 1e6,
    nodes,
  };
}

function result({ seconds, samples, lags, waits, seeks, frozen_ms_max }) {
  const whole = seconds >= HOUR_S;
  const long = whole ? 'an hour' : `${(seconds / 60).toFixed(1)} minutes, not the hour that is promised`;
  const first = samples.find(({ at_s }) => at_s >= Math.min(WARM_S, seconds / 2));
  const last = samples.at(-1);
  // A run too short to tell growth from warming up judges nothing of it.
  const growth = (what, field, limit, unit) => {
    const grown = last[field] - first[field];
    const write = (value) => `${value.toFixed(unit === 'MB' ? 1 : 0)} ${unit}`.trim();
    const line = { ...row(what, grown, limit, write), measured: `${write(first[field])} to ${write(last[field])}`, promised: `+ ${write(limit)} at most` };
    if (!whole) delete line.kept;
    return line;
  };
  const span = `from minute ${(first.at_s / 60).toFixed(0)} on, of ${long}`;
  const all = lags.paired.map(({ lag_s }) => Math.abs(lag_s));
  const second = (value) => `${value.toFixed(2)} s`;
  return {
    rows: [
      growth(`resident memory of the server, ${span}`, 'rss_mb', RSS_GROWTH_MB_MAX, 'MB'),
      growth('its descriptors', 'descriptors', DESCRIPTORS_GROWTH_MAX, ''),
      growth('JavaScript heap of a listening page, after a collection', 'heap_mb', HEAP_GROWTH_MB_MAX, 'MB'),
      row(`between a voice and its name on that page, largest of ${all.length} beginnings and ends`, quantile(all, 1), LAG_S_MAX, second),
      { what: 'the same, p50', measured: second(quantile(all, 0.5)) },
      {
        what: 'voices without their names, names without their voices',
        measured: `${lags.unpaired.length}`,
        promised: 'none',
        kept: lags.unpaired.length === 0,
      },
      {
        what: 'pauses of voices from 0.3 s to a breath, through which names stay; the longest',
        measured: `${lags.pauses.length}; ${second(Math.max(0, ...lags.pauses.map(({ pause_s }) => pause_s)))}`,
      },
      {
        what: 'stalls of that page',
        measured: `${waits.length} stalls, at rest for ${frozen_ms_max.toFixed(0)} ms at most`,
        promised: 'none in an hour',
        ...(whole && { kept: waits.length === 0 }),
      },
    ],
    detail: { seconds, samples, ...lags, waits, seeks, frozen_ms_max },
  };
}
