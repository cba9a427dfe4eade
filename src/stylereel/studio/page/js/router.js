// The address after # says where one is: `#/stylise?media=...&t=1.2`. Views are loaded when they are first gone to.

export const VIEWS = [
  { name: "stylise", label: "Stylise", icon: "brush" },
  { name: "live", label: "Live", icon: "camera" },
  { name: "train", label: "Train", icon: "train" },
  { name: "compare", label: "Compare", icon: "compare" },
  { name: "privacy", label: "Privacy", icon: "shield" },
];

/** The hash as {name, params}. */
export function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const known = VIEWS.some((view) => view.name === path);
  return { name: known ? path : VIEWS[0].name, params: new URLSearchParams(query) };
}

/** Writes values into the hash without a new entry in the history; empty values are left out. */
export function remember(name, values) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) params.set(key, value === true ? "1" : String(value));
  }
  const text = params.toString();
  history.replaceState(null, "", `#/${name}${text ? `?${text}` : ""}`);
}

const sheets = new Set();

/** Loads css/NAME.css once, before a view that asks for it is shown. */
export function stylesheet(name) {
  if (sheets.has(name)) return Promise.resolve();
  sheets.add(name);
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `css/${name}.css` });
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}
