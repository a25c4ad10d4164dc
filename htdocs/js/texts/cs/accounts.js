// Czech words of the pages of accounts.

export default {
	logInTitle: "Přihlášení",
	logIn: "Přihlásit se",
	logOut: "Odhlásit se",
	logOutEverywhere: "Odhlásit se všude",
	password: "Heslo",
	fieldMissing: "Vyplňte prázdné pole.",
	noAccounts: "Účty tu nejsou: v chat.ini není ACCOUNTS=yes.",
	forgotPassword: "Zapomenuté heslo? Správce vám může dát odkaz pro nové.",
	registerInstead: "Založit účet",
	firstInstead: "Účet tu ještě nikdo nemá: vytvořit správce",
	logInInstead: "Účet mám: přihlásit se",
	changePassword: "Změnit heslo",
	toTheRooms: "Do místností",
	registerTitle: "Nový účet",
	registerLead: "Jméno je ve všech místnostech jen vaše.",
	register: "Založit účet",
	registerClosed: "Účty tu zakládá správce.",
	invitationNeeded: "Účet potřebuje pozvánku: otevřete odkaz, který jste dostali.",
	passwordHint: "Aspoň 8 znaků; nejlepší je několik slov.",
	passwordTitle: "Nové heslo",
	newPassword: "Nové heslo",
	oldPassword: "Dosavadní heslo",
	passwordOf: "Pro uživatele {name}.",
	passwordEndsOthers: "Ostatní zařízení se odhlásí.",
	setPassword: "Nastavit heslo",
	logInFirst: "Nejdřív se přihlaste.",
	firstTitle: "Vytvořit správce",
	firstLead: "Tento chat je nový. Kdo ho instaloval, má kód.",
	firstCode: "Kód",
	firstCodeHint: "Na serveru: chatctl first-code",
	firstGo: "Vytvořit správce",
	firstRoom: "První místnost",
	firstRoomLead: "Jste přihlášeni a všechny místnosti jsou vaše. Kde se začíná?",
	socketChecking: "Zkouší se cesta do místností…",
	socketOpen: "Místnosti jsou dosažitelné. Zkouší se, zda spojení přečká ticho…",
	socketGood: "Místnosti jsou dosažitelné a spojení přečká ticho.",
	socketIdle:
		"Místnosti jsou dosažitelné, ale po {text} s ticha bylo spojení přerušeno: dejte proxy delší časový " +
		"limit (nginx: proxy_read_timeout 3600s; Apache: timeout=3600 v ProxyPass), nebo ať démon pinguje " +
		"dříve (pingms).",
	socketHeld:
		"Místnosti spojení přijmou, ale nic jím neprojde ({url}): něco po cestě zadržuje, co předává. Ať " +
		"WebSockety předává hned (nginx a Apache to dělají), nebo to obejděte.",
	socketOrigin:
		"Místnosti tuto adresu odmítají ({url}). Ať proxy předá, která to je (nginx: proxy_set_header Host " +
		"$http_host a X-Forwarded-Proto $scheme; Apache: ProxyPreserveHost On a RequestHeader set " +
		"X-Forwarded-Proto), uveďte ji v trusted-proxy, nebo zapište tuto adresu jako origin do nastavení " +
		"démona.",
	socketNotFound: "Na {url} nic není (404): proxy místnosti nepředává, viz docs/install.md, „The web server“.",
	socketHost: "Démon tento server neobsluhuje ({url}, 421): proxy musí zachovat Host, nebo chybí cesta pro něj.",
	socketFull: "Démon odtud další spojení nebere ({url}, 429): nechybí trusted-proxy?",
	socketAway: "Démon neběží, nebo na něj proxy nedosáhne ({url}, {text}).",
	socketUpgrade:
		"Proxy předává {url} bez upgradu ({text}). nginx: proxy_http_version 1.1; proxy_set_header Upgrade " +
		'$http_upgrade; proxy_set_header Connection "upgrade". Apache: upgrade=websocket v ProxyPass.',
	socketMixed: "Stránka přišla po https a místnosti jsou na {url}: nastavte WEBSOCKETD_SERVER_URL na wss://.",
	socketOther: "Místnosti na {url} odpovídají stavem {text}; proč, říká log démona.",
	socketNoAnswer: "{url} vůbec neodpovídá ({text}): firewall, nebo chybné WEBSOCKETD_SERVER_URL.",
	error_wrong_login: "Jméno nebo heslo není správně.",
	error_too_many_tries: "Pokusů bylo příliš mnoho. Chvíli počkejte.",
	error_name_taken: "Toto nebo podobné jméno už někdo má.",
	error_busy: "Právě se přihlašuje mnoho lidí. Zkuste to znovu.",
	error_password_too_short: "Heslo je krátké: použijte aspoň 8 znaků.",
	error_password_too_long: "Heslo je příliš dlouhé.",
	error_bad_password: "V hesle jsou znaky, které v něm být nesmějí.",
	error_password_guessed: "Toto heslo se zkouší mezi prvními. Použijte několik slov.",
	error_bad_link: "Odkaz byl použit, nebo už neplatí. Řekněte si o jiný.",
	error_bad_invitation: "Pozvánka byla použita, nebo už neplatí. Řekněte si o jinou.",
	error_bad_code: "Kód není správně, nebo už neplatí. Na serveru ukáže další chatctl first-code.",
	error_register_closed: "Účty tu zakládá správce.",
	error_log_in_first: "Nejdřív se přihlaste.",
};
