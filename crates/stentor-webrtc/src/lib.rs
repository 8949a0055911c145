//! WHIP and stage sessions on str0m: packets in, packets out.
