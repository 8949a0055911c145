// The readers against files of another maker: ffmpeg's HLS.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { checkReload, checkSegments, readMedia } from './hls.mjs';

test("ffmpeg's playlist is read, and each fault in it is found", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stentor-hls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const hls = '-c:a aac -b:a 64k -f hls -hls_time 3.84 -hls_segment_type fmp4 -hls_playlist_type vod -hls_flags program_date_time';
  const source = ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:sample_rate=48000:duration=12'];
  await run('ffmpeg', [...source, ...hls.split(' '), 'good.m3u8'], { cwd: folder });
  const address = await serve(t, folder);

  const list = await readMedia(`${address}/good.m3u8`);
  assert.ok(list.segments.length >= 3 && list.ended);
  await checkSegments(list, 'mp4a.40.2');
  checkReload(list, list);
  await assert.rejects(checkSegments(list, 'opus'));

  const text = readFileSync(join(folder, 'good.m3u8'), 'utf8');
  const faults = {
    'no first line': text.replace('#EXTM3U\n', ''),
    'an unknown tag': text.replace('#EXTINF', '#EXT-X-MAGIC\n#EXTINF'),
    'a segment over the target': text.replace(/TARGETDURATION:\d+/, 'TARGETDURATION:1'),
    'no duration': text.replace(/#EXTINF.*\n/, ''),
    'a date that jumps': text.replace(/(#EXT-X-PROGRAM-DATE-TIME:)\d{4}(?![\s\S]*DATE-TIME)/, '$12001'),
    'a segment after the end': `${text}\n#EXTINF:3.84,\nmore.m4s\n`,
    'no map': text.replace(/#EXT-X-MAP.*\n/, ''),
  };
  for (const [fault, changed] of Object.entries(faults)) {
    assert.notEqual(changed, text, fault);
    writeFileSync(join(folder, 'bad.m3u8'), changed);
    await assert.rejects(readMedia(`${address}/bad.m3u8`), undefined, fault);
  }

  const undated = text.replaceAll(/#EXT-X-PROGRAM-DATE-TIME.*\n/g, '');
  writeFileSync(join(folder, 'bad.m3u8'), undated.replace(/(#EXTINF:)[\d.]+/, '$13.1'));
  const wrong = await readMedia(`${address}/bad.m3u8`);
  await assert.rejects(checkSegments(wrong, 'mp4a.40.2'), /says 3.1/);
  assert.throws(() => checkReload(list, wrong), /stays as it was/);
});

async function serve(t, folder) {
  const type = { m3u8: 'application/vnd.apple.mpegurl', mp4: 'audio/mp4', m4s: 'audio/mp4' };
  const server = createServer((request, response) => {
    const headers = { 'cache-control': 'public, max-age=31536000, immutable', 'access-control-allow-origin': '*' };
    response.writeHead(200, { 'content-type': type[request.url.split('.').pop()], ...headers });
    response.end(readFileSync(join(folder, request.url)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}
