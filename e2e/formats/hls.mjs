// A strict reader of HLS playlists (RFC 8216, draft-pantos-hls-rfc8216bis): what is wrong or unknown throws.

import assert from 'node:assert/strict';

import { readFragments, readInit } from './boxes.mjs';

const CODECS = { Opus: 'opus', mp4a: 'mp4a.40.2' };

/** Fetches a multivariant playlist and returns its variants with absolute addresses. */
export async function readMultivariant(url) {
  const lines = await fetchPlaylist(url);
  const variants = [];
  while (lines.length > 0) {
    const [tag, value] = splitTag(lines.shift());
    if (tag === 'EXT-X-VERSION') assert.match(value, /^\d+$/);
    else if (tag === 'EXT-X-INDEPENDENT-SEGMENTS') assert.equal(value, null);
    else if (tag === 'EXT-X-MEDIA') attributes(value);
    else {
      assert.equal(tag, 'EXT-X-STREAM-INF', `unexpected ${tag} in ${url}`);
      const stream = attributes(value);
      assert.match(stream.BANDWIDTH ?? '', /^[1-9]\d*$/, 'BANDWIDTH is required (RFC 8216 §4.3.4.2)');
      assert.ok(stream.CODECS, 'CODECS lets a player choose without trying');
      const uri = lines.shift() ?? '';
      assert.ok(uri !== '' && !uri.startsWith('#'), 'a variant is followed by its URI');
      variants.push({ url: new URL(uri, url).href, codecs: stream.CODECS, bandwidth: Number(stream.BANDWIDTH) });
    }
  }
  assert.ok(variants.length > 0, `${url} has no variants`);
  return variants;
}

/**
 * Fetches a media playlist: its segments with address, duration, date, gap, discontinuity and parts. Of a low-latency
 * one also `open`, the parts of the segment in the making, and `hint`.
 */
export async function readMedia(url) {
  const lines = await fetchPlaylist(url);
  const list = { url, sequence: 0, ended: false, type: null, target_s: null, version: 1, map: null, segments: [] };
  Object.assign(list, { control: null, part_target_s: null, open: [], hint: null, reports: [] });
  const nothing = () => ({ gap: false, discontinuity: false, date: null, parts: [] });
  let next = nothing();
  for (const line of lines) {
    assert.ok(!list.ended, 'nothing follows EXT-X-ENDLIST');
    if (!line.startsWith('#')) {
      assert.ok(next.duration_s > 0, `${line} has no EXTINF`);
      list.segments.push({ ...next, map: list.map, url: new URL(line, url).href });
      next = nothing();
      continue;
    }
    readTag(list, next, ...splitTag(line));
  }
  list.open = next.parts;
  checkMedia(list);
  if (list.part_target_s !== null) checkLowLatency(list);
  return list;
}

function readTag(list, next, tag, value) {
  const readers = {
    'EXT-X-VERSION': () => { list.version = Number(value); },
    'EXT-X-TARGETDURATION': () => {
      assert.match(value, /^[1-9]\d*$/, 'the target duration is a whole number of seconds');
      list.target_s = Number(value);
    },
    'EXT-X-MEDIA-SEQUENCE': () => {
      assert.equal(list.segments.length, 0, 'MEDIA-SEQUENCE comes before the first segment');
      list.sequence = Number(value);
    },
    'EXT-X-DISCONTINUITY-SEQUENCE': () => assert.match(value, /^\d+$/),
    'EXT-X-PLAYLIST-TYPE': () => { list.type = value; },
    'EXT-X-INDEPENDENT-SEGMENTS': () => assert.equal(value, null),
    'EXT-X-SERVER-CONTROL': () => { list.control = attributes(value); },
    'EXT-X-PART-INF': () => { list.part_target_s = Number(attributes(value)['PART-TARGET']); },
    'EXT-X-PART': () => {
      const part = attributes(value);
      assert.equal(part.INDEPENDENT, 'YES', 'sound can begin with any part');
      next.parts.push({ url: new URL(part.URI, list.url).href, duration_s: Number(part.DURATION) });
    },
    'EXT-X-PRELOAD-HINT': () => {
      assert.equal(list.hint, null, 'there is one hint');
      const { TYPE, URI } = attributes(value);
      assert.equal(TYPE, 'PART');
      list.hint = new URL(URI, list.url).href;
    },
    'EXT-X-RENDITION-REPORT': () => {
      const report = attributes(value);
      assert.match(`${report['LAST-MSN']} ${report['LAST-PART']}`, /^\d+ \d+$/, 'a report says how far the other is');
      list.reports.push({ ...report, url: new URL(report.URI, list.url).href });
    },
    'EXT-X-START': () => attributes(value),
    'EXT-X-MAP': () => { list.map = new URL(attributes(value).URI, list.url).href; },
    'EXT-X-PROGRAM-DATE-TIME': () => {
      assert.equal(next.parts.length, 0, 'a date stands before the parts of its segment');
      next.date = Date.parse(value);
      assert.ok(next.date > 0, `${value} is a date`);
    },
    'EXT-X-DISCONTINUITY': () => { next.discontinuity = true; },
    'EXT-X-GAP': () => { next.gap = true; },
    EXTINF: () => {
      assert.match(value, /^\d+(\.\d+)?,/, 'EXTINF ends its duration with a comma');
      next.duration_s = Number.parseFloat(value);
    },
    'EXT-X-ENDLIST': () => { list.ended = true; },
  };
  assert.ok(readers[tag], `unexpected ${tag} in ${list.url}`);
  readers[tag]();
}

