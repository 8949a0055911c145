// The reader of low-latency playlists against one written by hand, and against each rule that it may break.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { checkReload, readMedia } from './hls.mjs';

const GOOD = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=3.0,HOLD-BACK=6.0
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:15:00.000Z
#EXT-X-PART:DURATION=1.0,INDEPENDENT=YES,URI="a0.m4s"
#EXT-X-PART:DURATION=0.5,INDEPENDENT=YES,URI="a1.m4s"
#EXTINF:1.5,
a.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:15:01.500Z
#EXT-X-PART:DURATION=1.0,INDEPENDENT=YES,URI="b0.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b1.m4s"
#EXT-X-RENDITION-REPORT:URI="../x/ll.m3u8",LAST-MSN=5,LAST-PART=0
`;
const FAULTS = [
  ['VERSION:9', 'VERSION:8'],
  ['CAN-BLOCK-RELOAD=YES,', ''],
  ['PART-HOLD-BACK=3.0', 'PART-HOLD-BACK=2.9'],
  ['HOLD-BACK=6.0', 'HOLD-BACK=5.9'],
  ['UNTIL=12.0', 'UNTIL=11.9'],
  ['DURATION=1.0,INDEPENDENT=YES,URI="a0', 'DURATION=0.5,INDEPENDENT=YES,URI="a0'],
  ['PART-TARGET=1.0', 'PART-TARGET=0.9'],
  ['INDEPENDENT=YES,', ''],
  ['#EXTINF:1.5', '#EXTINF:1.6'],
  ['#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b1.m4s"\n', ''],
  ['TYPE=PART', 'TYPE=MAP'],
  ['LAST-PART=0', 'LAST-PART=x'],
  ['URI="b0.m4s"\n', 'URI="b0.m4s"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:15:01.500Z\n'],
];

test('a low-latency playlist is read, and each fault in it is found', async (t) => {
  let text = GOOD;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${server.address().port}/ll.m3u8`;

  const list = await readMedia(url);
  assert.deepEqual([list.segments.length, list.segments[0].parts.length, list.open.length], [1, 2, 1]);
  assert.equal(list.hint, new URL('b1.m4s', url).href);
  for (const [old, changed] of FAULTS) {
    text = GOOD.replace(old, changed);
    assert.notEqual(text, GOOD, old);
    await assert.rejects(readMedia(url), undefined, `${old} became ${changed}`);
  }
  text = GOOD.replace('#EXT-X-PRELOAD', '#EXTINF:1.0,\nb.m4s\n#EXT-X-PRELOAD');
  checkReload(list, await readMedia(url));
  assert.throws(() => checkReload(list, { ...list, segments: [{ ...list.segments[0], url: 'c.m4s' }] }), /stays as it was/);
});
