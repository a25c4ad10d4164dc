// Name and color as a form: on the first page, on the name page, and in the room.

import { askServer, element } from "../functions.js";
import { PALETTE, parseHex } from "./colors.js";
import { dropStored, writeStored } from "./preferences.js";
import { text } from "./texts.js";

/** Fills `box` with swatches; gives back a function that tells the chosen color ("" for none). */
export function drawSwatches(box, chosen, onChange = () => {}) {
  const start = parseHex(chosen) ? chosen.toLowerCase() : "";
  const group = `color-${box.id}`;
  // In the palette's order: who cannot see a color hears its name.
  const names = text("colorNames").split(", ");
  const swatches = PALETTE.map((color, index) => {
    const input = element("input", { type: "radio", name: group, value: color, "aria-label": names[index], checked: color === start, onchange: () => onChange(color) });
    const node = element("label", { class: "swatch", title: names[index] }, input, element("span"));
    node.style.setProperty("--swatch", color);
    return node;
  });
  const own = element("input", { type: "color", value: start || PALETTE[7], "aria-label": text("ownColor"), oninput: () => {
    box.querySelector("input:checked")?.removeAttribute("checked");
    for (const radio of box.querySelectorAll("input[type=radio]")) radio.checked = false;
    box.dataset.own = own.value;
    onChange(own.value);
  } });
  box.dataset.own = start && !PALETTE.includes(start) ? start : "";
  box.replaceChildren(...swatches, element("label", { class: "swatch", title: text("ownColor") }, own, element("span", { class: "rainbow" })));
  box.addEventListener("change", (event) => {
    if (event.target.type === "radio") box.dataset.own = "";
  });
  return () => box.dataset.own || box.querySelector("input[type=radio]:checked")?.value || "";
}

/** Keeps name and color in the session; gives what the server made of them. Also remembered here, for a session that ends. */
export function saveName(name, color) {
  writeStored("name", name);
  return askServer("session", { method: "POST", body: color ? { name, color } : { name } });
}

export function forgetName() {
  dropStored("name");
  return askServer("session", { method: "DELETE" });
}
