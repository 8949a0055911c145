//! Samples and packets: jitter buffer, decode, mix and mix-minus, limiter, encode.
