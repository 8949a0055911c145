// Asking a door for JSON, and its refusals (application/problem+json, RFC 9457) as one error type.

import { patience } from './older.js';

/** What refusals say in a language, by their reason. The server's own words are English. */
export type Refusals = Readonly<Record<string, string>>;

/** Why a request did not give what was asked for. `status` 0 means that nobody answered. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly title: string,
    readonly detail: string,
    readonly retry_after_s: number | null,
    readonly recording: string | null,
  ) {
    super(detail || title || reason);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }

  /** The sentence for people: what the server said, in their language if `refusals` has it, or `silence` when nobody answered. */
  sentence(silence: string, refusals: Refusals = {}): string {
    if (this.unreachable) return silence;
    return refusals[this.reason] || this.detail || this.title || `HTTP ${this.status}`;
  }
}

export function unreachable(): Problem {
  return new Problem(0, 'unreachable', '', '', null, null);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads the refusal of a response that is not ok; a body that is no problem document is no obstacle. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    // A proxy's HTML page, or a connection that broke: the status has to do.
  }
  const header = Number(response.headers.get('Retry-After') ?? NaN);
  const stated = body['retry_after_s'];
  const retry_after_s = typeof stated === 'number' ? stated : Number.isFinite(header) ? header : null;
  const recording = text(body['recording']) || null;
  return new Problem(response.status, text(body['reason']), text(body['title']), text(body['detail']), retry_after_s, recording);
}

/** An answer that is not here by then is not on its way: on a bad line it takes two seconds. */
const ANSWER_MS_MAX = 8_000;

export interface Ask {
  method?: 'GET' | 'POST' | 'DELETE';
  token?: string;
  /** Sent as JSON. */
  json?: unknown;
  signal?: AbortSignal;
  /** For answers that may be long in coming, such as a large document on a slow line. */
  patience_ms?: number;
  /** For what must be true now, and not a second ago. */
  cache?: 'no-store';
}

/** Asks and parses the JSON answer; throws a `Problem`. A 204 gives `null`. A door that hangs is one that does not answer. */
export async function ask<T>(url: string, { method = 'GET', token, json, signal, patience_ms = ANSWER_MS_MAX, cache }: Ask = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (token) headers['Authorization'] = `Bearer ${token}`;
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  const init: RequestInit = { method, headers, signal: patience(patience_ms, ...(signal ? [signal] : [])) };
  if (cache) init.cache = cache;
  if (json !== undefined) init.body = JSON.stringify(json);
  try {
    const response = await fetch(url, init);
    if (!response.ok) throw await problemOf(response);
    return response.status === 204 ? (null as T) : ((await response.json()) as T);
  } catch (error) {
    if (error instanceof Problem || signal?.aborted) throw error;
    throw unreachable();
  }
}
