// Three seconds in the look, painted as a job and played in place.

import { isActive } from "../job.js";
import { jobSettings } from "./choice.js";

const SECONDS = 3;

/**
 * `toggle(medium)` paints and plays, cancels, or stops. `onState({state, fraction})` with "idle", "waiting", "playing".
 * The job's id stands in the choice, so a reload finds it again. One loop is kept; the one before is deleted.
 */
export function loopPlayer({ shell, choice, video, onState }) {
  const { api, state } = shell;
  let painted = { key: "", job: "", media: "" };
  let now = "idle";

  const tell = (next, fraction = null) => {
    now = next;
    onState({ state: next, fraction });
  };
  const key = (medium) => JSON.stringify(wanted(medium));
  const wanted = (medium) => ({ kind: "loop", ...jobSettings(choice.now, state.looks, medium), start: startOf(medium), seconds: SECONDS });
  const startOf = (medium) => Math.round(1000 * Math.max(0, Math.min(choice.now.t, (medium.seconds ?? 0) - Math.min(SECONDS, medium.seconds ?? 0)))) / 1000;

  const forget = async (id) => {
    const media = state.jobs.get(id)?.result?.media;
    if (!id) return;
    await api.removeJob(id).catch(() => {});
    if (media) await api.remove(media).catch(() => {});
    state.dropJob(id);
  };
  async function begin(medium) {
    const mine = key(medium);
    if (painted.key === mine && painted.media) {
      play(painted.media);
      return;
    }
    tell("waiting");
    forget(painted.job);
    painted = { key: mine, job: "", media: "" };
    try {
      const job = await api.start(wanted(medium));
      if (painted.key !== mine || now !== "waiting") {
        api.cancel(job.id).catch(() => {});
        return;
      }
      painted.job = job.id;
      choice.set({ loop: job.id });
      state.addJob(job);
    } catch (error) {
      tell("idle");
      shell.fail(error, "The preview loop was not started.");
    }
  }
  function play(media) {
    painted.media = media;
    video.src = api.file(media);
    video.muted = !choice.now.sound;
    tell("playing");
    video.play().catch(() => {});
  }
  function stop({ keep = true } = {}) {
    video.pause();
    video.removeAttribute("src");
    if (now === "waiting" && painted.job) api.cancel(painted.job).catch(() => {});
    if (!keep || now === "waiting") {
      forget(now === "waiting" ? "" : painted.job);
      painted = { key: "", job: "", media: "" };
    }
    choice.set({ loop: "" });
    tell("idle");
  }
  const follow = ({ job, before }) => {
    if (!job || job.id !== painted.job || (job === before && job.state === before?.state)) return;
    if (job.state === "done" && now === "waiting") play(job.result?.media);
    else if (job.state === "failed" && now === "waiting") {
      stop();
      shell.toast(job.error?.text ?? "The preview loop failed.", "error", { hint: job.error?.hint ?? "" });
    } else if (job.state === "cancelled" && now === "waiting") {
      painted = { key: "", job: "", media: "" };
      choice.set({ loop: "" });
      tell("idle");
    } else if (isActive(job) && now === "waiting") tell("waiting", job.state === "waiting" ? null : job.progress?.fraction ?? null);
  };
  const end = state.subscribe("jobs", follow);
  return {
    toggle(medium) {
      if (now === "idle") begin(medium);
      else stop();
    },
    /** Another look, moment or file: what plays is of before. */
    changed() {
      if (now !== "idle") stop();
    },
    /** After a reload: go on with the loop that the address names. */
    revive(medium) {
      const job = state.jobs.get(choice.now.loop);
      if (!job || job.wanted?.media !== medium.id) {
        choice.set({ loop: "" });
        return;
      }
      painted = { key: key(medium), job: job.id, media: job.result?.media ?? "" };
      tell("waiting", job.progress?.fraction ?? null);
      follow({ job, before: null });
    },
    get state() { return now; },
    close() {
      end();
      video.pause();
    },
  };
}
