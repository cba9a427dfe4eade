// What was given for the next training: kept in this browser until it is started, so that a reload loses nothing.

const KEPT = "stylereel-training";

export const FRESH = {
  pictures: [], content: null, name: "", minutes: 20, extends: "", brush: 1, license: "", credit: "", author: "", description: "",
};

/** `draft.now`; `draft.set({name: "x"})` changes and tells `draft.on(act)`, whose `act(keys)` gets the changed names. */
export function makeDraft() {
  const now = { ...FRESH, ...remembered() };
  const acts = new Set();
  return {
    now,
    set(values) {
      const changed = new Set(Object.keys(values).filter((key) => now[key] !== values[key]));
      if (!changed.size) return;
      Object.assign(now, values);
      try {
        localStorage.setItem(KEPT, JSON.stringify(now));
      } catch { /* a private window forgets it */ }
      for (const act of [...acts]) act(changed);
    },
    on(act) {
      acts.add(act);
      return () => acts.delete(act);
    },
    clear() {
      this.set({ ...FRESH, minutes: now.minutes, license: "", content: now.content });
    },
  };
}

function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return Object.fromEntries(Object.keys(FRESH).filter((key) => key in kept && (typeof kept[key] === typeof FRESH[key] || key === "content")).map((key) => [key, kept[key]]));
  } catch {
    return {};
  }
}

/** Ids of everything that was given as a look: to the next training, and to those that there are. */
export function shownToTrainings(state) {
  const jobs = [...state.jobs.values()].filter((job) => job.kind === "train");
  return new Set([...(remembered().pictures ?? []), ...jobs.flatMap((job) => job.wanted.pictures ?? [])]);
}

/** The draft as a job is asked for. */
export function wanted(now) {
  return {
    kind: "train", name: now.name.trim(), pictures: now.pictures, content: now.content ?? [], minutes: now.minutes,
    extends: now.extends || null, look: "", brush_size: now.brush,
    license: now.license.trim(), credit: now.credit.trim(), author: now.author.trim(), description: now.description.trim(),
  };
}

/** A folder's or file's name as a look can be called. */
export const asName = (text) => text.replace(/\.[^.]+$/, "").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-._]+|[-._]+$/g, "").slice(0, 64).toLowerCase();