function checkMedia({ url, segments, target_s, version, map, ended, type }) {
  assert.ok(target_s > 0, `${url}: EXT-X-TARGETDURATION is required`);
  assert.ok(version >= 6, `${url}: EXT-X-MAP needs version 6 (RFC 8216 §7)`);
  assert.ok(map, `${url}: fragmented MP4 needs EXT-X-MAP`);
  assert.ok(ended || segments.length === 0 || segments[0].date, `${url}: a live playlist is dated`);
  if (type === 'VOD') assert.ok(ended, `${url}: a VOD playlist has an end`);
  let clock = null;
  for (const segment of segments) {
    assert.ok(Math.round(segment.duration_s) <= target_s, `${segment.url}: longer than the target duration`);
    if (segment.date !== null && clock !== null && !segment.discontinuity) {
      assert.ok(Math.abs(segment.date - clock) <= 2, `${segment.url}: dated ${segment.date - clock} ms off`);
    }
    clock = segment.date ?? clock;
    if (clock !== null) clock += 1000 * segment.duration_s;
  }
}

/** What parts ask for besides (draft-pantos-hls-rfc8216bis §4.4.3.7, §4.4.3.8, §4.4.4.9, §6.2.2). */
function checkLowLatency({ url, segments, open, target_s, part_target_s, control, version, hint, ended }) {
  assert.ok(version >= 9, `${url}: delta updates need version 9`);
  assert.equal(control?.['CAN-BLOCK-RELOAD'], 'YES', `${url}: players of parts reload by waiting`);
  const least_s = { 'HOLD-BACK': 3 * target_s, 'PART-HOLD-BACK': 3 * part_target_s, 'CAN-SKIP-UNTIL': 6 * target_s };
  for (const [name, s] of Object.entries(least_s)) assert.ok(Number(control[name]) >= s - 1e-9, `${url}: ${name} under ${s} s`);
  assert.equal(hint === null, ended, `${url}: what has not ended hints at what comes`);
  let end_s = seconds(open);
  for (const { url: of, parts, gap, duration_s } of segments.toReversed()) {
    const listed_s = end_s < 3 * target_s - 1e-9 && !gap ? duration_s : 0;
    assert.ok(Math.abs(seconds(parts) - listed_s) < 1e-6, `${of}: ${seconds(parts)} s of parts, ${end_s} s from the end`);
    end_s += duration_s;
  }
  for (const parts of [...segments.map((segment) => segment.parts), open]) {
    for (const [i, part] of parts.entries()) {
      assert.ok(part.duration_s <= part_target_s, `${part.url}: longer than the target`);
      assert.ok(i + 1 === parts.length || part.duration_s >= 0.85 * part_target_s, `${part.url}: too short`);
    }
  }
}

const seconds = (list) => list.reduce((sum, { duration_s }) => sum + duration_s, 0);

