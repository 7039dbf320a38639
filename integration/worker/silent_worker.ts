// A worker that never says anything: expose() is not called.

setInterval(() => {}, 1_000);
