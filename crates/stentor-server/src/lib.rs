//! The shell: doors, media socket, mixer threads, tape thread, data folder, notices, metrics.
