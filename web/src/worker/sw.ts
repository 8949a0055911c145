// The worker that keeps the listener's page for a time without a server. It answers for the page and the
// files the page is made of, and for nothing else: streams, status and recordings pass it by.
//
// The network always comes first and what is kept stands in, so whatever is wrong with this worker or its
// cache, a server that answers is heard, and a new version is there at the next load.

interface Shell {
  /** Changes with every byte of the files. */
  version: string;
  /** Path of each file → SHA-256 of its bytes, in hexadecimal. */
  files: Record<string, string>;
}

/** Set by the build, in front of this script. */
declare const SHELL: Shell;

const CACHE_PREFIX = 'stentor-shell-';
const PAGE = '/listener.html';
/** Where shows live: one part, in the letters a show's name may have. */
const SHOW = /^\/[a-z0-9-]+$/;
/** A server that works answers for a file of 1 to 5 kB in well under a second, on a bad line in two. */
const ANSWER_MS_MAX = 3_000;
/** After a silence what is kept comes at once for this long; else each wave of modules would wait anew. */
const SILENCE_MS = 10_000;

function keepShell(worker: ServiceWorkerGlobalScope): void {
  let silent_until = 0;

  worker.addEventListener('install', (event) => {
    event.waitUntil(keep().then(() => worker.skipWaiting()));
  });

  worker.addEventListener('activate', (event) => {
    event.waitUntil(forgetOlder().then(() => worker.clients.claim()));
  });

  worker.addEventListener('fetch', (event) => {
    const name = nameOf(event.request, worker.location.origin);
    if (name !== null) event.respondWith(answer(event.request, name));
  });

  async function answer(request: Request, name: string): Promise<Response> {
    const kept = await caches.match(name, { cacheName: CACHE_PREFIX + SHELL.version }).catch(() => undefined);
    if (!kept) return fetch(request);
    if (Date.now() < silent_until) return kept;
    try {
      const response = await inTime(fetch(request));
      // What a proxy says for a server that is gone tells a listener less than the page does.
      if (response.status < 500) return response;
    } catch {
      // Nobody answered, or not in time.
    }
    silent_until = Date.now() + SILENCE_MS;
    return kept;
  }
}

/** The file that answers this request; `null` for what is none of the worker's business. */
function nameOf(request: Request, origin: string): string | null {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin) return null;
  if (request.mode === 'navigate') return SHOW.test(url.pathname) ? PAGE : null;
  return url.pathname in SHELL.files ? url.pathname : null;
}

function inTime(response: Promise<Response>): Promise<Response> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), ANSWER_MS_MAX));
  return Promise.race([response, late]);
}

async function keep(): Promise<void> {
  const cache = await caches.open(CACHE_PREFIX + SHELL.version);
  await Promise.all(Object.entries(SHELL.files).map(([path, hash]) => keepFile(cache, path, hash)));
}

/** Most files are in the browser's cache since the page was loaded, so that a crowd asks for nothing twice. */
async function keepFile(cache: Cache, path: string, hash: string): Promise<void> {
  for (const mode of ['force-cache', 'reload'] as const) {
    const response = await fetch(path, { cache: mode });
    if (!response.ok || (await hashOf(response.clone())) !== hash) continue;
    return cache.put(path, response);
  }
  throw new Error(`${path} is of another version than this worker`);
}

async function hashOf(response: Response): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function forgetOlder(): Promise<void> {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE_PREFIX + SHELL.version);
  await Promise.all(older.map((name) => caches.delete(name)));
}

keepShell(self as unknown as ServiceWorkerGlobalScope);
