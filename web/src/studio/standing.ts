// The one question of everybody on a stage: am I on air, and who hears me now?

import type { ConnectionPhase } from './stageconnection.js';
import { meIn, type StageDocument } from './documents.js';

/** What the page says largest. */
export type Standing =
  /** Not on the stage yet, or the connection broke. */
  | 'connecting'
  | 'reconnecting'
  /** There is no sound of a microphone to send. */
  | 'no_microphone'
  | 'backstage'
  /** In place for the programme, which has not begun. */
  | 'ready'
  | 'on_air'
  /** On air, and silent by choice. */
  | 'on_air_muted'
  | 'ending'
  | 'ended';

/** Who hears this microphone. */
export type Audience = 'nobody' | 'backstage' | 'stage' | 'everybody';

export interface Standpoint {
  standing: Standing;
  audience: Audience;
  /** Those on the stage who hear, by name. */
  hearers: string[];
}

export interface Circumstances {
  document: StageDocument | null;
  connection: ConnectionPhase | null;
  /** A connection stood before. */
  was_connected: boolean;
  microphone_works: boolean;
  muted: boolean;
}

export function standpointOf(here: Circumstances): Standpoint {
  const { document } = here;
  const me = meIn(document);
  const unheard = (standing: Standing): Standpoint => ({ standing, audience: 'nobody', hearers: [] });
  if (document?.phase === 'ended') return unheard('ended');
  if (!document || !me || here.connection !== 'connected') return unheard(here.was_connected ? 'reconnecting' : 'connecting');
  if (!here.microphone_works) return unheard('no_microphone');

  const others = document.people.filter((person) => person.connected && person.id !== me.id);
  const near = me.place === 'backstage' ? others.filter((person) => person.place === 'backstage') : others;
  const airs = document.phase === 'on_air' && me.place === 'on_air';
  const standing = standingOf(document.phase, me.place === 'backstage');
  if (here.muted) return unheard(standing === 'on_air' ? 'on_air_muted' : standing);
  const hearers = near.map((person) => person.name);
  if (airs) return { standing, audience: 'everybody', hearers };
  if (hearers.length === 0) return unheard(standing);
  return { standing, audience: me.place === 'backstage' ? 'backstage' : 'stage', hearers };
}

function standingOf(phase: StageDocument['phase'], backstage: boolean): Standing {
  if (phase === 'ending') return 'ending';
  if (backstage) return 'backstage';
  return phase === 'on_air' ? 'on_air' : 'ready';
}
