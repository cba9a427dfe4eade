// Numbers as people read them.

/** 4_800_000 as "4.8 MB". */
export function bytes(count) {
  if (count === null || count === undefined) return "";
  if (count < 1000) return `${count} B`;
  const power = Math.min(4, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${value >= 100 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

/** Seconds as a clock: "0:03.20", "1:02:03"; `places` after the point. */
export function clock(seconds, places = 2) {
  const scale = 10 ** places;
  const whole = Math.max(0, Math.round(seconds * scale));
  const [s, rest] = [Math.floor(whole / scale), whole % scale];
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  const tail = places ? `.${String(rest).padStart(places, "0")}` : "";
  return `${h ? `${h}:${two(m)}` : m}:${two(s % 60)}${tail}`;
}

/** "1:02.5", "62.5" or "1:00:00" as seconds; null where it is no time. */
export function seconds(text) {
  const parts = text.trim().split(":");
  if (parts.length > 3 || parts.some((part) => !/^\d+(\.\d*)?$/.test(part))) return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** How long something still takes: "8 s", "3 min", "1 h 20 min". */
export function duration(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "";
  if (value < 60) return `${Math.max(1, Math.round(value))} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min${value < 600 ? ` ${Math.round(value % 60)} s` : ""}`.replace(" 60 s", " 59 s");
  return `${Math.floor(value / 3600)} h ${Math.floor((value % 3600) / 60)} min`;
}

/** A moment in time as milliseconds, from seconds, milliseconds or ISO text. */
export function moment(value) {
  if (typeof value === "number") return value < 1e12 ? value * 1000 : value;
  return Date.parse(value);
}

/** "today 14:05", "in 6 days": when something was or will be. */
export function when(value) {
  const then = moment(value);
  if (!Number.isFinite(then)) return "";
  const away = (then - Date.now()) / 86400000;
  const time = new Date(then).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (Math.abs(away) < 1 && new Date(then).getDate() === new Date().getDate()) return `today ${time}`;
  if (away > 0) return away < 1.5 ? `tomorrow ${time}` : `in ${Math.round(away)} days`;
  return new Date(then).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** 1, "frame" as "1 frame"; 3 as "3 frames". */
export const plural = (count, word) => `${count.toLocaleString("en-GB")} ${word}${count === 1 ? "" : "s"}`;

/** 29.97002 as "29.97". */
export const rate = (value) => String(Math.round(value * 100) / 100);
