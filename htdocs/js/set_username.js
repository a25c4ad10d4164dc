// set_username.html: name and color, kept in the session.

import { nameColor } from "./colors.js";
import { byId, element } from "./dom.js";
import { errorWords } from "./error_words.js";
import { drawTop, greet, openPage } from "./frame.js";
import { initial } from "./initial.js";
import { drawSwatches, forgetName, saveName } from "./name_form.js";
import { text } from "./texts.js";
import { nameBackdrop, onTheme } from "./theme.js";

/** @type {HTMLInputElement} */
const field = byId("name");
let chosen = () => "";

function preview() {
	const name = field.value.trim() || text("anonymous");
	const color = nameColor(name, chosen() || "Gray", nameBackdrop());
	byId("preview").style.setProperty("--name-color", color);
	byId("preview-name").textContent = name;
	byId("preview-avatar").textContent = initial(name);
}

/** @param {string} words */
function say(words, bad = false) {
	byId("status").textContent = words;
	byId("status").classList.toggle("bad", bad);
}

/** @param {Session} session */
function show(session) {
	drawTop(session);
	field.value = session.name ?? "";
	chosen = drawSwatches(byId("colors"), session.color ?? "", preview);
	byId("forget").hidden = !session.name || Boolean(session.account);
	byId("account").hidden = !session.account;
	byId("account").textContent = session.account ? text("loggedInAs", { name: session.account }) : "";
	// There it can be ended, or get another password.
	if (session.own) byId("account").append(" ", element("a", { href: "login.html" }, text("yourAccount")));
	preview();
}

await openPage("nameTitle");
const session = await greet();
show(session);
if (session.missing) say(text("noServerPart"), true);
field.addEventListener("input", preview);
onTheme(preview);

byId("name-form").addEventListener("submit", async (event) => {
	event.preventDefault();
	if (!field.value.trim()) {
		say(text("nameMissing"), true);
		field.focus();
		return;
	}
	try {
		show(await saveName(field.value.trim(), chosen()));
		say(text("nameSaved"));
	} catch (error) {
		say(errorWords(error), true);
	}
});

byId("forget").addEventListener("click", async () => {
	try {
		show(await forgetName());
		say(text("forgotten"));
	} catch (error) {
		say(errorWords(error), true);
	}
});
