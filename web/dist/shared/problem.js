import { patience } from './older.js';
export class Problem extends Error {
    status;
    reason;
    title;
    detail;
    retry_after_s;
    recording;
    constructor(status, reason, title, detail, retry_after_s, recording) {
        super(detail || title || reason);
        this.status = status;
        this.reason = reason;
        this.title = title;
        this.detail = detail;
        this.retry_after_s = retry_after_s;
        this.recording = recording;
    }
    get unreachable() {
        return this.status === 0;
    }
    sentence(silence, refusals = {}) {
        if (this.unreachable)
            return silence;
        return refusals[this.reason] || this.detail || this.title || `HTTP ${this.status}`;
    }
}
export function unreachable() {
    return new Problem(0, 'unreachable', '', '', null, null);
}
const text = (value) => (typeof value === 'string' ? value : '');
export async function problemOf(response) {
    let body = {};
    try {
        const parsed = await response.json();
        if (typeof parsed === 'object' && parsed !== null)
            body = parsed;
    }
    catch {
    }
    const header = Number(response.headers.get('Retry-After') ?? NaN);
    const stated = body['retry_after_s'];
    const retry_after_s = typeof stated === 'number' ? stated : Number.isFinite(header) ? header : null;
    const recording = text(body['recording']) || null;
    return new Problem(response.status, text(body['reason']), text(body['title']), text(body['detail']), retry_after_s, recording);
}
const ANSWER_MS_MAX = 8_000;
export async function ask(url, { method = 'GET', token, json, signal, patience_ms = ANSWER_MS_MAX, cache } = {}) {
    const headers = { Accept: 'application/json' };
    if (token)
        headers['Authorization'] = `Bearer ${token}`;
    if (json !== undefined)
        headers['Content-Type'] = 'application/json';
    const init = { method, headers, signal: patience(patience_ms, ...(signal ? [signal] : [])) };
    if (cache)
        init.cache = cache;
    if (json !== undefined)
        init.body = JSON.stringify(json);
    try {
        const response = await fetch(url, init);
        if (!response.ok)
            throw await problemOf(response);
        return response.status === 204 ? null : (await response.json());
    }
    catch (error) {
        if (error instanceof Problem || signal?.aborted)
            throw error;
        throw unreachable();
    }
}
