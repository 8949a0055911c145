// Was der Warteraum sagt, auf Deutsch.

import type { WaitingTexts } from './waiting.en.js';

const count = (n: number): string => n.toLocaleString('de');
/** Eine Stelle ist auf wenige Tausendstel bekannt. */
const about = (n: number): string => n.toLocaleString('de', { maximumSignificantDigits: 3 });

export const texts: WaitingTexts = {
  here: (people, seats) => `${count(people)} sind hier, und es gibt ${seats === 1 ? 'einen Platz' : `${count(seats)} Plätze`}`,
  crowded: 'Du kannst schon auf Hören drücken: Dann beginnt es hier von selbst, sobald du dran bist.',
  early: 'Es geht hier von selbst los, sobald der Einlass beginnt; bis dahin läuft ein leiser Warteton. Du kannst andere Tabs benutzen oder das Telefon sperren.',
  drawn: 'Wenn der Einlass beginnt, wird die Reihenfolge unter allen ausgelost, die dann hier sind: Früher zu kommen bringt nichts. Es beginnt hier von selbst, sobald du dran bist; bis dahin läuft ein leiser Warteton. Du kannst andere Tabs benutzen oder das Telefon sperren. Auch wenn du die Seite neu lädst, bleibst du in der Auslosung.',
  taken: (seats) => (seats === 0 ? 'Im Moment wird niemand eingelassen.' : seats === 1 ? 'Der einzige Platz ist besetzt.' : `Alle ${count(seats)} Plätze sind besetzt.`),
  press: 'Drücke auf Hören, um dich anzustellen: Es beginnt hier von selbst, sobald du dran bist.',
  pressToo: 'Du stehst schon an. Drücke auf Hören, dann beginnt es hier von selbst, sobald du dran bist.',
  called: 'Du bist dran. Drücke auf Hören.',
  arriving: 'Du stellst dich gerade an …',
  inLine: 'Es beginnt hier von selbst, sobald du dran bist; bis dahin läuft ein leiser Warteton. Du kannst andere Tabs benutzen oder das Telefon sperren. Auch wenn du die Seite neu lädst, behältst du deinen Platz in der Schlange.',
  next: 'Du bist gleich dran',
  place: (n) => `Du bist etwa Nummer ${about(n)} in der Schlange`,
  waitSoon: 'Noch weniger als eine Minute',
  wait: (low, high, hours) =>
    `Noch etwa ${low < high ? `${low} bis ${high}` : high === 1 ? 'eine' : high} ${hours ? 'Stunde' : 'Minute'}${high === 1 ? '' : 'n'}`,
  waitUnknown: 'Wie lange es dauert, lässt sich noch nicht sagen',
  later: 'Du möchtest nicht warten? Nach der Sendung gibt es die Aufzeichnung unter',
  kept: 'Deinen Platz in der Schlange behältst du.',
  elsewhere: 'Du hörst gerade in einem anderen Tab oder Fenster zu. Drücke auf Hören, um stattdessen hier zu hören.',
};
