// Records what is seen, with sound that is held back by as much as the picture is late, so that both are in step.

const FORMATS = ["video/mp4;codecs=avc1.42E01F,mp4a.40.2", "video/mp4;codecs=avc1.42E01F,opus", "video/webm;codecs=vp8,opus", "video/webm"];
const LONGEST_DELAY_S = 2;
const BITS_PER_PX = 0.25;

/** The format that this browser records in, or null. */
export const format = () => FORMATS.find((one) => globalThis.MediaRecorder?.isTypeSupported(one)) ?? null;

const contexts = new WeakMap();

/** The sound of a video, as a node of an AudioContext; a browser gives it once for each video. */
function soundOf(video) {
  if (!contexts.has(video)) {
    const context = new AudioContext();
    contexts.set(video, { context, node: context.createMediaElementSource(video) });
  }
  return contexts.get(video);
}

/**
 * Begins to record. `canvas`: what is seen. `sound`: "none", "microphone" or "video" (that of `video`). `lateMs()`: how late the
 * picture is now. Returns {stop(): Promise of {blob, seconds, type}, seconds}; throws what getUserMedia throws for the microphone.
 */
export async function record({ canvas, sound, video, microphone, lateMs, onError }) {
  const type = format();
  if (!type) throw Object.assign(new Error("This browser records no video"), { hint: "Use a current Chromium, Firefox or Safari; snapshots work here." });
  const held = sound === "none" ? null : await delayed({ sound, video, microphone, lateMs });
  const seen = canvas.captureStream(30);
  const stream = new MediaStream([...seen.getVideoTracks(), ...(held?.stream.getAudioTracks() ?? [])]);
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: Math.max(2_000_000, Math.round(BITS_PER_PX * 30 * canvas.width * canvas.height)) });
  const parts = [];
  const began = performance.now();
  recorder.addEventListener("dataavailable", (event) => event.data.size && parts.push(event.data));
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  recorder.addEventListener("error", (event) => onError(event.error ?? new Error("the recording broke off")));
  recorder.start(1000);
  return {
    get seconds() { return (performance.now() - began) / 1000; },
    get delayMs() { return held?.delayMs ?? null; },
    async stop() {
      const seconds = (performance.now() - began) / 1000;
      if (recorder.state !== "inactive") recorder.stop();
      await ended;
      for (const track of seen.getTracks()) track.stop();
      held?.stop();
      return { blob: new Blob(parts, { type: type.split(";")[0] }), seconds, type: type.split(";")[0] };
    },
  };
}

async function delayed({ sound, video, microphone, lateMs }) {
  const own = sound === "microphone";
  const input = own ? await navigator.mediaDevices.getUserMedia({ audio: microphone ? { deviceId: { exact: microphone } } : true, video: false }) : null;
  const { context, node } = own ? fromStream(input) : soundOf(video);
  await context.resume();
  const delay = context.createDelay(LONGEST_DELAY_S);
  const late = () => Math.min(LONGEST_DELAY_S, Math.max(0, (lateMs() ?? 0) / 1000));
  delay.delayTime.value = late();
  const out = context.createMediaStreamDestination();
  node.connect(delay).connect(out);
  if (!own) {
    video.muted = false;
    delay.connect(context.destination);
  }
  // Slowly: sound that is held back longer sounds lower while it changes.
  const follow = setInterval(() => delay.delayTime.setTargetAtTime(late(), context.currentTime, 1.5), 1000);
  return {
    stream: out.stream,
    get delayMs() { return 1000 * delay.delayTime.value; },
    stop() {
      clearInterval(follow);
      node.disconnect(delay);
      delay.disconnect();
      if (!own) {
        video.muted = true;
        return;
      }
      for (const track of input.getTracks()) track.stop();
      context.close();
    },
  };
}

function fromStream(input) {
  const context = new AudioContext();
  return { context, node: context.createMediaStreamSource(input) };
}
