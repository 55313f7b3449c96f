// Colours that come from the server, made to stand out from the page's own.

const LEAST_CONTRAST = 3; // of lines and dots (WCAG 2.2, 1.4.11)

/** Return a colour of the page's style sheet as the browser draws it. */
export function token(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** Return `#rrggbb` moved towards black or white until it stands out from a background; grey for what is no colour. */
export function standingOut(hex, background) {
  let rgb = /^#[0-9a-f]{6}$/i.test(hex) ? [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) : [128, 128, 128];
  const behind = (background.match(/[\d.]+/g) ?? [255, 255, 255]).slice(0, 3).map(Number);
  const towards = luminance(behind) > 0.18 ? 0 : 255;
  for (let step = 0; step < 20 && contrast(rgb, behind) < LEAST_CONTRAST; step += 1) {
    rgb = rgb.map((value) => value + 0.1 * (towards - value));
  }
  return `rgb(${rgb.map(Math.round).join(" ")})`;
}

export function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
