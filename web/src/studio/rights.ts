// Who may direct whom (ARCHITECTURE.md, "The stage"). The server decides; the page only offers what it would allow.

import type { Role } from '../shared/documents.js';
import type { StagePerson } from './documents.js';

export type Deed = 'mute' | 'place' | 'noise_suppression' | 'remove' | 'revoke';

/** Whether this role runs the show: live, end, undo, dump, hands, messages, invitations. */
export function runsTheShow(role: Role): boolean {
  return role === 'host' || role === 'co_host';
}

/** What `me` may do to `person`, in the order of a menu: what is easily taken back first. */
export function deedsOf(me: StagePerson, person: StagePerson): Deed[] {
  if (me.id === person.id) return me.role === 'speaker' ? ['mute', 'noise_suppression'] : ['mute', 'place', 'noise_suppression'];
  if (me.role === 'host') return ['mute', 'place', 'noise_suppression', 'remove', 'revoke'];
  if (me.role === 'co_host' && person.role === 'speaker') return ['mute', 'place', 'remove'];
  return [];
}

/** Whom this role may invite. */
export function invites(role: Role): Role[] {
  if (role === 'host') return ['speaker', 'co_host'];
  return role === 'co_host' ? ['speaker'] : [];
}
