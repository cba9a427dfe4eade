// Where live frames come from: a camera of this browser, or a video of the library that is played as one.

const GONE_HINT = "Plug it in again or choose another camera, then start it.";

/** Why a camera or microphone cannot be had, as {text, hint}. */
export function reason(error, what = "camera") {
  const Name = what[0].toUpperCase() + what.slice(1);
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return { text: `This browser does not let the page use the ${what}.`, hint: `Click the sign at the left of the address, allow the ${what}, and try again. A video of the library needs no permission.` };
    case "NotFoundError":
    case "OverconstrainedError":
      return { text: `No ${what} was found.`, hint: what === "camera" ? "Plug one in and try again, or play a video of the library as if it were one." : "Plug one in, or record without sound." };
    case "NotReadableError":
    case "AbortError":
      return { text: `The ${what} is there, and gives nothing.`, hint: `Another program may be using it: close that program, then try again.` };
    case "InsecureError":
      return { text: `Browsers give a ${what} only to pages of this machine, or over https.`, hint: "Open the studio at http://127.0.0.1 on the machine itself, or play a video of the library." };
    default:
      return { text: `${Name}: ${error?.message || "something went wrong"}.`, hint: "Try again, or choose another source." };
  }
}

function devices() {
  if (navigator.mediaDevices?.getUserMedia) return navigator.mediaDevices;
  throw Object.assign(new Error("no access"), { name: "InsecureError" });
}

/** The cameras or microphones by name; browsers tell names only after one was allowed. */
export async function listed(kind) {
  const found = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return found.filter((one) => one.kind === kind && one.deviceId).map((one, index) => ({ value: one.deviceId, label: one.label || `${kind === "videoinput" ? "Camera" : "Microphone"} ${index + 1}` }));
}

function player() {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  return video;
}

function playing(video) {
  return new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", () => resolve(), { once: true });
    video.addEventListener("error", () => reject(new Error(video.error?.message || "the video cannot be played")), { once: true });
  });
}

/**
 * A camera at work: {kind, video, label, device, stop()}.
 * onEnd({text, hint}) where it goes away by itself.
 */
export async function camera({ device, side, onEnd }) {
  const stream = await devices().getUserMedia({
    audio: false,
    video: { ...(device ? { deviceId: { exact: device } } : {}), width: { ideal: side > 640 ? 1280 : 640 }, height: { ideal: side > 640 ? 720 : 360 }, frameRate: { ideal: 30 } },
  });
  const [track] = stream.getVideoTracks();
  const video = player();
  video.srcObject = stream;
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    for (const one of stream.getTracks()) one.stop();
    video.srcObject = null;
  };
  track.addEventListener("ended", () => {
    if (isStopped) return;
    stop();
    onEnd({ text: "The camera went away.", hint: GONE_HINT });
  });
  try {
    const ready = playing(video);
    await video.play();
    await ready;
  } catch (error) {
    stop();
    throw error;
  }
  return { kind: "camera", video, label: track.label || "Camera", device: track.getSettings().deviceId ?? "", stop };
}

/** A video of the library, played again and again: {kind, video, label, stop()}. */
export async function film({ url, name, onEnd }) {
  const video = player();
  video.loop = true;
  video.src = url;
  const stop = () => {
    video.pause();
    video.removeAttribute("src");
    video.load();
  };
  try {
    const ready = playing(video);
    await Promise.all([ready, video.play()]);
  } catch {
    stop();
    throw Object.assign(new Error(`This browser cannot play "${name}"`), { hint: "Its codec is none that browsers play. Export it once in Stylise as H.264, or choose another video." });
  }
  video.addEventListener("error", () => video.hasAttribute("src") && onEnd({ text: `"${name}" cannot be read any more.`, hint: "It may have been deleted: choose another video." }));
  return { kind: "film", video, label: name, stop };
}

/** Calls `act()` for each new picture of a video; returns a function that ends it. */
export function eachPicture(video, act) {
  let handle = 0;
  let isOver = false;
  const byCallback = "requestVideoFrameCallback" in video;
  let before = -1;
  const next = () => {
    if (isOver) return;
    handle = byCallback ? video.requestVideoFrameCallback(step) : requestAnimationFrame(step);
  };
  const step = () => {
    next();
    if (!byCallback && video.currentTime === before) return;
    before = video.currentTime;
    act();
  };
  next();
  return () => {
    isOver = true;
    if (byCallback) video.cancelVideoFrameCallback(handle);
    else cancelAnimationFrame(handle);
  };
}
