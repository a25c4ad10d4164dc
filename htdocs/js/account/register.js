// register.html: a new account, by an invitation or without.

import { byId, element } from "../dom.js";
import { loadConfig } from "../config.js";
import { text } from "../texts.js";
import { askAccount, goOn, input, openAccountPage, secrets, showForm, valueOf, wayTo } from "./form.js";

const word = secrets.get("invitation") ?? "";
await openAccountPage("registerTitle");
const { accounts } = await loadConfig();

const closed =
	!accounts || accounts.register === "no"
		? text("registerClosed")
		: accounts.register === "invitation" && !word
			? text("invitationNeeded")
			: "";
if (closed) {
	const way = wayTo("login.html", text("logIn"));
	byId("content").append(
		element("h1", {}, text("registerTitle")),
		element("p", { class: "lead", role: "alert" }, closed),
		element("p", {}, way),
	);
} else {
	showForm({
		title: text("registerTitle"),
		lead: text("registerLead"),
		fields: [
			input("name", text("name"), { autocomplete: "username", dir: "auto" }, text("nameHint")),
			input("password", text("password"), { type: "password", autocomplete: "new-password" }, text("passwordHint")),
		],
		button: text("register"),
		below: [element("p", {}, wayTo("login.html", text("logInInstead")))],
		send: async () => {
			await askAccount("register", { name: valueOf("name").trim(), password: valueOf("password"), word });
			goOn();
		},
	});
}
