// The live view: a camera, or a video played as one, in a look while it happens.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { clock, bytes } from "../parts/format.js";
import { empty } from "../parts/empty.js";
import { filmstrip } from "../parts/filmstrip.js";
import { icon } from "../parts/icon.js";
import { segmented } from "../parts/choices.js";
import { liveLink } from "../live/link.js";
import { lookPart, panel, recordPart, sourcePart } from "../live/panel.js";
import { grabbed, livePicture, sizeFor } from "../live/picture.js";
import { record } from "../live/recorder.js";
import { camera, eachPicture, film, listed, reason } from "../live/source.js";
import { gallery } from "../live/gallery.js";
import { groupsOf } from "../stylise/choice.js";

export const title = "Live";
export const styles = ["live"];

const MODES = [{ value: "alone", label: "Look", title: "The look alone" }, { value: "beside", label: "Beside", title: "The source beside the look" }, { value: "wipe", label: "Wipe", title: "An edge between source and look" }];

export async function mount(root, shell, params) {
  const { state } = shell;
  const looks = () => state.looks;
  const known = (id) => looks().find((one) => one.id === id);
  const now = { look: known(params.get("look"))?.id ?? looks()[0]?.id ?? null, mix: null, share: 0.5, strength: 1, keep_colors: false, stabilize: 0 };
  const from = { kind: params.get("medium") ? "film" : "camera", device: "", medium: params.get("medium"), side: 640, mirror: false };
  const recordings = [];
  let source = null, link = null, stopPump = null, recorder = null, status = null, notice = "", timer = 0, startTurn = 0;
  let cardsDue = false, cardsWait = false;

  // Parts
  const picture = livePicture();
  const message = el("div", { class: "live-message" });
  const chip = el("p", { class: "live-chip", hidden: true, role: "status" });
  const tally = el("p", { class: "live-tally", hidden: true }, el("i"), el("span", {}, "0:00"));
  const stage = el("div", { class: "live-stage" }, picture.node, message, chip, tally);
  const view = segmented({ label: "What is shown", value: "alone", options: MODES, onChange: (mode) => { picture.mode = mode; } });
  const figures = Object.fromEntries(["fps", "trip", "dropped", "size"].map((name) => [name, el("dd", {}, "–")]));
  const meter = el("dl", { class: "live-meter", "aria-label": "How it goes" },
    [["Frames a second", "fps"], ["Round trip", "trip"], ["Dropped", "dropped"], ["Painted at", "size"]].map(([word, name]) => el("div", {}, el("dt", {}, word), figures[name])));
  const go = button({ label: "Start camera", icon: "play", onclick: () => (source || link ? stop() : start()) });
  const shot = button({ label: "Snapshot", icon: "picture", title: "Snapshot as PNG (S)", onclick: () => snapshot() });
  const rec = button({ label: "Record", icon: "record", title: "Record what is seen (R)", "aria-pressed": "false", onclick: () => (recorder ? endRecording() : beginRecording()) });
  rec.classList.add("live-record");
  const bar = el("div", { class: "live-bar" }, go, el("span", { class: "live-bar-tools" }, shot, rec), meter, view);

  const sources = sourcePart({
    values: from,
    onKind: (kind) => { from.kind = kind; redraw(); if (source) start(); },
    onDevice: (id) => { from.device = id; if (source) start(); },
    onFilm: (id) => { from.medium = id; redraw(); if (source) start(); else cards.film(from.medium); },
    onSide: (side) => { from.side = side; },
    onMirror: (yes) => { from.mirror = yes; },
    onUpload: addFilm,
  });
  const painting = lookPart({ values: now, onInput: (changed) => { Object.assign(now, changed); link?.change(changed); } });
  const recording = recordPart({ onKeep: keep, onForget: forget });
  const side = panel([{ id: "look", label: "Look", panel: painting }, { id: "source", label: "Source", panel: sources }, { id: "record", label: "Record", panel: recording }]);
  const strip = filmstrip({ label: "Looks", groups: groupsOf(looks()), onSelect: choose });
  const cards = gallery(strip);
  const main = el("section", { class: "live-main", "aria-label": "Live picture" }, stage, bar, strip);
  root.append(el("div", { class: "live-desk" }, main, side));
  strip.value = now.look;

  const films = () => [...state.media.values()].filter((one) => one.kind === "video").sort((a, b) => String(b.created).localeCompare(String(a.created)));

  let cameras = [], microphones = [], isUploading = false;

  function redraw() {
    const medium = state.media.get(from.medium) ? from.medium : (films()[0]?.id ?? null);
    from.medium = medium;
    sources.draw({ now: from.kind, cameras, films: films(), medium, isBusy: isUploading });
    painting.draw(known(now.look), looks(), now);
    recording.draw({ kind: from.kind, hasSound: Boolean(state.media.get(medium)?.has_sound), microphones });
    const isOn = Boolean(source || link);
    go.label = isOn ? "Stop" : from.kind === "camera" ? "Start camera" : "Play the video";
    go.icon = isOn ? "stop" : "play";
    shot.disabled = rec.disabled = !isOn || !status?.frames_out;
    go.disabled = !isOn && (!now.look || (from.kind === "film" && !medium));
    if (!isOn && !message.dataset.failed) teach();
  }

  function tell(node, isFailure = false) {
    message.replaceChildren(...(node ? [node] : []));
    message.hidden = !node;
    message.dataset.failed = isFailure ? "yes" : "";
    message.setAttribute("role", isFailure ? "alert" : "group");
  }

  function teach() {
    if (!looks().length) {
      tell(empty({ icon: "brush", title: "There is no look yet", text: "Make one of your own pictures in Train; it then stands here.", actions: [button({ label: "Go to Train", kind: "primary", href: "#/train" })] }));
      return;
    }
    const isCamera = from.kind === "camera";
    const has = films().length > 0;
    tell(empty({
      icon: isCamera ? "camera" : "film",
      title: isCamera ? "See yourself in a painting" : has ? "Play a video as if it were a camera" : "No video in the library yet",
      text: isCamera
        ? "Start the camera, then choose a look below and move the sliders while it runs. The pictures go to the studio on this machine and nowhere else; nothing is kept but what you record."
        : has ? "It is played at its own pace, again and again, so that looks and sliders can be tried on it while it runs." : "Add one here: it is then in the library of all views.",
      actions: isCamera
        ? [button({ label: "Start camera", icon: "play", kind: "primary", onclick: start }), button({ label: "Play a video instead", icon: "film", onclick: () => { from.kind = "film"; redraw(); cards.film(from.medium); side.querySelector("[id$=-source]")?.click(); } })]
        : [button(has ? { label: "Play the video", icon: "play", kind: "primary", onclick: start } : { label: "Add a video", icon: "upload", kind: "primary", onclick: () => sources.querySelector("input[type=file]").click() }), button({ label: "Use the camera", icon: "camera", onclick: () => { from.kind = "camera"; redraw(); } })],
    }));
  }

  const fail = ({ text, hint }, actions) => tell(empty({ icon: "warning", title: text, text: hint, actions }), true);

  // Running
  async function start() {
    const turn = ++startTurn;
    halt();
    tell(el("div", { class: "live-wait" }, el("span", { class: "spinner" }), el("p", {}, from.kind === "camera" ? "Waiting for the camera: allow it where the browser asks." : "Opening the video.")));
    go.busy = true;
    let made;
    try {
      const ended = (why) => { if (made === source) { stop(); fail(why, again()); } };
      const medium = state.media.get(from.medium);
      made = from.kind === "camera"
        ? await camera({ device: from.device, side: from.side, onEnd: ended })
        : await film({ url: shell.api.file(medium.id), name: medium.name, onEnd: ended });
    } catch (error) {
      if (turn !== startTurn) return;
      go.busy = false;
      fail(error.hint ? { text: error.message, hint: error.hint } : reason(error), again());
      redraw();
      return;
    }
    if (turn !== startTurn) {
      made.stop();
      return;
    }
    go.busy = false;
    source = made;
    await readDevices();
    if (source !== made) return;
    if (made.kind === "camera") {
      from.device = made.device;
      sources.device.value = made.device;
    }
    openLink();
    stopPump = eachPicture(made.video, pump);
    shell.remember({ look: now.look, medium: from.kind === "film" ? from.medium : null });
    redraw();
  }

  const again = () => [
    button({ label: "Try again", icon: "reset", kind: "primary", onclick: start }),
    from.kind === "camera" ? button({ label: "Play a video instead", icon: "film", onclick: () => { tell(null); from.kind = "film"; redraw(); } }) : button({ label: "Use the camera", icon: "camera", onclick: () => { tell(null); from.kind = "camera"; redraw(); } }),
  ];

  function openLink() {
    status = null;
    cardsDue = true;
    link = liveLink({
      url: () => shell.api.socket("live", { look: now.look }),
      on: {
        state(next) {
          if (next === "open") {
            link?.change({ ...now });
            if (message.dataset.failed || !status) tell(el("div", { class: "live-wait" }, el("span", { class: "spinner" }), el("p", {}, `Loading ${known(now.look)?.title ?? now.look}.`)));
          } else if (next === "lost") {
            fail({ text: "The studio does not answer.", hint: "This tries again by itself. If the studio was stopped, start it again in the terminal: stylereel studio" }, [button({ label: "Try now", icon: "reset", kind: "primary", onclick: () => link?.again() })]);
            if (recorder) endRecording();
          } else if (next === "refused") {
            fail(notice || { text: "The studio ended this session.", hint: "Start it again." }, again());
            halt();
            redraw();
          }
        },
        picture(bitmap, frame) {
          if (!link || !frame) return;
          if (!message.hidden) tell(null);
          picture.draw(bitmap, frame.canvas);
          if (cardsDue) {
            cardsDue = false;
            if (from.kind === "film") cards.film(from.medium);
            else frame.jpeg().then(cards.frame);
          }
        },
        status: follow,
        problem(error) {
          notice = error;
          if (link?.state === "open" && status?.state === "live") shell.toast(error.text, "error", { hint: error.hint });
        },
      },
    });
    if (link.state === "open") link.change({ ...now });
    timer = setInterval(measure, 250);
  }

  function pump() {
    if (!link || !source?.video.videoWidth || !link.hasRoom()) return;
    const frame = grabbed(source.video, ...sizeFor(source.video, from.side), from.mirror && source.kind === "camera");
    link.send(frame.jpeg(), frame).catch((error) => {
      frame.free();
      console.warn(error);
    });
  }

  function follow(next) {
    const first = !status?.frames_out && next.frames_out;
    if (next.notice && next.notice !== status?.notice && !next.notice.startsWith("The network")) shell.toast(next.notice, "error");
    status = next;
    chip.hidden = !next.loading;
    chip.textContent = next.loading ? `Loading ${known(now.look)?.title ?? next.loading}` : "";
    for (const [id, card] of strip.cards) card.note = next.loading && id === now.look ? "loading" : "";
    if (first) redraw();
    if (cardsWait && !next.loading) {
      cardsDue = true;
      cardsWait = false;
    }
  }

  function measure() {
    if (!link) return;
    const { fps, p50, p95, leftOut } = link.measured;
    figures.fps.textContent = fps ? fps.toFixed(0) : "–";
    figures.trip.textContent = p50 === null ? "–" : `${Math.round(p50)} ms`;
    figures.trip.title = p95 === null ? "" : `95 % within ${Math.round(p95)} ms`;
    figures.dropped.textContent = String(leftOut);
    const isSmall = status && status.network_width && status.network_width < status.width;
    figures.size.textContent = status?.network_width ? `${status.network_width} × ${status.network_height}` : "–";
    figures.size.title = isSmall ? `Frames are ${status.width} × ${status.height}; the network sees them smaller, to hold the pace.` : "";
    stage.style.setProperty("--stage-ratio", String(picture.canvas.width / picture.canvas.height));
    if (recorder) tally.lastChild.textContent = clock(recorder.seconds, 0);
  }

  function halt() {
    if (recorder) endRecording();
    stopPump?.();
    link?.close();
    source?.stop();
    clearInterval(timer);
    stopPump = link = source = status = null;
    chip.hidden = true;
    for (const card of strip.cards.values()) card.note = "";
    for (const figure of Object.values(figures)) figure.textContent = "–";
  }

  function stop() {
    startTurn += 1;
    go.busy = false;
    halt();
    message.dataset.failed = "";
    picture.clear();
    redraw();
  }

  function choose(id) {
    const samePack = known(id)?.pack === known(now.look)?.pack;
    if (link && cards.isFilling) { // what was chosen is made ready first
      cards.end();
      cardsWait = true;
    }
    now.look = id;
    if (!samePack || now.mix === id) now.mix = null;
    link?.change({ look: id, mix: now.mix, share: now.share });
    painting.draw(known(id), looks(), now);
    shell.remember({ look: id, medium: from.kind === "film" ? from.medium : null });
  }

  // What is kept
  const name = (ending) => `stylereel-${(now.look ?? "live").replace(/\W+/g, "-")}-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-")}.${ending}`;

  function snapshot() {
    if (shot.disabled) return;
    picture.canvas.toBlob((blob) => {
      const url = URL.createObjectURL(blob);
      el("a", { href: url, download: name("png") }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
      shell.toast("The snapshot is in your downloads.", "done");
    }, "image/png");
  }

  function markRecording(isOn) {
    rec.setAttribute("aria-pressed", String(isOn));
    rec.icon = isOn ? "stop" : "record";
    rec.title = isOn ? "Stop recording (R)" : "Record what is seen (R)";
    tally.hidden = !isOn;
  }

  async function beginRecording(sound = recording.sound) {
    if (rec.disabled || recorder) return;
    rec.disabled = true;
    picture.held = true;
    try {
      recorder = await record({
        canvas: picture.canvas, sound, video: source.video, microphone: recording.microphone,
        lateMs: () => link?.measured.p50, onError: (error) => { shell.fail(error, "The recording broke off."); endRecording(); },
      });
    } catch (error) {
      picture.held = false;
      const { text, hint } = error.hint ? { text: error.message, hint: error.hint } : reason(error, "microphone");
      shell.toast(text, "error", { hint, actions: [button({ label: "Record without sound", small: true, onclick: () => beginRecording("none") })] });
      return;
    } finally {
      rec.disabled = false;
    }
    markRecording(true);
    readDevices();
  }

  async function endRecording() {
    const ending = recorder;
    if (!ending) return;
    recorder = null;
    markRecording(false);
    const { blob, seconds, type } = await ending.stop();
    picture.held = false;
    if (!blob.size) {
      shell.toast("Nothing came into the recording.", "error", { hint: "Keep this tab in front while it records." });
      return;
    }
    const made = { blob, type, url: URL.createObjectURL(blob), name: name(type === "video/mp4" ? "mp4" : "webm"), facts: `${clock(seconds, 0)} · ${bytes(blob.size)}`, isKept: false };
    recordings.unshift(made);
    recording.list(recordings);
    shell.toast(`Recorded ${clock(seconds, 0)}.`, "done", { actions: [button({ label: "Download", icon: "download", small: true, href: made.url, download: made.name })], seconds: 12 });
  }

  async function keep(one) {
    try {
      await shell.upload(new File([one.blob], one.name, { type: one.type })).done;
      one.isKept = true;
      recording.list(recordings);
      shell.toast("The recording is in the library now.", "done");
    } catch (error) {
      shell.fail(error, "The recording was not kept.");
    }
  }

  async function forget(one) {
    if (!one.isKept && !(await shell.confirm("It is in this page alone and cannot be brought back.", { title: "Delete this recording?", yes: "Delete", danger: true }))) return;
    recordings.splice(recordings.indexOf(one), 1);
    URL.revokeObjectURL(one.url);
    recording.list(recordings);
  }

  async function addFilm(file) {
    isUploading = true;
    redraw();
    try {
      from.medium = (await shell.upload(file).done).id;
      from.kind = "film";
    } catch (error) {
      shell.fail(error, `"${file.name}" was not added.`);
    }
    isUploading = false;
    redraw();
  }

  async function readDevices() {
    try {
      [cameras, microphones] = await Promise.all([listed("videoinput"), listed("audioinput")]);
    } catch { /* a browser that lists none asks when it is started */ }
    redraw();
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]):not([type=radio]), select, textarea, video")) return;
    const act = { s: () => snapshot(), r: () => rec.click() }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  const ends = [
    state.subscribe("looks", () => { strip.groups = groupsOf(looks()); strip.value = now.look; redraw(); }),
    state.subscribe("media", redraw),
  ];
  const asks = (event) => { if (recordings.some((one) => !one.isKept) || recorder) event.preventDefault(); };
  addEventListener("beforeunload", asks);
  root.addEventListener("keydown", keys);
  navigator.mediaDevices?.addEventListener?.("devicechange", readDevices);
  recording.list(recordings);
  await readDevices();
  if (films().length) cards.film(from.medium ?? films()[0].id);
  else for (const one of looks()) if (!one.mixes) strip.card(one.id).picture = shell.api.lookPicture(one.id);

  return () => {
    startTurn += 1;
    halt();
    cards.end();
    for (const end of ends) end();
    for (const one of recordings) URL.revokeObjectURL(one.url);
    removeEventListener("beforeunload", asks);
    navigator.mediaDevices?.removeEventListener?.("devicechange", readDevices);
    root.replaceChildren();
  };
}
