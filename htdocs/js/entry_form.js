// The elements of the first page. They are made here so that a room's page does not carry them.

import { field } from "./field.js";
import { element } from "./dom.js";
import { text } from "./texts.js";

/** Fills `#entry` with the form and the list of rooms. @param {HTMLElement} box */
export function drawEntry(box) {
	const name = element("input", {
		id: "entry-name",
		name: "name",
		dir: "auto",
		maxlength: "64",
		autocomplete: "nickname",
		spellcheck: "false",
	});
	const room = element("input", {
		id: "entry-room",
		name: "room",
		dir: "auto",
		maxlength: "64",
		autocapitalize: "none",
		autocomplete: "off",
		spellcheck: "false",
		list: "known-rooms",
	});
	const colors = { class: "swatches", id: "entry-colors", role: "radiogroup", "aria-labelledby": "entry-color-label" };
	const form = element(
		"form",
		{ class: "card form", id: "entry-form", novalidate: true },
		field(text("name"), name, text("nameHint")),
		element(
			"div",
			{ class: "field" },
			element("span", { class: "label", id: "entry-color-label" }, text("color")),
			element("div", colors),
		),
		element("div", {}, field(text("room"), room), element("datalist", { id: "known-rooms" })),
		element("p", { class: "status bad", id: "entry-status", role: "alert" }),
		element("div", { class: "form-actions" }, element("button", { class: "primary", id: "entry-go" }, text("enter"))),
	);
	const rooms = element(
		"section",
		{ id: "entry-rooms", "aria-labelledby": "entry-rooms-title", hidden: true },
		element("h2", { id: "entry-rooms-title" }, text("listLead")),
		element("ul", { class: "room-list", id: "entry-room-list" }),
	);
	const lead = element("div", {}, element("h1", {}, text("entryTitle")));
	lead.append(element("p", { class: "lead" }, text("entryLead")));
	box.append(
		element("header", { class: "top", id: "top" }),
		element("main", { class: "content narrow", id: "content" }, lead, form, rooms),
	);
}
