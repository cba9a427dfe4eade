// Requests of which only the newest matters.

/**
 * `ask(wanted, signal)` is awaited; meanwhile only the newest `wanted` waits. So a drag never builds up a queue, and every
 * answer is shown, which is why the picture follows. `onResult(answer, wanted)`, `onError(error, wanted)`, `onBusy(yes)`.
 */
export function latest({ ask, onResult, onError, onBusy = () => {} }) {
  let running = null;
  let next = null;
  let isClosed = false;
  const run = async (wanted) => {
    const control = new AbortController();
    running = { wanted, control };
    try {
      const answer = await ask(wanted, control.signal);
      if (!isClosed && !control.signal.aborted) onResult(answer, wanted);
    } catch (error) {
      if (!isClosed && error.name !== "AbortError") onError(error, wanted);
    }
    running = null;
    if (isClosed) return;
    if (next) {
      const waiting = next;
      next = null;
      run(waiting);
    } else onBusy(false);
  };
  return {
    want(wanted) {
      onBusy(true);
      if (running) next = wanted;
      else run(wanted);
    },
    /** Forgets what waits and lets go of what runs. */
    drop() {
      next = null;
      running?.control.abort();
      onBusy(false);
    },
    get isBusy() { return running !== null; },
    close() {
      isClosed = true;
      next = null;
      running?.control.abort();
    },
  };
}

/** Shows blobs in an `<img>`, decoded before they are seen, and lets each go when the next is there. */
export function blobPicture(img) {
  let url = "";
  return {
    async show(blob) {
      const next = URL.createObjectURL(blob);
      const probe = new Image();
      probe.src = next;
      await probe.decode().catch(() => {});
      img.src = next;
      img.hidden = false;
      if (url) URL.revokeObjectURL(url);
      url = next;
    },
    clear() {
      img.hidden = true;
      img.removeAttribute("src");
      if (url) URL.revokeObjectURL(url);
      url = "";
    },
  };
}
