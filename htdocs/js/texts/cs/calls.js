// Czech words of calls.

export default {
	callListen: "Jen poslouchat",
	speaks: "mluví",
	enlarge: "{name}: velký obraz",
	screen: "Sdílet obrazovku",
	screenOf: "{name}: obrazovka",
	callDeclined: "{name} tento hovor nepřijímá.",

	// A call comes in
	incomingCall: "Příchozí hovor",
	callsYou: "{name} vám volá.",
	answerVoice: "Přijmout",
	answerVideo: "S kamerou",
	decline: "Odmítnout",

	// Devices
	devices: "Zařízení",
	loudspeaker: "Reproduktor",
	deviceOfSystem: "Podle systému",
	devicesLater: "Která zařízení tu jsou, se pozná, až se některé otevře.",
	loudspeakerBySystem: "Tento prohlížeč hraje tam, kam určí systém; reproduktor se volí v něm.",

	// Why not, and the way out
	callNoDevices: "Tento prohlížeč nedává stránkám kameru ani mikrofon. Můžete poslouchat.",
	cameraMissing: "Na tomto zařízení není kamera. Připojte nějakou, nebo volejte jen hlasem.",
	deviceChosenGone: "Zvolené zařízení tu už není. Zvolte jiné.",
	deviceSwitchedOff: "Kamera a mikrofon jsou vypnuty pro všechny stránky, v prohlížeči nebo v systému.",
	deviceByPolicy:
		"Pravidla tohoto webu stránce takové zařízení nedovolují. Může je změnit správce; je-li chat částí " +
		"jiné stránky, otevřete ho ve vlastní kartě.",
	deviceBySystem:
		"Systém prohlížeč k zařízení nepustí. Povolte to v nastavení soukromí systému a zkuste to " + "znovu.",
	deviceBlocked:
		"Prohlížeč kameru nebo mikrofon pro tento web blokuje. Povolte je na levém konci adresního řádku a " +
		"zkuste to znovu.",
	deviceNotAllowed: "Nic nebylo povoleno. Zkuste to znovu a zvolte Povolit, nebo jen poslouchejte.",
	deviceUnknown: "Zařízení se nepodařilo otevřít. Zkuste to znovu, nebo s jiným",
	screenCanceled: "Žádná obrazovka se nesdílí. Stiskněte tlačítko znovu a zvolte obrazovku nebo okno.",
	screenBySystem:
		"Systém prohlížeči nedovolí obrazovku nahrávat. Povolte to v nastavení soukromí systému a prohlížeč restartujte.",
};
