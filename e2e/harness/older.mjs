// Older browsers, as the page sees them. Each runs in the page before its own scripts.

export function withoutMediaSource() {
  delete window.MediaSource;
  delete window.ManagedMediaSource;
}

export function withoutHls() {
  const { canPlayType } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.canPlayType = function asOlder(type) {
    return type.includes('mpegurl') ? '' : canPlayType.call(this, type);
  };
}
