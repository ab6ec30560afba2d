// Light or dark: as the system says, until somebody presses the button. Runs before anything is painted.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remember = (theme) => {
    try {
      localStorage.setItem("albumnet-theme", theme);
    } catch {
      // Storage is off: the choice holds for this page only.
    }
  };
  const recall = () => {
    try {
      return localStorage.getItem("albumnet-theme");
    } catch {
      return null;
    }
  };
  const chosen = recall();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const show = () => {
      button.setAttribute("aria-pressed", String(isDark()));
      document.dispatchEvent(new Event("themechange"));
    };
    button.hidden = false;
    show();
    system.addEventListener("change", show);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember(root.dataset.theme);
      show();
    });
  });
}
