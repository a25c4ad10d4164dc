// password.html: another password, by the one that holds or by an administrator's link.

import { byId, element } from "../dom.js";
import { text } from "../texts.js";
import { askAccount, goOn, input, openAccountPage, secrets, showForm, valueOf, wayTo } from "./form.js";

const [name, word] = [secrets.get("name") ?? "", secrets.get("link") ?? ""];
const session = await openAccountPage("passwordTitle");

const fresh = () =>
	input("new", text("newPassword"), { type: "password", autocomplete: "new-password" }, text("passwordHint"));
/** A password manager is to know whose it is. @param {string} whose */
const owner = (whose) =>
	element("input", { type: "text", name: "username", autocomplete: "username", value: whose, hidden: true });

if (word) {
	showForm({
		title: text("passwordTitle"),
		lead: text("passwordOf", { name }),
		fields: [fresh()],
		button: text("setPassword"),
		send: async () => {
			await askAccount("link", { name, word, password: valueOf("new") });
			goOn();
		},
	});
	byId("account-form").prepend(owner(name));
} else if (session.own) {
	showForm({
		title: text("passwordTitle"),
		lead: text("passwordEndsOthers"),
		fields: [input("old", text("oldPassword"), { type: "password", autocomplete: "current-password" }), fresh()],
		button: text("setPassword"),
		send: async () => {
			await askAccount("password", { old: valueOf("old"), password: valueOf("new") });
			goOn();
		},
	});
	byId("account-form").prepend(owner(session.account ?? ""));
} else {
	byId("content").append(
		element("h1", {}, text("passwordTitle")),
		element("p", { class: "lead", role: "alert" }, text("logInFirst")),
		element("p", {}, wayTo("login.html", text("logIn"))),
	);
}
