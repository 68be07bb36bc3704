/** Fires when Ctrl-C, or whoever started the command, says that it is enough. */
export function untilStopped(): AbortSignal {
  const enough = new AbortController();
  const stop = () => enough.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  return enough.signal;
}
