/** The reader's settings: time zone and colours. Stored only in this browser. */
import { setZone } from "../format.js";

const THEMES = ["auto", "light", "dark"];
/** The event on which painted content, such as a canvas, is redrawn. */
const CHANGE = "settingchange";

function kept(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage it applies until the page is closed.
  }
}

export function keepSettings(zoneButton, themeButton) {
  let zone = kept("zone", "UTC");
  let theme = kept("theme", "auto");
  const drawZone = () => {
    setZone(zone);
    zoneButton.textContent = zone;
    zoneButton.setAttribute("aria-label", `Times in ${zone}`);
    dispatchEvent(new Event(CHANGE));
  };
  const drawTheme = () => {
    if (!THEMES.includes(theme)) theme = "auto";
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    themeButton.textContent = theme;
    themeButton.setAttribute("aria-label", `Colours: ${theme}`);
    dispatchEvent(new Event(CHANGE));
  };
  zoneButton.addEventListener("click", () => {
    zone = zone === "UTC" ? "local" : "UTC";
    keep("zone", zone);
    drawZone();
  });
  themeButton.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    keep("theme", theme);
    drawTheme();
  });
  drawZone();
  drawTheme();
}