/** Throws unless `later` is what a playlist may have become: it grows at its end and loses from its front. */
export function checkReload(earlier, later) {
  assert.ok(later.sequence >= earlier.sequence, 'MEDIA-SEQUENCE never falls');
  assert.equal(later.target_s, earlier.target_s, 'the target duration never changes');
  for (const [i, segment] of later.segments.entries()) {
    const before = earlier.segments[later.sequence + i - earlier.sequence];
    // Parts go when the edge has moved on.
    if (before) assert.deepEqual({ ...segment, parts: before.parts }, before, 'a segment stays as it was');
  }
}

/**
 * Fetches the initialisation and media segments of a playlist and throws unless they fit together: the codec
 * is the one announced, a segment lasts as long as it says, and one begins where the last one ended.
 */
export async function checkSegments(list, codecs) {
  const inits = new Map();
  let end = null;
  for (const segment of list.segments) {
    if (!inits.has(segment.map)) inits.set(segment.map, readInit(await fetchImmutable(segment.map)));
    const init = inits.get(segment.map);
    assert.equal(CODECS[init.codec], codecs);
    if (segment.gap || segment.discontinuity) end = null;
    if (segment.gap) continue;
    const fragments = readFragments(await fetchImmutable(segment.url), init);
    for (const { begins, lasts } of fragments) {
      if (end !== null) assert.equal(begins, end, `${segment.url}: begins where the one before ended`);
      end = begins + lasts;
    }
    const lasts_s = (end - fragments[0].begins) / init.timescale;
    assert.ok(Math.abs(lasts_s - segment.duration_s) < 0.022, `${segment.url}: ${lasts_s} s, says ${segment.duration_s}`);
  }
}

/** Fetches the parts of a low-latency playlist and the one that it hints at; throws unless they follow each other. */
export async function checkParts(list) {
  const init = readInit(await fetchImmutable(list.map));
  const last = list.segments.at(-1);
  const parts = [...last.parts, ...list.open, { url: list.hint, duration_s: list.part_target_s }];
  let end = readFragments(await fetchImmutable(last.url), init)[0].begins;
  for (const { url, duration_s } of parts) {
    const fragments = readFragments(await fetchImmutable(url), init);
    assert.equal(fragments.length, 1, url);
    assert.equal(fragments[0].begins, end, `${url}: begins where the one before ended`);
    end += fragments[0].lasts;
    assert.ok(Math.abs(fragments[0].lasts / init.timescale - duration_s) < 0.001, `${url}: does not last ${duration_s} s`);
  }
}

/** A named thing never changes, so it says that it may be kept for ever. */
async function fetchImmutable(url) {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  assert.match(response.headers.get('cache-control') ?? '', /immutable/, url);
  assert.equal(response.headers.get('access-control-allow-origin'), '*', url);
  return Buffer.from(await response.arrayBuffer());
}

async function fetchPlaylist(url) {
  const response = await fetch(url);
  const text = await response.text();
  assert.equal(response.status, 200, `${url}: ${text}`);
  assert.equal(response.headers.get('content-type')?.split(';')[0], 'application/vnd.apple.mpegurl', url);
  assert.ok(!text.includes('\uFEFF'), 'no byte order mark (RFC 8216 §4.1)');
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !/^#(?!EXT)/.test(line));
  assert.equal(lines.shift(), '#EXTM3U', `${url} begins with EXTM3U`);
  return lines;
}

function splitTag(line) {
  assert.ok(line.startsWith('#EXT'), `a tag, not ${line}`);
  const colon = line.indexOf(':');
  return colon < 0 ? [line.slice(1), null] : [line.slice(1, colon), line.slice(colon + 1)];
}

/** `NAME=value,NAME="quoted, value"` (RFC 8216 §4.2); no name twice. */
function attributes(text) {
  const found = {};
  let rest = text;
  while (rest !== '') {
    const [whole, name, value] = /^([A-Z0-9-]+)=("[^"]*"|[^",]+)(?:,|$)/.exec(rest) ?? [];
    assert.ok(whole, `not an attribute list: ${rest}`);
    assert.ok(!(name in found), `${name} twice`);
    found[name] = value.replaceAll('"', '');
    rest = rest.slice(whole.length);
  }
  return found;
}
