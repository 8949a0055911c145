//! The server through its doors, as strangers, listeners, speakers and operators find it: real sockets, a real
//! disk, sound judged by ffmpeg.

mod an_evening;
mod bad_bodies;
mod bad_keys;
mod bad_names;
mod bad_offers;
mod bad_starts;
mod check;
mod damaged_recording;
mod deleted_show;
mod directing;
mod disk_fails;
mod disk_full;
mod doors_closed;
mod ear;
mod end_by_mistake;
mod front_door;
mod garbage;
mod hands;
mod hostile_speaker;
mod house;
mod http;
mod log_flood;
mod lost_network;
mod low_latency;
mod odd_heads;
mod own_tracks;
mod reload;
mod restart;
mod sessions;
mod several_shows;
mod slow_callers;
mod speaker;
mod streams;
mod tls;
mod unwell;
