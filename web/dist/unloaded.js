// Shows what the page's own HTML says when its modules do not come, and loads it again on a press. This is no module
// itself, so that it works where those fail.
(() => {
  // A page takes the key of a link out of its address; one that stopped halfway needs it again.
  const { href } = location;
  const tell = () => document.documentElement.classList.add('failed');
  const onError = ({ target }) => (target === window || target instanceof HTMLScriptElement) && tell();
  addEventListener('error', onError, true);
  addEventListener('unhandledrejection', tell);
  addEventListener('click', ({ target }) => {
    if (!target.closest('.unloaded button')) return;
    history.replaceState(null, '', href);
    location.reload();
  });
})();
