// One live session: frames go to the studio, painted frames come back. Two are under way at most: what the source
// gives meanwhile is left out and counted, so that what is seen is never older than a moment.
//
//   frame and answer   [sequence uint32][flags uint32][our milliseconds float64][JPEG]     little endian
//   text               {"set": {...}} there; {"status": {...}} and {"error": {text, hint}} back

const HEADER_BYTES = 16;
const MOST_UNDER_WAY = 2;
const LOST_AFTER_MS = 5000;
const WINDOW_MS = 3000;
const CHANGE_EVERY_MS = 40;
const WAITS_MS = [500, 1000, 2000, 4000, 8000];
const FULL = 1013;
const FAILED = 1011;

/**
 * Opens a session, again and again where the connection breaks off.
 * url(): the address, asked anew for each try. on.picture(bitmap, frame, roundTripMs), on.status(status), on.problem({text, hint}),
 * on.state("connecting" | "open" | "lost" | "refused"); refused is for good until `.again()`.
 */
export function liveLink({ url, on }) {
  const underWay = new Map();
  const shown = [];
  const trips = [];
  let socket = null;
  let state = "";
  let sequence = 0;
  let newest = 0;
  let leftOut = 0;
  let tries = 0;
  let timer = 0;
  let isClosed = false;
  let wanted = null;
  let changing = 0;

  const tell = (next) => {
    if (next === state) return;
    state = next;
    on.state(next);
  };

  const forgetAll = () => {
    for (const frame of underWay.values()) frame.free?.();
    underWay.clear();
  };

  const open = () => {
    tell("connecting");
    const mine = socket = new WebSocket(url());
    mine.binaryType = "arraybuffer";
    mine.addEventListener("open", () => {
      tries = 0;
      tell("open");
    });
    mine.addEventListener("message", (event) => (typeof event.data === "string" ? text(JSON.parse(event.data)) : picture(event.data)));
    mine.addEventListener("close", (event) => {
      if (mine !== socket || isClosed) return;
      socket = null;
      forgetAll();
      if (event.code === FULL || event.code === FAILED) {
        tell("refused");
        return;
      }
      tell("lost");
      timer = setTimeout(open, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
      tries += 1;
    });
  };

  const text = (message) => {
    if (message.status) on.status(message.status);
    if (message.error) on.problem(message.error);
  };

  const picture = async (data) => {
    const head = new DataView(data);
    const [number, flags, sent] = [head.getUint32(0, true), head.getUint32(4, true), head.getFloat64(8, true)];
    const frame = underWay.get(number);
    underWay.delete(number);
    if (flags !== 0) {
      leftOut += 1;
      frame?.free?.();
      return;
    }
    try {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, HEADER_BYTES)], { type: "image/jpeg" }));
      const now = performance.now();
      if (number > newest && !isClosed) {
        newest = number;
        shown.push(now);
        trips.push({ now, ms: now - sent });
        on.picture(bitmap, frame, now - sent);
      }
      bitmap.close();
    } finally {
      frame?.free?.();
    }
  };

  const recent = (list, at) => {
    const oldest = performance.now() - WINDOW_MS;
    while (list.length && at(list[0]) < oldest) list.shift();
    return list;
  };

  const push = () => {
    changing = 0;
    if (!wanted || socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ set: wanted }));
    wanted = null;
    changing = setTimeout(push, CHANGE_EVERY_MS);
  };

  open();
  return {
    get state() { return state; },
    /** There is room for another frame; where not, it is counted as left out. */
    hasRoom() {
      const now = performance.now();
      for (const [number, frame] of underWay) if (now - frame.at > LOST_AFTER_MS) {
        underWay.delete(number);
        frame.free?.();
      }
      if (socket?.readyState !== WebSocket.OPEN) return false;
      if (underWay.size < MOST_UNDER_WAY) return true;
      leftOut += 1;
      return false;
    },
    /** Sends a frame: `blob` a Promise of its JPEG, `frame` comes back with its picture; `frame.free()` is called when it is done with. */
    async send(blob, frame) {
      sequence = (sequence + 1) % 2 ** 32;
      const number = sequence;
      frame.at = performance.now();
      underWay.set(number, frame);
      const jpeg = await (await blob).arrayBuffer();
      if (socket?.readyState !== WebSocket.OPEN || !underWay.has(number)) return;
      const message = new Uint8Array(HEADER_BYTES + jpeg.byteLength);
      const head = new DataView(message.buffer);
      head.setUint32(0, number, true);
      head.setFloat64(8, frame.at, true);
      message.set(new Uint8Array(jpeg), HEADER_BYTES);
      socket.send(message);
    },
    /** Changes settings; many in a row become one. */
    change(settings) {
      wanted = { ...wanted, ...settings };
      if (!changing) push();
    },
    /** What was measured in the last three seconds, and how many frames were left out in all. */
    get measured() {
      const times = recent(trips, (one) => one.now).map((one) => one.ms).sort((a, b) => a - b);
      const frames = recent(shown, (one) => one);
      const span = frames.length > 1 ? frames[frames.length - 1] - frames[0] : 0;
      const at = (share) => times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? null;
      return { fps: span ? (1000 * (frames.length - 1)) / span : 0, p50: at(0.5), p95: at(0.95), leftOut, shown: newest };
    },
    again() {
      clearTimeout(timer);
      tries = 0;
      if (!socket && !isClosed) open();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      clearTimeout(changing);
      socket?.close();
      socket = null;
      forgetAll();
    },
  };
}
