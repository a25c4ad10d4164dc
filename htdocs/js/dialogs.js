// The room's dialogs: one's name, dice, settings. Each is made when it is opened and gone when closed.

import { element, icon } from "../functions.js";
import { allowNotifications } from "./attention.js";
import { errorWords } from "./frame.js";
import { drawSwatches, saveName } from "./name_form.js";
import { preference, setPreference, unignore } from "./preferences.js";
import { language, text } from "./texts.js";

/** Opens a dialog named `title`; resolves when it closes. `build(close)` gives its content. */
export function openDialog(title, build, className = "") {
  const dialog = element("dialog", { "aria-label": title, class: className });
  const close = () => dialog.close();
  const head = element("div", { class: "dialog-head" }, element("h2", {}, title),
    element("button", { type: "button", class: "plain round", "aria-label": text("close"), onclick: close }, icon("close")));
  dialog.append(head, ...[build(close)].flat());
  // A click beside it closes it, as everywhere.
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
  // What the dialog is for, not the button that ends it.
  dialog.querySelector("form input, form select, .settings input, .call-choices .primary")?.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
  });
}

let fields = 0;

export function field(label, input, hint) {
  fields += 1;
  input.id = `field-${fields}`;
  return element("div", { class: "field" }, element("label", { for: input.id }, label), input, hint ? element("span", { class: "hint" }, hint) : null);
}

/** Name and color. `apply(name, color)` tells the room; the session is told too, for next time. */
export function openNameDialog({ you, color, apply }) {
  return openDialog(text("nameTitle"), (close) => {
    const name = element("input", { name: "name", value: you, maxlength: "64", dir: "auto", autocomplete: "nickname", spellcheck: "false" });
    const swatches = element("div", { class: "swatches", role: "radiogroup", "aria-label": text("color"), id: "dialog-colors" });
    const chosen = drawSwatches(swatches, color);
    const status = element("p", { class: "status bad", role: "alert" });
    const save = async (event) => {
      event.preventDefault();
      const wanted = name.value.trim();
      if (!wanted) {
        status.textContent = text("nameMissing");
        name.focus();
        return;
      }
      let saved = { name: wanted, color: chosen() };
      try {
        saved = { ...saved, ...(await saveName(wanted, chosen())) };
      } catch (error) {
        // Without chat-cgi the name holds for this visit: the room itself knows how to rename.
        if (error.code !== "no-server-part") {
          status.textContent = errorWords(error);
          return;
        }
      }
      apply(saved.name ?? wanted, chosen());
      close();
    };
    return element("form", { class: "form", id: "name-form", novalidate: true, onsubmit: save },
      field(text("name"), name, text("nameHint")),
      element("div", { class: "field" }, element("span", { class: "label" }, text("color")), swatches),
      status,
      element("div", { class: "form-actions" }, element("button", { class: "primary" }, text("save")), element("button", { type: "button", onclick: close }, text("cancel"))));
  });
}

/** `throwDice(count, sides, again)`. */
export function openDiceDialog(throwDice) {
  return openDialog(text("dice"), (close) => {
    const number = (value, min, max) => element("input", { type: "number", inputmode: "numeric", min, max, value });
    const count = number("2", "1", "100");
    const sides = number("6", "2", "1000");
    const again = number("", "2", "1000");
    const roll = (event) => {
      event.preventDefault();
      throwDice(count.valueAsNumber || 1, sides.valueAsNumber || 6, again.valueAsNumber || 0);
      close();
    };
    return element("form", { class: "form", id: "dice-form", onsubmit: roll },
      element("div", { class: "three" }, field(text("diceCount"), count), field(text("diceSides"), sides), field(text("diceAgain"), again)),
      element("p", { class: "hint" }, text("diceAgainHint")),
      element("div", { class: "form-actions" }, element("button", { class: "primary" }, icon("dice"), text("throwDice"))));
  });
}

const SWITCHES = [
  ["smileys", "showSmileys"],
  ["events", "showEvents"],
  ["typing", "typingOptIn"],
  ["liveTyping", "liveTyping"],
  ["relayOnly", "relayOnly"],
];

export function openSettings() {
  return openDialog(text("settings"), () => {
    const notify = element("input", { type: "checkbox", id: "setting-notify", checked: preference("notify") });
    const blocked = element("p", { class: "status bad", role: "status" });
    notify.addEventListener("change", async () => {
      const allowed = notify.checked && (await allowNotifications());
      blocked.textContent = notify.checked && !allowed ? text("notifyBlocked") : "";
      notify.checked = allowed;
      setPreference("notify", allowed);
    });
    const switches = SWITCHES.map(([name, words]) => {
      const input = element("input", { type: "checkbox", id: `setting-${name}`, checked: preference(name), onchange: () => setPreference(name, input.checked) });
      return element("label", { class: "check" }, input, text(words));
    });
    const languages = [["en", "English"], ["cs", "Čeština"]].map(([code, name]) => element("option", { value: code, selected: code === language, lang: code }, name));
    const choice = element("select", { id: "setting-language", onchange: () => {
      setPreference("language", choice.value);
      location.reload();
    } }, languages);
    return element("div", { class: "form settings" },
      element("div", {}, element("label", { class: "check" }, notify, text("notifyMe")), blocked, switches),
      field(text("language"), choice),
      element("div", {}, element("h3", {}, text("ignoredPeople")), ignoredList()),
      element("p", { class: "hint" }, text("help")));
  });
}

function ignoredList() {
  const names = preference("ignored");
  const list = element("ul", { class: "ignored-list" });
  const none = () => list.childElementCount || list.append(element("li", { class: "hint" }, text("nobodyIgnored")));
  for (const name of names) {
    const row = element("li", {}, element("bdi", {}, name), element("button", { type: "button", onclick: () => {
      unignore(name);
      row.remove();
      none();
    } }, text("unignore")));
    list.append(row);
  }
  none();
  return list;
}
