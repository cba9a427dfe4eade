// Jobs that hold files of their own: a training its pictures and sheets, a comparison its reports.

import { isActive } from "../job.js";

const HOLDS = {
  train: ["Training", "Its pictures, sheets and state"],
  compare: ["Comparison", "Two reports with small pictures"],
};
const PATIENCE_MS = 30000;

/** The jobs of `state` that hold files, the newest first. */
export const holders = (state) => [...state.jobs.values()].filter((job) => HOLDS[job.kind] && job.state !== "cancelled").sort((a, b) => b.created - a.created);

/** What such a job is called, and what it holds. */
export const heldBy = (job) => ({ sort: HOLDS[job.kind][0], content: HOLDS[job.kind][1] });

/** Ends every job that is under way, waits until it has ended, and forgets all jobs with whatever they hold. */
export async function forgetJobs({ api, state }) {
  await Promise.all([...state.jobs.values()].filter(isActive).map((job) => api.cancel(job.id)));
  const until = Date.now() + PATIENCE_MS;
  while ([...state.jobs.values()].some(isActive) && Date.now() < until) {
    await new Promise((resolve) => { setTimeout(resolve, 250); });
    await state.readJobs();
  }
  for (const job of [...state.jobs.values()]) if (!isActive(job)) await api.removeJob(job.id);
}
