// The shell: top bar, views, jobs tray, messages.
//
// A view is a module js/views/NAME.js that exports
//   title                      its name, for the window
//   styles = ["NAME"]          its own style sheets, css/NAME.css (optional)
//   mount(root, shell, params) builds it in `root`; async; returns a function that ends it
//   revisit(params)            called where the hash changes within the view (optional, returned as mount's `.revisit`)
// and `shell` gives it
//   api                        js/api.js
//   state                      js/state.js: looks, media, jobs, current, subscribe(what, act)
//   toast(text, kind, more)    kind "info", "done" or "error"; more {hint, actions, seconds}
//   fail(error, what)          an error as a toast, with what to do; a cancelled request is no failure
//   confirm(text, more)        true or false; more {title, yes, danger}
//   navigate(hash)             to "#/live?..."; remember(values) writes the view's state into the hash
//   upload(file, onProgress)   {done, cancel}, told to `state`

import { api } from "./api.js";
import { follow, makeState } from "./state.js";
import { remember, route, stylesheet, VIEWS } from "./router.js";
import { jobsTray, tellOfEnds } from "./tray.js";
import { el } from "./parts/el.js";
import { button } from "./parts/button.js";
import { confirm } from "./parts/dialog.js";
import { empty } from "./parts/empty.js";
import { icon, mark } from "./parts/icon.js";
import { spinner } from "./parts/progress.js";
import { toaster } from "./parts/toast.js";

const root = document.getElementById("view");
const state = makeState();
const toast = toaster(document.getElementById("toasts"));
let shown = { name: "", end: null };

const shell = {
  api, state, toast,
  confirm,
  navigate: (hash) => { location.hash = hash; },
  remember: (values) => remember(shown.name, values),
  fail(error, what = "") {
    if (error?.name === "AbortError") return;
    console.warn(error);
    toast(what ? `${what} ${error.message}` : error.message, "error", { hint: error.hint ?? "" });
  },
  upload(file, onProgress) {
    const { done, cancel } = api.upload(file, onProgress);
    return { cancel, done: done.then((medium) => {
      state.addMedium(medium);
      return medium;
    }) };
  },
};

function themeButton() {
  const now = () => document.documentElement.dataset.theme;
  const node = button({ label: "", icon: "sun", only: true, kind: "quiet", onclick: () => {
    document.documentElement.dataset.theme = now() === "light" ? "dark" : "light";
    try {
      localStorage.setItem("stylereel-theme", now());
    } catch { /* a private window forgets it */ }
    draw();
  } });
  const draw = () => {
    node.icon = now() === "light" ? "moon" : "sun";
    node.label = now() === "light" ? "Dark theme" : "Light theme";
  };
  draw();
  return node;
}

function topBar() {
  const places = el("nav", { class: "places", "aria-label": "Views" },
    VIEWS.map((view) => el("a", { href: `#/${view.name}`, data: { view: view.name } }, icon(view.icon), el("span", {}, view.label))));
  const tray = jobsTray(document.getElementById("tray"), shell);
  document.getElementById("topbar").append(
    el("a", { class: "brand", href: "#/stylise" }, mark(), el("span", {}, "Stylereel")), places, el("div", { class: "topbar-end" }, tray.opener, themeButton()));
  tellOfEnds(shell, tray.open);
  shell.openJobs = () => tray.open(true);
  const last = {};
  return (name) => {
    for (const link of places.children) {
      const here = link.dataset.view === name;
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    // Going back to a view goes back to what was open in it.
    if (shown.name && shown.name !== name && last.hash) places.querySelector(`[data-view="${shown.name}"]`).href = last.hash;
    last.hash = location.hash;
  };
}

let turn = 0;

async function show(markPlace) {
  const { name, params } = route();
  if (name === shown.name) {
    shown.end?.revisit?.(params);
    return;
  }
  const mine = ++turn;
  markPlace(name);
  await shown.end?.();
  shown = { name, end: null };
  root.replaceChildren(el("div", { class: "view-loading" }, spinner("Loading")));
  root.scrollTop = 0;
  try {
    const view = await import(`./views/${name}.js`);
    await Promise.all((view.styles ?? []).map(stylesheet));
    if (mine !== turn) return;
    document.title = `${view.title} · Stylereel studio`;
    const box = el("div", { class: `view-box view-${name}` });
    root.replaceChildren(box);
    const end = await view.mount(box, shell, params);
    if (mine !== turn) await end?.();
    else shown.end = end;
  } catch (error) {
    console.error(error);
    if (mine === turn) root.replaceChildren(empty({ icon: "warning", title: "This view could not be opened", text: `${error.message} ${error.hint ?? ""}`, actions: [button({ label: "Load the page again", icon: "reset", kind: "primary", onclick: () => location.reload() })] }));
  }
}

function tellOfConnection() {
  const bar = document.getElementById("offline");
  let timer = 0;
  state.subscribe("connection", (isConnected) => {
    clearTimeout(timer);
    if (isConnected) bar.hidden = true;
    else timer = setTimeout(() => {
      bar.textContent = "The studio does not answer. This page tries again by itself; if the studio was stopped, start it again with: stylereel studio";
      bar.hidden = false;
    }, 1500);
  });
}

async function open() {
  const markPlace = topBar();
  tellOfConnection();
  root.replaceChildren(el("div", { class: "view-loading" }, spinner("Loading")));
  try {
    state.about = await api.about();
    const read = await Promise.allSettled([state.readLooks(), state.readMedia(), state.readJobs()]);
    for (const one of read) if (one.status === "rejected") shell.fail(one.reason);
  } catch (error) {
    root.replaceChildren(empty({ icon: "warning", title: error.message, text: error.hint ?? "", actions: [button({ label: "Try again", icon: "reset", kind: "primary", onclick: () => location.reload() })] }));
    return;
  }
  follow(state);
  addEventListener("hashchange", () => show(markPlace));
  // A file that is dropped beside its place must not take the page away.
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
  await show(markPlace);
}

open();
