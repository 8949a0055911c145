// What the desk and the list of shows say, in English. German is in de.ts; the compiler holds the two together.
// The listener's page and the studio have files of their own, because a page loads nothing that it does not say.

export const texts = {
  language: 'en',
  operator: {
    title: 'Desk',
    key: 'Operator key',
    keyMissing: 'Enter the key.',
    keyHint: 'It is in DATA/operator.key on the server.',
    enter: 'Enter',
    leave: 'Sign out',
    shows: 'Shows',
    none: 'No show yet. Create the first one.',
    create: 'Create a show',
    id: 'Name in the address',
    idHint: 'Small letters, digits and dashes.',
    showTitle: 'Title',
    startsAt: 'Start',
    startsAtBad: 'Give the day and the time, or leave the start empty.',
    showLanguage: 'Language',
    languages: { en: 'English', de: 'German' },
    listeners: 'Listeners',
    tape: 'Tape',
    tapeText: (minutes: string, size: string, holes: number) =>
      `${minutes}, ${size}, ${holes === 0 ? 'no holes' : holes === 1 ? '1 hole' : `${holes} holes`}`,
    disk: { ok: 'Disk is well', failed: 'The disk failed', full: 'The disk is full', slow: 'The disk is slow' },
    listenLink: 'Listen',
    copy: 'Copy',
    copied: 'Copied',
    invite: 'Invite',
    label: 'For whom',
    revoke: 'Revoke',
    revoked: 'revoked',
    revokeSure: 'Revoke this link? Whoever uses it leaves the stage.',
    goLive: 'Go on air',
    end: 'End',
    endSure: 'End this show? You have 30 seconds to undo.',
    undo: (seconds: number) => `Undo (${seconds} s)`,
    remove: 'Delete',
    removeSure: (id: string) => `Delete ${id} with its recording? This cannot be undone.`,
    yes: 'Yes',
    cancel: 'Cancel',
    refused: (status: number) => `The server refused this (HTTP ${status}).`,
    /** Before the server's own words, where there are none in the page's language. */
    saysInEnglish: 'The server warns:',
    certificateTooShort: (day: string, show: string) =>
      `The certificate expires on ${day}, before the end of the show ${show} can be expected. Renew it before the doors open.`,
    silence: 'The desk does not answer. This page goes on asking; the listen link tells whether the show goes on.',
    silentSince: (time: string) => `No answer since ${time}: these numbers are old.`,
    /** What the server's refusals say; here its own words do, but for keys, which it says to people who have a link. */
    refusals: {
      key_missing: 'The key is missing. Enter once more.',
      key_invalid: 'This is not the key of this server, or it is not whole. Take the one in DATA/operator.key.',
      key_expired: 'You were signed in for a time, and that is over. Enter once more.',
      key_revoked: 'This sign-in is no longer good. Enter once more.',
      key_foreign: 'This key is not for the desk. Take the one in DATA/operator.key.',
    } as Record<string, string>,
    phase: { announced: 'Announced', doors: 'Doors open', on_air: 'On air', ending: 'Ending', ended: 'Over' },
    role: { host: 'Host', co_host: 'Co-host', speaker: 'Speaker' },
  },
  shows: {
    title: 'Shows',
    none: 'Nothing is announced here at the moment.',
    silence: 'The server does not answer. Trying again.',
    phase: { announced: 'Announced', doors: 'Begins soon', on_air: 'On air', ending: 'Ending', ended: 'Recording' },
  },
};

/** The shape every language has. */
export type Texts = typeof texts;
