const isSeen = (element) => element !== undefined && element.isConnected && element.closest('[hidden]') === null;
export function keepFocus(root, change, next) {
    const focused = document.activeElement;
    const had = focused !== null && root.contains(focused);
    change();
    if (had && !isSeen(focused))
        next().find(isSeen)?.focus();
}
