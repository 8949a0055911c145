export function worse(a, b) {
    const order = ['good', 'usable', 'bad'];
    return order[Math.max(order.indexOf(a), order.indexOf(b))];
}
export function quantile(values, share) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
