const STEP_S = 15;
export function announceToSystem(actions, canMove) {
    const session = navigator.mediaSession;
    if (!session)
        return;
    const on = (action, handler) => {
        try {
            session.setActionHandler(action, handler);
        }
        catch {
        }
    };
    on('play', () => actions.play());
    on('pause', () => actions.pause());
    on('stop', () => actions.pause());
    on('seekbackward', (details) => canMove() && actions.jump(-(details.seekOffset ?? STEP_S)));
    on('seekforward', (details) => canMove() && actions.jump(details.seekOffset ?? STEP_S));
    on('seekto', (details) => canMove() && details.seekTime !== undefined && actions.scrub(details.seekTime));
}
export function describeToSystem({ title, artist, playing, place }) {
    const session = navigator.mediaSession;
    if (!session)
        return;
    session.playbackState = playing ? 'playing' : 'paused';
    if (place && place.max_s > 0) {
        session.setPositionState?.({ duration: place.max_s, position: Math.min(place.value_s, place.max_s), playbackRate: place.speed });
    }
    if (session.metadata?.title === title && session.metadata.artist === artist)
        return;
    session.metadata = new MediaMetadata({
        title,
        artist,
        artwork: [{ src: '/assets/icons/stentor.svg', type: 'image/svg+xml', sizes: 'any' }],
    });
}
