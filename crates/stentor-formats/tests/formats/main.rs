//! What the containers hold, judged by other people's readers and by ear: ffmpeg decodes real sound, and
//! what comes out is compared with what went in, sample by sample.

mod ffmpeg;
mod hls;
mod hls_checker;
mod live;
mod low_latency;
mod low_latency_checker;
mod parsed;
mod replay;
mod sound;
mod tape;
