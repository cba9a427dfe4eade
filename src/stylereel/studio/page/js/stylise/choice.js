// What was chosen in the Stylise view: one object, kept in the address, so that a reload changes nothing.

import { moment } from "../parts/format.js";
import { shownToTrainings } from "../train/draft.js";

export const DEFAULTS = {
  media: "", t: 0, look: "", mix: "", share: 0.5, strength: 1, colors: false, steady: 0,
  tab: "adjust", view: 0.5, loop: "", sound: false,
  format: "", side: 0, quality: 75, from: null, to: null, name: "",
};

/** The server answers only the newest request of one client; each open page is one. */
export const CLIENT = Math.random().toString(36).slice(2);

const KEPT = "stylereel-choice";
const KEPT_KEYS = ["look", "mix", "share", "strength", "colors", "steady", "format", "quality", "view"];

/**
 * `choice.now` holds the values, `choice.set({t: 1.2})` changes some and tells `choice.on(act)`, whose `act(keys)` gets a
 * Set of the names that changed. `onChange` is called with each change's names, to write the address.
 */
export function makeChoice(params, onChange) {
  const now = { ...DEFAULTS, ...remembered(), ...read(params) };
  const acts = new Set();
  const choice = {
    now,
    set(values) {
      const changed = new Set(Object.keys(values).filter((key) => now[key] !== values[key]));
      if (!changed.size) return;
      Object.assign(now, values);
      onChange(changed);
      keep(now);
      for (const act of [...acts]) act(changed);
    },
    on(act) {
      acts.add(act);
      return () => acts.delete(act);
    },
    /** The choice as an address has it: what is as it always is stays out. */
    forAddress() {
      return Object.fromEntries(Object.entries(now).filter(([key, value]) => value !== DEFAULTS[key] && value !== null).map(([key, value]) => [key, typeof value === "number" ? Math.round(value * 10000) / 10000 : value]));
    },
    read: (next) => choice.set({ ...DEFAULTS, ...pick(now, KEPT_KEYS), ...read(next) }),
  };
  return choice;
}

function read(params) {
  const values = {};
  for (const [key, usual] of Object.entries(DEFAULTS)) {
    const text = params.get(key);
    if (text === null) continue;
    if (typeof usual === "boolean") values[key] = text === "1";
    else if (typeof usual === "number" || usual === null) {
      const number = Number(text);
      if (Number.isFinite(number) && number >= 0) values[key] = number;
    } else values[key] = text;
  }
  return values;
}

const pick = (values, keys) => Object.fromEntries(keys.map((key) => [key, values[key]]));

function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return Object.fromEntries(KEPT_KEYS.filter((key) => typeof kept[key] === typeof DEFAULTS[key]).map((key) => [key, kept[key]]));
  } catch {
    return {};
  }
}

function keep(now) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(pick(now, KEPT_KEYS)));
  } catch { /* a private window forgets it */ }
}

/** Looks in groups, in the order of the gallery: one's own, packs whose looks can be mixed, single ones. */
export function grouped(looks) {
  const rank = (look) => (look.is_mine ? "0" : look.mixes ? `1 ${look.pack}` : "2");
  const groups = new Map();
  for (const look of looks) groups.set(rank(look), [...(groups.get(rank(look)) ?? []), look]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members);
}

/** The same as a filmstrip takes them. */
export function groupsOf(looks) {
  return grouped(looks).map((members) => {
    const [first] = members;
    const [title, hint] = first.is_mine ? ["Yours", ""] : first.mixes ? [packTitle(first.pack), "· can be mixed with each other"] : ["Single looks", ""];
    return { title, hint, items: members.map((look) => ({ value: look.id, title: look.title })) };
  });
}

/** The look that is chosen, of those that there are; the gallery's first where the chosen one is gone. */
export function lookOf(choice, looks) {
  const usual = () => looks.find((look) => look.mixes) ?? looks[0] ?? null;
  return looks.find((look) => look.id === choice.look) ?? usual();
}

/** The looks that can be mixed with `look`. */
export const partners = (look, looks) => (look?.mixes ? looks.filter((one) => one.mixes && one.pack === look.pack && one.id !== look.id) : []);

/** Settings of the look, for previews. */
export function lookSettings(choice, looks) {
  const look = lookOf(choice, looks);
  const mix = partners(look, looks).find((one) => one.id === choice.mix);
  return {
    look: look?.id, mix: mix?.id, share: mix ? choice.share : undefined, strength: choice.strength, keep_colors: choice.colors,
  };
}

/** Settings of the look, for jobs. */
export function jobSettings(choice, looks, medium) {
  const steady = medium.kind === "video" && choice.steady > 0 ? { stabilize: choice.steady } : {};
  const { mix, share, ...rest } = lookSettings(choice, looks);
  return { media: medium.id, ...rest, ...(mix ? { mix, share } : {}), ...steady };
}

/** A look's name where it stands alone: "Van Gogh", and of two with one title also the pack's. */
export function lookName(look, looks) {
  if (!look) return "";
  const twins = looks.filter((one) => one.title === look.title);
  return twins.length > 1 && look.look ? `${look.title} (${packTitle(look.pack)})` : look.title;
}

/** What is laid over: "Van Gogh", or a mixture, "Van Gogh + Ukiyo-e". */
export function mixtureName({ look, mix, share = 0 }, looks) {
  const first = looks.find((one) => one.id === look);
  const second = share > 0 ? looks.find((one) => one.id === mix) : null;
  return first && second ? `${first.title} + ${second.title}` : lookName(first, looks);
}

/** "atelier" as "Atelier". */
export const packTitle = (pack) => pack.charAt(0).toUpperCase() + pack.slice(1).replaceAll(/[-_]/g, " ");

/** Uploads, the newest first. */
export const uploads = (state) => {
  const material = shownToTrainings(state); // a folder of paintings is nothing that anybody wants to paint
  return [...state.media.values()].filter((one) => one.origin === "upload" && !material.has(one.id)).sort((a, b) => moment(b.created) - moment(a.created));
};
