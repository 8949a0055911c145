// Who is heard on a listener's page, by pitch, and who is named there.

// A voice or a name that is there or gone for less than this has not changed: so far apart may the two be anyway.
const SETTLED_MS = 300;
// A name stays through the pause of a breath, four to five reports of 0.2 s: a voice that is gone for less has not ended.
const BREATH_MS = 1_000;
// A voice and its name are of one beginning or end if they are not further apart.
const PAIRED_S_MAX = 5;

/**
 * Runs in the page, once it plays: notes when each voice begins and ends to be heard, and its name to be shown.
 * `voices` has the pitches of each name.
 */
export function watchTalk(voices) {
  const LOOK_EVERY_MS = 20;
  const RESTS_MS = 60;
  const RESTS_MAX = 64;
  // 20 dB under a voice.
  const LOUD = 0.02;
  const listener = document.querySelector('stentor-listener');
  const element = window.ears.programme();
  const context = new AudioContext({ sampleRate: 48_000 });
  const ear = new AnalyserNode(context, { fftSize: 2048 });
  const stream = element.captureStream();
  const hear = (track) => context.createMediaStreamSource(new MediaStream([track])).connect(ear);
  stream.addEventListener('addtrack', ({ track }) => hear(track));
  stream.getAudioTracks().forEach(hear);
  const samples = new Float32Array(ear.fftSize);
  const amplitude = (hz) => {
    const k = 2 * Math.cos((2 * Math.PI * hz) / context.sampleRate);
    let [a, b] = [0, 0];
    for (const x of samples) [a, b] = [x + k * a - b, a];
    return (2 * Math.sqrt(Math.max(0, a * a + b * b - k * a * b))) / samples.length;
  };
  const rests = { waits: [], seeks: [], frozen_ms_max: 0 };
  const changes = [];
  const seen = new Map();
  let [place_s, moved_ms] = [element.currentTime, performance.now()];
  // A page that did either more often is broken anyhow, and its later ones say nothing new.
  const keep = (list, entry) => list.length < RESTS_MAX && list.push({ at_s: Math.round(performance.now() / 1000), ...entry });
  const ahead_s = () => (element.buffered.length ? element.buffered.end(element.buffered.length - 1) - element.currentTime : 0);
  element.addEventListener('waiting', () =>
    keep(rests.waits, { place_s: element.currentTime, ready: element.readyState, ahead_s: ahead_s() }),
  );
  element.addEventListener('seeking', () => keep(rests.seeks, { from_s: place_s, to_s: element.currentTime }));
  const note = (kind, name, is, at_ms) => {
    const key = `${kind} ${name}`;
    if (seen.get(key) === is) return;
    seen.set(key, is);
    changes.push({ at_ms, kind, name, is });
  };
  setInterval(() => {
    const now_ms = performance.now();
    if (element.currentTime !== place_s) [place_s, moved_ms] = [element.currentTime, now_ms];
    else rests.frozen_ms_max = Math.max(rests.frozen_ms_max, now_ms - moved_ms);
    // A player that rests is a stall, and says nothing of who has stopped talking.
    if (now_ms - moved_ms > RESTS_MS) return;
    ear.getFloatTimeDomainData(samples);
    const { speaking } = listener.state;
    for (const [name, pitches] of Object.entries(voices)) {
      note('heard', name, pitches.some((hz) => amplitude(hz) > LOUD), now_ms);
      note('named', name, speaking.includes(name), now_ms);
    }
  }, LOOK_EVERY_MS);
  window.talk = { rests, take: () => changes.splice(0) };
}

/** What has changed since this was asked before, so that the page keeps nothing of it. */
export const changesOf = (page) => page.evaluate(() => window.talk.take());

/** Each beginning and end of a voice with that of its name: `paired` with how much later the name changed, and the rest. */
export function lagsOf(changes, names) {
  const [paired, unpaired, pauses] = [[], [], []];
  for (const name of names) {
    const of = (kind) => changes.filter((change) => change.name === name && change.kind === kind);
    const voice = of('heard');
    pauses.push(...breaths(voice).map((pause_s) => ({ name, ...pause_s })));
    const [heard, named] = [settled(voice, BREATH_MS), settled(of('named'), SETTLED_MS)];
    for (const { at_ms, is } of heard) {
      const near = named.filter((other) => other.is === is && !other.taken && Math.abs(other.at_ms - at_ms) <= 1000 * PAIRED_S_MAX);
      const [closest] = near.sort((a, b) => Math.abs(a.at_ms - at_ms) - Math.abs(b.at_ms - at_ms));
      if (!closest) unpaired.push({ at_s: at_ms / 1000, kind: 'heard', name, is });
      else {
        closest.taken = true;
        paired.push({ at_s: Math.round(at_ms / 1000), name, begins: is, lag_s: Number(((closest.at_ms - at_ms) / 1000).toFixed(3)) });
      }
    }
    unpaired.push(...named.filter(({ taken }) => !taken).map(({ at_ms, is }) => ({ at_s: at_ms / 1000, kind: 'named', name, is })));
  }
  return { paired, unpaired, pauses };
}

/** Pauses of a voice that are shorter than a breath and long enough to be heard as one: nobody in this show takes any. */
function breaths(changes) {
  const lasts_ms = (i) => (changes[i + 1]?.at_ms ?? Infinity) - changes[i].at_ms;
  const pauses = changes.flatMap(({ at_ms, is }, i) => (is || i === 0 ? [] : [{ at_s: Math.round(at_ms / 1000), pause_s: lasts_ms(i) / 1000 }]));
  return pauses.filter(({ pause_s }) => pause_s >= SETTLED_MS / 1000 && pause_s < BREATH_MS / 1000);
}

/** Changes that lasted, a silence for `gone_ms`; the first is how it was when looking began. */
function settled(changes, gone_ms) {
  const least_ms = ({ is }) => (is ? SETTLED_MS : gone_ms);
  const lasting = changes.filter((change, i) => (changes[i + 1]?.at_ms ?? Infinity) - change.at_ms >= least_ms(change));
  const turns = lasting.filter(({ is }, i) => i > 0 && is !== lasting[i - 1].is);
  return turns.map((turn) => ({ ...turn }));
}
