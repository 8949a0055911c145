// The desk's API with the token of this device.

import type { DeskLink, DeskShow, Role } from '../shared/documents.js';
import { forget, recall, remember } from '../shared/memory.js';
import { ask, Problem } from '../shared/problem.js';

const API = '/api/v1';

interface DeskToken {
  token: string;
}

export interface NewShow {
  id: string;
  title?: string;
  language?: string;
  starts_at?: number;
}

/** The shows, by the server's clock, and what the operator is to be told about tonight. */
export interface DeskAnswer {
  now: number;
  shows: DeskShow[];
  warnings: Notice[];
}

/** As in the server's log: what it is, its sentence in English, and what that is made of. */
export interface Notice {
  notice: string;
  text: string;
  fields: Record<string, unknown>;
}

export class Desk {
  /** Only the server says when it is no longer good: this computer's clock may be wrong. */
  #token = recall<DeskToken>('desk');

  /** `lost` is told when the token is no longer good. */
  constructor(readonly lost: (problem: Problem) => void) {}

  get entered(): boolean {
    return Boolean(this.#token?.token);
  }

  /** Exchanges the operator's key; only called by a press. */
  async enter(key: string): Promise<void> {
    this.#token = await ask<DeskToken>(`${API}/session`, { method: 'POST', token: key });
    remember('desk', this.#token);
  }

  leave(): void {
    this.#token = null;
    forget('desk');
  }

  shows(): Promise<DeskAnswer> {
    return this.#ask('GET', '/shows');
  }

  create(show: NewShow): Promise<DeskShow> {
    return this.#ask('POST', '/shows', show);
  }

  turn(id: string, to: 'live' | 'end' | 'undo'): Promise<DeskShow> {
    return this.#ask('POST', `/shows/${id}/${to}`);
  }

  remove(id: string): Promise<null> {
    return this.#ask('DELETE', `/shows/${id}`);
  }

  invite(id: string, role: Role, label: string): Promise<DeskLink> {
    return this.#ask('POST', `/shows/${id}/links`, label ? { role, label } : { role });
  }

  revoke(id: string, link: string | number): Promise<null> {
    return this.#ask('DELETE', `/shows/${id}/links/${link}`);
  }

  async #ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, json?: unknown): Promise<T> {
    try {
      return await ask<T>(API + path, { method, token: this.#token?.token ?? '', json });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        this.leave();
        this.lost(error);
      }
      throw error;
    }
  }
}
