// Puts the chosen colours in force before anything is painted.
"use strict";
(() => {
  let theme = null;
  try {
    theme = JSON.parse(localStorage.getItem("heatcam.theme"));
  } catch {
    // Without storage the system's colours are taken.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
