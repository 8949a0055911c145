// The networks that a speaker may sit in. Everything but `loss` is done by the relay (`way.mjs`), packet by packet and from a
// seed; `loss` is the kernel's: nft drops that share of the datagrams between relay and server.
//
// `jitter` is what is added to the delay: `normal` has `ms` as its standard deviation, as in a network of many small queues;
// `tailed` is exponential with `ms` as its mean, as on a radio link that sends again what was not acknowledged. Packets keep their
// order, as in any queue, but for the share that `overtaking` names. Both directions have the delay and the jitter; only the
// speaker's loses.

export const NETWORKS = {
  /** Fibre and a cable to the desk. */
  home: { delay_ms: 10, jitter: { kind: 'normal', ms: 3 } },

  /** A company's firewall that lets nothing but TCP through. */
  office: { tcp: true, delay_ms: 15, jitter: { kind: 'normal', ms: 3 } },

  /** A phone's radio at 200 km/h: losses come in bursts of four packets, and each 20 s the cell changes and takes half a second along. */
  train: {
    delay_ms: 60,
    jitter: { kind: 'tailed', ms: 40 },
    bursts: { share: 0.02, packets_mean: 4 },
    outages: { every_s: 20, lasts_s: 0.5 },
  },

  /** Wireless in a full house at breakfast. */
  hotel: { loss: 0.05, delay_ms: 40, jitter: { kind: 'normal', ms: 25 } },

  /** A phone among forty thousand: slow, uneven, and some packets go other ways than their neighbours. */
  stadium: { loss: 0.1, delay_ms: 80, jitter: { kind: 'normal', ms: 60 }, overtaking: 0.01 },

  /** Nothing but loss, so that what is promised at 5 % and at 10 % is measured at 5 % and at 10 %. */
  'loss-5': { loss: 0.05 },
  'loss-10': { loss: 0.1 },
};
