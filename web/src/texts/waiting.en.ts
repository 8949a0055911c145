// What the waiting room says, in English.

const count = (n: number): string => n.toLocaleString('en');
/** A place is known to a few in a thousand. */
const about = (n: number): string => n.toLocaleString('en', { maximumSignificantDigits: 3 });

export const texts = {
  here: (people: number, seats: number) => `${count(people)} people are here for ${count(seats)} seats`,
  crowded: 'You can press Listen already: it then starts here by itself when it is your turn.',
  early: 'It starts here by itself when the doors open; until then there is quiet hold sound. You can use other tabs or lock the phone.',
  drawn: 'When the doors open, the order is drawn among everybody who is here by then: coming early gains nothing. It starts here by itself when it is your turn; until then there is quiet hold sound. You can use other tabs or lock the phone. If you reload this page, you stay in the draw.',
  taken: (seats: number) => (seats === 0 ? 'Nobody is let in at the moment.' : seats === 1 ? 'The only seat is taken.' : `All ${count(seats)} seats are taken.`),
  press: 'Press Listen to get in line: it starts here by itself when it is your turn.',
  pressToo: 'You are in line. Press Listen, and it starts here by itself when it is your turn.',
  called: 'It is your turn. Press Listen.',
  arriving: 'You are getting in line …',
  inLine: 'It starts here by itself when it is your turn; until then there is quiet hold sound. You can use other tabs or lock the phone. If you reload this page, you keep your place.',
  next: 'You are among the next',
  place: (n: number) => `You are about number ${about(n)}`,
  waitSoon: 'Less than a minute to go',
  wait: (low: number, high: number, hours: boolean) =>
    `About ${low < high ? `${low} to ${high}` : high} ${hours ? 'hour' : 'minute'}${high === 1 ? '' : 's'} to go`,
  waitUnknown: 'How long it will take cannot be said yet',
  later: 'If you would rather not wait, the recording will be at',
  kept: 'You keep your place in line.',
  elsewhere: 'You are listening in another tab or window. Press Listen to hear it here instead.',
};

/** The shape every language has. */
export type WaitingTexts = typeof texts;
