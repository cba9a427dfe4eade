// The icon set: strokes on a grid of 20, drawn for the studio, built by DOM (no markup is parsed).

const NS = "http://www.w3.org/2000/svg";

const STROKES = {
  film: "M3 4.500h14v11H3z M6.500 4.500v11 M13.500 4.500v11 M3 8.200h3.500 M3 11.800h3.500 M13.500 8.200h3.500 M13.500 11.800h3.500",
  picture: "M3 4.500h14v11H3z M3 13l4-4 3.500 3.500 2-2L17 15 M12.800 7.600h.010",
  plus: "M10 4v12 M4 10h12",
  upload: "M10 13V4 M6.500 7.500L10 4l3.500 3.500 M4 13v3h12v-3",
  download: "M10 4v9 M6.500 9.500L10 13l3.500-3.500 M4 13v3h12v-3",
  trash: "M4 6h12 M8 6V4h4v2 M5.500 6l.700 10h7.600l.700-10 M8.500 9v4.500 M11.500 9v4.500",
  close: "M5 5l10 10 M15 5L5 15",
  check: "M4.500 10.500l3.500 3.500 7.500-8",
  play: "M6.500 4.500v11l9-5.500z",
  pause: "M7 4.500v11 M13 4.500v11",
  stop: "M5.500 5.500h9v9h-9z",
  repeat: "M4 9V8a2.500 2.500 0 0 1 2.500-2.500H15 M12.500 3L15 5.500 12.500 8 M16 11v1a2.500 2.500 0 0 1-2.500 2.500H5 M7.500 17L5 14.500 7.500 12",
  sound: "M3.500 8v4H6l4 3.500v-11L6 8z M13 7.500a3.500 3.500 0 0 1 0 5 M15 5a7 7 0 0 1 0 10",
  mute: "M3.500 8v4H6l4 3.500v-11L6 8z M13 8l4 4 M17 8l-4 4",
  sun: "M10 6.800a3.200 3.200 0 1 0 0 6.400a3.200 3.200 0 1 0 0-6.400z M10 2.500v1.500 M10 16v1.500 M2.500 10H4 M16 10h1.500 M4.700 4.700l1 1 M14.300 14.300l1 1 M4.700 15.300l1-1 M14.300 5.700l1-1",
  moon: "M15.500 12A6.500 6.500 0 0 1 8 4.500a6 6 0 1 0 7.500 7.500z",
  jobs: "M4 5.500h12 M4 10h12 M4 14.500h7",
  shield: "M10 3l6 2v4.500c0 3.500-2.500 6-6 7.500-3.500-1.500-6-4-6-7.500V5z M7.500 10l2 2 3.500-3.500",
  camera: "M3 6h9.500v8H3z M12.500 9l4.500-2.500v7L12.500 11",
  brush: "M16.500 3.500L9 11 M10.500 12.500c0 2.500-2 4-6.500 4 1.500-1 1.300-2 1.500-3.500.300-1.800 1.500-2.700 3-2.300 1.200.300 2 .900 2 1.800z",
  train: "M3 16l4-5 3.500 2.500L16 5.500 M12.500 5.500H16V9 M3 4v12h14",
  compare: "M10 3v14 M3.500 5h4v10h-4 M12.500 5h4v10h-4z",
  left: "M12.500 4.500L7 10l5.500 5.500",
  right: "M7.500 4.500L13 10l-5.500 5.500",
  down: "M4.500 7.500L10 13l5.500-5.500",
  info: "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14z M10 9v4.500 M10 6.500h.010",
  warning: "M10 3.500L17.500 16h-15z M10 8.500v3.500 M10 13.800h.010",
  folder: "M3 5.500h5l1.500 2H17v8H3z",
  copy: "M7.500 7.500h8.500v8.500H7.500z M12.500 7.500V4H4v8.500h3.500",
  reset: "M4.500 8.500a6 6 0 1 1 0 3.500 M4.500 4.500v4h4",
  more: "M5 10h.010 M10 10h.010 M15 10h.010",
  swap: "M10 3v14 M7 7l-3 3 3 3 M13 7l3 3-3 3",
  clock: "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14z M10 6v4l2.500 2",
  record: "M10 5a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  full: "M4 8V4h4 M12 4h4v4 M16 12v4h-4 M8 16H4v-4",
  start: "M5 4v12 M16 10H8 M11 6.500L7.500 10l3.500 3.500",
  end: "M15 4v12 M4 10h8 M9 6.500l3.500 3.500L9 13.500",
};

/** An icon as `<svg>`; decoration only, so screen readers skip it: the button around it has the label. */
export function icon(name, size = 20) {
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 1.5,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  })) svg.setAttribute(key, value);
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", STROKES[name] ?? STROKES.info);
  svg.append(path);
  svg.classList.add("icon");
  return svg;
}

/** The studio's mark: one picture, before and after. */
export function mark() {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "4 2 24 28");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of [
    ["before", "M6 8.500A2.500 2.500 0 0 1 8.500 6H16v20H8.500A2.500 2.500 0 0 1 6 23.500z"],
    ["after", "M16 6h7.500A2.500 2.500 0 0 1 26 8.500v15a2.500 2.500 0 0 1-2.500 2.500H16z"],
    ["edge", "M16 3.500v25"],
  ]) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", d);
    path.classList.add(`mark-${kind}`);
    svg.append(path);
  }
  return svg;
}
