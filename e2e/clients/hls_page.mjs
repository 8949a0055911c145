// hls.js in a page of its own, as a site of somebody else would embed it: another origin, nothing of ours but the URL.

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createRequire } from 'node:module';

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
const PAGE = `<!doctype html><title>hls.js</title><audio></audio><script src="/hls.js"></script><script>
  const audio = document.querySelector('audio');
  const hls = new Hls({ lowLatencyMode: true });
  window.heard = { hls, faults: [], stalls: 0 };
  hls.on(Hls.Events.ERROR, (_, { type, details, fatal, error }) => {
    if (details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) window.heard.stalls += 1;
    else window.heard.faults.push([type, details, fatal ? 'fatal' : 'mended', error?.message].join(' '));
  });
  hls.loadSource(new URL(location).searchParams.get('url'));
  hls.attachMedia(audio);
  hls.on(Hls.Events.MANIFEST_PARSED, () => audio.play());
  // How long ago what is played now was in the mix, by the dates in the playlist and the clock of this machine.
  window.heard.late_s = () => (hls.playingDate && !audio.paused ? (Date.now() - hls.playingDate) / 1000 : null);
</script>`;

/** Serves the page until the test ends; gives its address for a playlist. */
export async function serveHlsPage(t) {
  const server = createServer((request, response) => {
    const script = request.url === '/hls.js';
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' });
    response.end(script ? readFileSync(HLS_JS) : PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (playlist) => `http://127.0.0.1:${server.address().port}/?url=${encodeURIComponent(playlist)}`;
}
