/** Events of work that goes on beside its reader, as an async iterable in the order in which they were told. */

/** Runs `work` with a function that tells events; yields them, and ends (or throws) when the work does. */
export async function* channel<T>(work: (tell: (event: T) => void) => Promise<void>): AsyncGenerator<T, void, void> {
  const waiting: T[] = [];
  let wake: () => void = () => {};
  let over = false;
  let fault: { readonly error: unknown } | undefined;
  const running = work((event) => {
    waiting.push(event);
    wake();
  })
    .catch((error: unknown) => {
      fault = { error };
    })
    .finally(() => {
      over = true;
      wake();
    });
  for (;;) {
    const event = waiting.shift();
    if (event !== undefined) yield event;
    else if (over) break;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || over) resolve();
      });
    }
  }
  await running;
  if (fault !== undefined) throw fault.error;
}
