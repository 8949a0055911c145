// ISO BMFF boxes, as far as an fMP4 of sound needs them, read by the tests' own pen (ISO/IEC 14496-12).

import assert from 'node:assert/strict';

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf']);

/** The boxes of a buffer as { type, at, body, inside }, exact to its last byte. */
export function boxes(bytes) {
  const found = [];
  let at = 0;
  while (at < bytes.length) {
    assert.ok(at + 8 <= bytes.length, `a box is cut off at ${at}`);
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    assert.ok(size >= 8 && at + size <= bytes.length, `${type} at ${at} says ${size} bytes, ${bytes.length - at} are left`);
    const body = bytes.subarray(at + 8, at + size);
    found.push({ type, at, body, inside: CONTAINERS.has(type) ? boxes(body) : [] });
    at += size;
  }
  return found;
}

/** The first box on this path of types. */
export function box(list, ...path) {
  const [type, ...rest] = path;
  const found = list.find((candidate) => candidate.type === type);
  assert.ok(found, `there is no ${type}`);
  return rest.length === 0 ? found : box(found.inside, ...rest);
}

/** Timescale, codec and the duration that samples have by default, of an initialisation segment. */
export function readInit(bytes) {
  const list = boxes(bytes);
  assert.equal(list[0].type, 'ftyp');
  const mdhd = box(list, 'moov', 'trak', 'mdia', 'mdhd').body;
  const timescale = mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12);
  const stsd = box(list, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd').body;
  const trex = box(list, 'moov', 'mvex', 'trex').body;
  return { timescale, codec: stsd.toString('latin1', 12, 16), sample_duration: trex.readUInt32BE(12) };
}

/** The fragments of a media segment: where each begins on the media clock, and for how long it lasts. */
export function readFragments(bytes, { sample_duration }) {
  const list = boxes(bytes).filter(({ type }) => type !== 'styp' && type !== 'sidx');
  assert.ok(list.length >= 2 && list.length % 2 === 0, `moof and mdat in pairs, not ${list.map((b) => b.type)}`);
  const fragments = [];
  for (let i = 0; i < list.length; i += 2) {
    const [moof, mdat] = [list[i], list[i + 1]];
    assert.deepEqual([moof.type, mdat.type], ['moof', 'mdat']);
    fragments.push(readFragment(moof, mdat, sample_duration));
  }
  return fragments;
}

function readFragment(moof, mdat, sample_duration) {
  const tfdt = box(moof.inside, 'traf', 'tfdt').body;
  assert.equal(tfdt[0], 1, 'the decode time has 64 bits');
  const tfhd = box(moof.inside, 'traf', 'tfhd').body;
  const trun = box(moof.inside, 'traf', 'trun').body;
  const flags = trun.readUInt32BE(0) & 0xffffff;
  const count = trun.readUInt32BE(4);
  let at = 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  let [duration, size] = [0, 0];
  for (let i = 0; i < count; i += 1) {
    if (flags & 0x100) {
      duration += trun.readUInt32BE(at);
      at += 4;
    }
    if (flags & 0x200) {
      size += trun.readUInt32BE(at);
      at += 4;
    }
    at += (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0);
  }
  if (flags & 0x200) assert.equal(size, mdat.body.length, 'the samples fill the mdat');
  return { begins: Number(tfdt.readBigUInt64BE(4)), lasts: flags & 0x100 ? duration : count * (defaultDuration(tfhd) ?? sample_duration) };
}

/** default_sample_duration of a tfhd (ISO/IEC 14496-12 §8.8.7), null when the trex has it. */
function defaultDuration(tfhd) {
  const flags = tfhd.readUInt32BE(0) & 0xffffff;
  const at = 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  return flags & 0x8 ? tfhd.readUInt32BE(at) : null;
}
