//! Chunks as fMP4, HLS, Ogg, ADTS and M4A: bytes in, bytes out.
