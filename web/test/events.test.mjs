// Server-sent events as they come in pieces.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../dist/shared/sse.js';

test('an event is whole however it was cut', () => {
  const text = ': hello\n\nevent: state\ndata: {"a":1}\n\ndata: one\r\ndata:two\r\n\r\n';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const parser = new EventParser();
    const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    assert.deepEqual(events, ['{"a":1}', 'one\ntwo']);
  }
});

test('an endless line is dropped, not collected', () => {
  const parser = new EventParser();
  for (let i = 0; i < 100; i += 1) parser.push('x'.repeat(10_000));
  assert.deepEqual(parser.push('\n\ndata: still here\n\n'), ['still here']);
});
