// A listener without a player: reads a stream over HTTP and keeps what came.

import { once } from 'node:events';
import { get } from 'node:http';

/** Opens a stream; throws the refusal's words if it is refused. */
export async function openStream(url) {
  const stop = new AbortController();
  const response = await fetch(url, { signal: stop.signal });
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const stream = { headers: response.headers, bytes: 0, open: true, close: () => stop.abort() };
  const read = async () => {
    for await (const part of response.body) stream.bytes += part.length;
  };
  read().catch(() => {}).finally(() => { stream.open = false; });
  return stream;
}

/** A refusal: its status and its problem document (RFC 9457), which every refusal must have. */
export async function refusal(url, options = {}) {
  const response = await fetch(url, { redirect: 'manual', ...options });
  return judge(url, response, await response.text());
}

/** The refusal of a path that `fetch` would tidy up before it asks: `..` in any spelling. */
export async function refusalAsIs(door, path) {
  const { hostname, port } = new URL(door);
  const [incoming] = await once(get({ hostname, port, path, agent: false }), 'response');
  const body = Buffer.concat(await incoming.toArray()).toString();
  return judge(path, { status: incoming.statusCode, headers: new Headers(incoming.headers) }, body);
}

function judge(url, response, text) {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/problem+json')) throw new Error(`${url}: ${response.status} ${type} ${text}`);
  const problem = JSON.parse(text);
  for (const field of ['title', 'detail', 'reason']) {
    if (!problem[field]) throw new Error(`${url}: the problem has no ${field}: ${text}`);
  }
  if (problem.status !== response.status) throw new Error(`${url}: ${response.status} says it is ${problem.status}`);
  return { ...problem, headers: response.headers };
}
