// A network that takes no UDP: the speaker comes in over TCP on the same port number.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { hearProgramme, hearStage } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, PITCH_C_HZ } from '../sound/tones.mjs';

const NFT = '/usr/sbin/nft';

test('two speakers without UDP', async (t) => {
  const house = await House.open(t);
  await refuseUdp(house, house.server.media_port);
  const show = await house.show('train', ['host', 'speaker']);
  const [ada, ben, listener] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium({ microphone: house.voice(PITCH_B_HZ) }),
    house.chromium(),
  ]);
  await takeStage(ada.page, show.links[0].url, 'Ada');
  await takeStage(ben.page, show.links[1].url, 'Ben');
  await house.untilStatus('train', 'both speak', ({ speaking }) => speaking.includes('Ada') && speaking.includes('Ben'));

  assert.deepEqual(await Promise.all([ada, ben].map(({ page }) => page.evaluate(protocol))), ['tcp', 'tcp']);
  await pressListen(listener.page, show.listen_url);
  const [toAda, programme] = await Promise.all([hearStage(ada.page, 5), hearProgramme(listener.page, 5)]);
  t.diagnostic(assertPitches(toAda, { heard: [PITCH_B_HZ], unheard: [PITCH_A_HZ] }, 'Ada'));
  t.diagnostic(assertPitches(programme, { heard: [PITCH_A_HZ, PITCH_B_HZ], unheard: [PITCH_C_HZ] }, 'the listener'));
});

/** Runs in the page: over what its connection runs. */
async function protocol() {
  const stats = [...(await window.ears.connected().getStats()).values()];
  const transport = stats.find(({ type }) => type === 'transport');
  const pair = stats.find(({ id }) => id === transport.selectedCandidatePairId);
  return stats.find(({ id }) => id === pair.remoteCandidateId).protocol;
}

/** Drops UDP to this port in the kernel until the house closes, on every interface. */
async function refuseUdp(house, port) {
  const table = `stentor_e2e_${port}`;
  const rules = `table inet ${table} { chain out { type filter hook output priority 0; udp dport ${port} drop; udp sport ${port} drop; }; }`;
  try {
    await run(NFT, [rules]);
  } catch (error) {
    throw new Error(`this test needs nftables and the right to use it (root): ${error.message}`);
  }
  house.keep({ close: () => run(NFT, ['delete', 'table', 'inet', table]) });
}
