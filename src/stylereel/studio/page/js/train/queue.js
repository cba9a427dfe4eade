// Files on their way: a few at a time, whichever place they were dropped on; a studio that is busy is asked again.

const AGAIN_MS = 1500;

/** `add(send)`: `send()` is called when it is its turn, and again while the studio takes no more (429). */
export function makeQueue(atOnce = 3) {
  const line = [];
  let active = 0;
  const turn = async (send) => {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        if (error.status !== 429) throw error;
        await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
      }
    }
  };
  const pump = () => {
    while (active < atOnce && line.length) {
      const { send, resolve, reject } = line.shift();
      active += 1;
      turn(send).then(resolve, reject).finally(() => {
        active -= 1;
        pump();
      });
    }
  };
  return {
    add: (send) => new Promise((resolve, reject) => {
      line.push({ send, resolve, reject });
      pump();
    }),
  };
}
