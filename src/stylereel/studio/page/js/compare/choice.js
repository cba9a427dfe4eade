// What can be set side by side: sources, and the results that jobs made of them.

import { moment } from "../parts/format.js";

/** Everything on the shelf as {sources: [Media], of(source) -> [Side]}; a Side is {id, name, medium, start}. */
export function sidesOf(state) {
  const jobs = new Map([...state.jobs.values()].filter((job) => job.result?.media && job.wanted?.media).map((job) => [job.result.media, job]));
  const media = [...state.media.values()].sort((a, b) => moment(b.created) - moment(a.created));
  const made = media.filter((one) => one.origin === "result" && jobs.get(one.id)?.kind !== "loop").reverse(); // as they were made
  const madeOf = (one) => jobs.get(one.id)?.wanted.media ?? null;
  const known = new Set(made.map(madeOf));
  const uploads = media.filter((one) => one.origin === "upload");
  const count = (one) => made.filter((result) => madeOf(result) === one.id).length;
  const sources = [...uploads].sort((a, b) => count(b) - count(a));
  return {
    sources, count,
    hasPair: sources.some((one) => count(one) >= 2),
    hasAny: made.length > 0 && known.size > 0,
    /** Results of a source first, then those whose source nobody knows any more, then other files of its kind. */
    of(source) {
      const own = made.filter((one) => madeOf(one) === source.id);
      const lost = made.filter((one) => !jobs.has(one.id) && one.kind === source.kind);
      const others = uploads.filter((one) => one.id !== source.id && one.kind === source.kind);
      return [...own, ...lost, ...others].map((medium) => ({ id: medium.id, name: medium.name, medium, start: jobs.get(medium.id)?.wanted.start ?? 0, isOwn: own.includes(medium) }));
    },
    side(id) {
      const medium = state.media.get(id);
      return medium ? { id, name: medium.name, medium, start: jobs.get(id)?.wanted.start ?? 0 } : null;
    },
  };
}
