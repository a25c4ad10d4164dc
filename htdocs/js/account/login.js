// login.html: name and password; who is logged in already can go.

import { byId, element } from "../dom.js";
import { loadConfig } from "../config.js";
import { forgetDrafts } from "../composing/drafts.js";
import { text } from "../texts.js";
import { askAccount, goOn, input, openAccountPage, showForm, valueOf, wayTo } from "./form.js";

const session = await openAccountPage("logInTitle");
const { accounts } = await loadConfig();

if (!accounts) byId("content").append(element("p", { class: "empty", role: "alert" }, text("noAccounts")));
else if (session.own) showForm(leaving(session));
else showForm(entering());

function entering() {
	const below = [element("p", { class: "hint" }, text("forgotPassword"))];
	if (accounts?.register !== "no") below.unshift(element("p", {}, wayTo("register.html", text("registerInstead"))));
	if (accounts?.first) below.unshift(element("p", {}, wayTo("first.html", text("firstInstead"))));
	return {
		title: text("logInTitle"),
		fields: [
			input("name", text("name"), { autocomplete: "username", dir: "auto", autocapitalize: "none" }),
			input("password", text("password"), { type: "password", autocomplete: "current-password" }),
		],
		button: text("logIn"),
		below,
		send: async () => {
			await askAccount("login", { name: valueOf("name").trim(), password: valueOf("password") });
			goOn();
		},
	};
}

/** @param {Session} who */
function leaving(who) {
	const everywhere = element("button", { type: "button", id: "log-out-everywhere" }, text("logOutEverywhere"));
	everywhere.addEventListener("click", async () => {
		await askAccount("logout", { everywhere: true });
		left();
	});
	return {
		title: text("loggedInAs", { name: who.account ?? "" }),
		fields: [],
		button: text("logOut"),
		below: [
			element("p", {}, everywhere),
			element("p", {}, wayTo("password.html", text("changePassword"))),
			element("p", {}, element("a", { href: "./" }, text("toTheRooms"))),
		],
		send: async () => {
			await askAccount("logout", {});
			left();
		},
	};
}

/** Nothing of what they wrote and did not send stays on this device. */
function left() {
	forgetDrafts();
	location.reload();
}
