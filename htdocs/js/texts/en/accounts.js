// English words of the pages of accounts.

export default {
	logInTitle: "Log in",
	logIn: "Log in",
	logOut: "Log out",
	logOutEverywhere: "Log out everywhere",
	password: "Password",
	fieldMissing: "Fill in the empty field.",
	noAccounts: "There are no accounts here: chat.ini does not say ACCOUNTS=yes.",
	forgotPassword: "Password forgotten? An administrator can give you a link for a new one.",
	registerInstead: "Make an account",
	firstInstead: "Nobody has an account yet: create the administrator",
	logInInstead: "I have an account: log in",
	changePassword: "Change my password",
	toTheRooms: "To the rooms",
	registerTitle: "New account",
	registerLead: "The name is yours alone in every room.",
	register: "Make the account",
	registerClosed: "Here an administrator makes the accounts.",
	invitationNeeded: "An account needs an invitation: open the link that you were given.",
	passwordHint: "8 characters or more; a few words are best.",
	passwordTitle: "New password",
	newPassword: "New password",
	oldPassword: "Password so far",
	passwordOf: "For {name}.",
	passwordEndsOthers: "All other devices are logged out.",
	setPassword: "Set the password",
	logInFirst: "Log in first.",
	firstTitle: "Create the administrator",
	firstLead: "This chat is new. Whoever installed it has a code.",
	firstCode: "Code",
	firstCodeHint: "On the server: chatctl first-code",
	firstGo: "Create the administrator",
	firstRoom: "Your first room",
	firstRoomLead: "You are logged in, and own every room. Where do people begin?",
	socketChecking: "Checking the way to the rooms…",
	socketOpen: "The rooms can be reached. Checking that silence does not end a connection…",
	socketGood: "The rooms can be reached, and a connection outlives silence.",
	socketIdle:
		"The rooms can be reached, but the connection was cut after {text} s of silence: give the proxy a " +
		"longer time-out (nginx: proxy_read_timeout 3600s; Apache: timeout=3600 in ProxyPass), or have the " +
		"daemon ping sooner (pingms).",
	socketHeld:
		"The rooms accept the connection, but nothing comes through it ({url}): something on the way holds " +
		"back what it passes on. Have it pass WebSockets on as they come (nginx and Apache do), or go around " +
		"it.",
	socketOrigin:
		"The rooms refuse this address ({url}). Have the proxy pass on which one it is (nginx: " +
		"proxy_set_header Host $http_host and X-Forwarded-Proto $scheme; Apache: ProxyPreserveHost On and " +
		"RequestHeader set X-Forwarded-Proto), name it by trusted-proxy, or write this address as origin " +
		"into the daemon's configuration.",
	socketNotFound:
		"There is nothing at {url} (404): the proxy does not pass the rooms on, see docs/install.md, “The " +
		"web server”.",
	socketHost:
		"The daemon does not serve this host ({url}, 421): the proxy must keep Host, or a route for it is missing.",
	socketFull: "The daemon takes no more connections from here ({url}, 429): is trusted-proxy missing?",
	socketAway: "The daemon does not run, or the proxy cannot reach it ({url}, {text}).",
	socketUpgrade:
		"The proxy passes {url} on without the upgrade ({text}). nginx: proxy_http_version 1.1; " +
		'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade". Apache: ' +
		"upgrade=websocket in ProxyPass.",
	socketMixed: "The page came over https and the rooms are at {url}: set WEBSOCKETD_SERVER_URL to wss://.",
	socketOther: "The rooms at {url} answer with status {text}; the daemon's log says why.",
	socketNoAnswer: "{url} does not answer at all ({text}): a firewall, or a wrong WEBSOCKETD_SERVER_URL.",
	error_wrong_login: "The name or the password is wrong.",
	error_too_many_tries: "There were too many tries. Wait a moment.",
	error_name_taken: "This name, or one that looks like it, is somebody's already.",
	error_busy: "Many people are logging in just now. Try again.",
	error_password_too_short: "The password is too short: use 8 characters or more.",
	error_password_too_long: "The password is too long.",
	error_bad_password: "The password holds characters that none may.",
	error_password_guessed: "That password is one of those that are tried first. Use several words.",
	error_bad_link: "This link was used already, or is over. Ask for another one.",
	error_bad_invitation: "This invitation was used already, or is over. Ask for another one.",
	error_bad_code: "The code is wrong or over. On the server, chatctl first-code shows another one.",
	error_register_closed: "Here an administrator makes the accounts.",
	error_log_in_first: "Log in first.",
};
