// What every view knows: looks, media and jobs, kept true by the server's events.

import { api } from "./api.js";

/**
 * `about`, `looks` [Look], `media` Map(id -> Media), `jobs` Map(id -> Job), `current` (id of the medium that is worked on).
 * `subscribe(what, act)` with "looks", "media", "jobs", "current" or "connection" calls `act(detail)` on each change and
 * returns a function that ends it.
 */
export function makeState() {
  const listeners = new Map();
  let current = null;
  const state = {
    about: null, looks: [], media: new Map(), jobs: new Map(), isConnected: true,
    get current() { return current; },
    set current(id) {
      if (id === current) return;
      current = id;
      state.tell("current", id);
    },
    subscribe(what, act) {
      if (!listeners.has(what)) listeners.set(what, new Set());
      listeners.get(what).add(act);
      return () => listeners.get(what).delete(act);
    },
    tell(what, detail) {
      for (const act of [...(listeners.get(what) ?? [])]) {
        try {
          act(detail);
        } catch (error) {
          console.error(error);
        }
      }
    },
    addMedium(medium) {
      state.media.set(medium.id, medium);
      state.tell("media", medium);
    },
    addJob(job) {
      const before = state.jobs.get(job.id);
      state.jobs.set(job.id, job);
      state.tell("jobs", { job, before });
    },
    dropJob(id) {
      const before = state.jobs.get(id);
      if (state.jobs.delete(id)) state.tell("jobs", { job: null, before });
    },
    /** Media and jobs that were deleted, here or elsewhere. */
    drop(ids) {
      const had = ids.filter((id) => state.media.delete(id));
      ids.forEach(state.dropJob);
      if (had.length) state.tell("media", null);
    },
    async readLooks() {
      state.looks = await api.looks();
      state.tell("looks");
    },
    async readMedia() {
      const media = await api.media();
      state.media = new Map(media.map((one) => [one.id, one]));
      state.tell("media", null);
    },
    async readJobs() {
      const jobs = await api.jobs();
      const kept = new Set(jobs.map((one) => one.id));
      for (const id of [...state.jobs.keys()]) if (!kept.has(id)) state.dropJob(id);
      for (const job of jobs) state.addJob(job);
    },
  };
  return state;
}

const WAITS = [1000, 2000, 4000, 8000];

/** Follows the server's events for ever; after a gap everything is read anew. */
export function follow(state) {
  let tries = 0;
  let source = null;
  let timer = 0;
  const lost = () => {
    source?.close();
    if (state.isConnected) {
      state.isConnected = false;
      state.tell("connection", false);
    }
    clearTimeout(timer);
    timer = setTimeout(open, WAITS[Math.min(tries, WAITS.length - 1)]);
    tries += 1;
  };
  const open = () => {
    source = new EventSource(api.address("events"));
    source.addEventListener("open", async () => {
      const wasLost = !state.isConnected || tries > 0;
      tries = 0;
      try {
        await Promise.all([state.readJobs(), wasLost ? state.readMedia() : null, wasLost ? state.readLooks() : null]);
      } catch { /* the next event or gap tries again */ }
      state.isConnected = true;
      state.tell("connection", true);
    });
    source.addEventListener("error", lost);
    source.addEventListener("job", (event) => {
      state.addJob(JSON.parse(event.data));
    });
    source.addEventListener("media", (event) => state.addMedium(JSON.parse(event.data)));
    source.addEventListener("removed", (event) => state.drop(JSON.parse(event.data).removed));
    source.addEventListener("looks", () => state.readLooks().catch(() => {}));
  };
  addEventListener("pagehide", () => source?.close());
  open();
}
