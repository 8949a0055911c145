// What the other tests prove rests on hearing: Chromium's microphone to a peer and back into a page, Firefox
// into the sound server. No server of ours takes part.

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { once } from 'node:events';

import { hearProgramme, hearStage } from '../harness/ears.mjs';
import { House } from '../harness/house.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, PITCH_C_HZ } from '../sound/tones.mjs';

const LOOP = `<!doctype html><script type="module">
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
  far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
  far.ontrack = ({ streams }) => { const sink = new Audio(); sink.srcObject = streams[0]; sink.play(); };
  near.addTrack(microphone.getAudioTracks()[0], microphone);
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription);
</script>`;
const PLAY = '<!doctype html><audio src="/voice.wav" loop></audio><script>document.querySelector("audio").play()</script>';

test('a voice is heard from the microphone, through a peer, and from a media element', async (t) => {
  const house = await House.empty(t);
  const address = await serve(t, house.voice(PITCH_B_HZ));
  const { page } = await house.chromium({ microphone: house.voice(PITCH_A_HZ) });
  await page.goto(`${address}/loop`);
  const looped = await hearStage(page, 5);
  t.diagnostic(assertPitches(looped, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'through a peer'));
  await page.goto(`${address}/play`);
  const played = await hearProgramme(page, 5);
  t.diagnostic(assertPitches(played, { heard: [PITCH_B_HZ], unheard: [PITCH_A_HZ] }, 'from an element'));
});

test('a voice is heard from Firefox', async (t) => {
  const house = await House.empty(t);
  const address = await serve(t, house.voice(PITCH_C_HZ));
  const sound = await house.soundServer();
  const { page } = await house.firefox({ env: sound.env });
  await page.goto(`${address}/play`);
  await page.waitForFunction(() => Boolean(window.ears.programme()));
  t.diagnostic(assertPitches(await sound.hear(5), { heard: [PITCH_C_HZ], unheard: [PITCH_A_HZ] }, 'Firefox'));
});

async function serve(t, wav) {
  const pages = { '/loop': ['text/html', LOOP], '/play': ['text/html', PLAY], '/voice.wav': ['audio/wav', readFileSync(wav)] };
  const server = createServer((request, response) => {
    const [type, body] = pages[request.url] ?? ['text/plain', 'not found'];
    response.writeHead(pages[request.url] ? 200 : 404, { 'content-type': type }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}
