// What the studio says of sound that is not well: a microphone that gives nothing, a loudspeaker that the microphone hears.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode } from '../harness/ears.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { personOf } from '../harness/studio.mjs';
import { RATE_HZ, writeWav } from '../sound/tones.mjs';

const SPEECH = new URL('../../assets/demo/ada.opus', import.meta.url).pathname;
const SILENCE_S = 5;
// An echo is proved by syllables, of which a conversation has some and a pause has none.
const ECHO_PATIENCE_MS = 90_000;

/** Runs in the page: its microphone hears what it plays, as one beside a loudspeaker does. */
function hearYourself() {
  const room = { context: null, microphone: null };
  const enter = () => {
    room.context ??= new AudioContext({ sampleRate: 48_000 });
    room.microphone ??= room.context.createMediaStreamDestination();
    return room;
  };
  navigator.mediaDevices.getUserMedia = async () => enter().microphone.stream.clone();
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      this.addEventListener('track', ({ track }) => {
        const { context, microphone } = enter();
        context.createMediaStreamSource(new MediaStream([track])).connect(new GainNode(context, { gain: 0.5 })).connect(microphone);
      });
    }
  };
}

test('warnings on the stage', async (t) => {
  const house = await House.open(t);
  const show = await house.show('unwell', ['host', 'speaker', 'speaker'], { live: false });
  const [host, silent, echo] = show.links.map((link) => link.url);
  const speech = writeWav(house.path('speech.wav'), await decode(SPEECH, house.folder));
  const silence = writeWav(house.path('silence.wav'), new Float32Array(SILENCE_S * RATE_HZ));
  const [ada, ben, cleo] = await Promise.all([
    house.chromium({ microphone: speech }),
    house.chromium({ microphone: silence }),
    house.chromium({ init: [hearYourself] }),
  ]);
  await takeStage(ada.page, host, 'Ada');
  await takeStage(ben.page, silent, 'Ben');
  await takeStage(cleo.page, echo, 'Cleo');

  await t.test('a silent microphone is told to its owner and to the others', async () => {
    await ben.page.getByText('Your microphone gives nothing.').waitFor();
    await ada.page.getByText('Nothing comes from Ben’s microphone').waitFor();
  });
  await t.test('so is an echo', async () => {
    await cleo.page.getByText('The others hear themselves through your loudspeaker.').waitFor({ timeout: ECHO_PATIENCE_MS });
    await ada.page.getByText('We hear ourselves through Cleo’s loudspeaker').waitFor();
  });
  await t.test('who is well is warned of nothing', async () => {
    assert.deepEqual((await personOf(ada.page, 'Ada')).warnings, []);
  });
});
