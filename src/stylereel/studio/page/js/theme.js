// Runs before the first paint, so that nothing flashes: the theme that was chosen, else the system's.
(() => {
  const read = () => {
    try {
      return localStorage.getItem("stylereel-theme");
    } catch {
      return null;
    }
  };
  const chosen = read();
  const light = matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : light ? "light" : "dark";
})();
