// The studio's signs, on a grid of 24 × 24. Each stands beside a word; none says something alone.

const MICROPHONE =
  'M12 2a3.5 3.5 0 0 0-3.5 3.5v6a3.5 3.5 0 0 0 7 0v-6A3.5 3.5 0 0 0 12 2Z' +
  'M5 11h2a5 5 0 0 0 10 0h2a7 7 0 0 1-6 6.93V22h-2v-4.07A7 7 0 0 1 5 11Z';

export const ICONS = {
  on_air:
    'M12 9a3 3 0 1 0 0 6a3 3 0 0 0 0-6ZM4.9 4.9a10 10 0 0 0 0 14.2l1.5-1.5a8 8 0 0 1 0-11.2Z' +
    'M19.1 4.9l-1.5 1.5a8 8 0 0 1 0 11.2l1.5 1.5a10 10 0 0 0 0-14.2Z',
  microphone: MICROPHONE,
  muted: `${MICROPHONE}M3.6 2.2L21.8 20.4l-1.4 1.4L2.2 3.6Z`,
  backstage: 'M2 3h20v2.5H2ZM4 7h7c0 5-1 10-4 14H2c1.5-4 2-9 2-14ZM20 7h-7c0 5 1 10 4 14h5c-1.5-4-2-9-2-14Z',
  waiting: 'M12 2a10 10 0 1 0 0 20a10 10 0 0 0 0-20ZM11 6h2v5.4l3.7 2.2l-1 1.7l-4.7-2.8Z',
  broken: 'M12 2L1 21h22ZM11 9h2v6h-2ZM11 16.5h2v2h-2Z',
  talking: 'M4 10h2v4H4ZM8 7h2v10H8ZM12 3h2v18h-2ZM16 7h2v10h-2ZM20 10h2v4h-2Z',
  menu: 'M12 4a2 2 0 1 0 0 4a2 2 0 0 0 0-4ZM12 10a2 2 0 1 0 0 4a2 2 0 0 0 0-4ZM12 16a2 2 0 1 0 0 4a2 2 0 0 0 0-4Z',
} as const;
