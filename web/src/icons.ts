/** Line icons on a grid of 24, in the colour of the text. They are decoration: the text says the meaning. */

const kIcons = {
  play: {
    path: "M8 5.3v13.4a.6.6 0 0 0 .92.5l10.3-6.7a.6.6 0 0 0 0-1L8.92 4.8A.6.6 0 0 0 8 5.3z",
    fill: true,
  },
  pause: { path: "M7 5h3.2v14H7zM13.8 5H17v14h-3.2z", fill: true },
  retry: { path: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5", fill: false },
  wait: { path: "M12 3.5a8.5 8.5 0 1 0 8.5 8.5", fill: false },
  inbound: { path: "M18 6 6.5 17.5M6 9v9h9", fill: false },
  outbound: { path: "M6 18 17.5 6.5M9 6h9v9", fill: false },
  unknown: { path: "M4 12h16M15 7l5 5-5 5M9 7l-5 5 5 5", fill: false },
  download: { path: "M12 4v11M7 10.5l5 5 5-5M5 19.5h14", fill: false },
  close: { path: "M6 6l12 12M18 6 6 18", fill: false },
  search: {
    path: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20.5 20.5",
    fill: false,
  },
  signOut: { path: "M10 4H5.5v16H10M15 8l4 4-4 4M19 12H9.5", fill: false },
  none: { path: "M5 12h14", fill: false },
} as const;

export type IconName = keyof typeof kIcons;

const kSvg = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const drawing = kIcons[name];
  const svg = document.createElementNS(kSvg, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}${drawing.fill ? " icon-solid" : ""}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(kSvg, "path");
  path.setAttribute("d", drawing.path);
  svg.append(path);
  return svg;
}
