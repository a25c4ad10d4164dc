//! One person on several devices and in several tabs: what is read here is read there, and one of them speaks up.

use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{click, enter, say, sees, welcome};
use e2e::site::Site;

use crate::connection::log_in;
use crate::room::{NOTIFICATIONS, look};
use crate::rooms::{badge_is, go, join};

/// A device on which alice is logged in, in a room.
async fn device(site: &Site, session: &str, room: &str) -> Browser {
    let browser = Browser::start().await;
    log_in(&browser, site, session, "alice").await;
    browser.goto(&site.url(&format!("/?room={room}"))).await;
    welcome(&browser).await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_on_one_device_is_read_on_the_other() {
    let site = Site::start();
    let laptop = device(&site, "0123456789abcdef0123456789", "work").await;
    join(&laptop, "tea").await;
    join(&laptop, "zoo").await;
    let bob = Browser::start().await;
    enter(&bob, &site, "bob", "tea").await;
    say(&bob, "before the phone came").await;
    badge_is(&laptop, "tea", "1").await;
    // The phone finds the rooms, and what is new in them.
    let phone = device(&site, "9876543210fedcba9876543210", "zoo").await;
    badge_is(&phone, "tea", "1").await;
    say(&bob, "the kettle boils").await;
    badge_is(&phone, "tea", "2").await;
    badge_is(&laptop, "tea", "2").await;
    go(&phone, "tea").await;
    sees(&phone, "the kettle boils").await;
    let line = "document.querySelector('.new-line').closest('.entry').textContent.includes('before the phone came')";
    phone
        .wait_until("the line stands where the laptop had read to", line)
        .await;
    badge_is(&laptop, "tea", "").await;
    // The other way round, and what to be told of.
    go(&phone, "zoo").await;
    say(&bob, "tea is ready").await;
    badge_is(&phone, "tea", "1").await;
    go(&laptop, "tea").await;
    sees(&laptop, "tea is ready").await;
    badge_is(&phone, "tea", "").await;
    click(&laptop, "#my-rooms li:has([aria-current]) .more-room").await;
    let quiet = "[...document.querySelectorAll('#room-menu button')].find(b => b.textContent === 'Tell me nothing')";
    laptop.wait_until("the menu is open", quiet).await;
    laptop.eval(&format!("{quiet}.click()")).await;
    phone
        .wait_until(
            "the phone knows",
            "document.querySelector('#my-rooms a.quiet bdi')?.textContent === 'tea'",
        )
        .await;
    // A room entered or left there.
    join(&laptop, "garden").await;
    phone
        .wait_until(
            "it is the phone's, too",
            "[...document.querySelectorAll('#my-rooms bdi')].some(b => b.textContent === 'garden')",
        )
        .await;
    say(&laptop, "/part").await;
    phone
        .wait_until(
            "and is not any more",
            "![...document.querySelectorAll('#my-rooms bdi')].some(b => b.textContent === 'garden')",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_stands_where_the_last_visit_ended_and_reading_begins_there() {
    let site = Site::start();
    let first = device(&site, "0123456789abcdef0123456789", "diary").await;
    let bob = Browser::start().await;
    enter(&bob, &site, "bob", "diary").await;
    say(&bob, "read in the evening").await;
    sees(&first, "read in the evening").await;
    let marks = site.var().join("marks");
    e2e::deadline::eventually("the mark is kept", || {
        let log = fs::read_to_string(site.var().join("rooms/diary.log")).ok()?;
        let line = log
            .lines()
            .find(|line| line.contains("read in the evening"))?;
        let id = line.split('\t').next()?.to_owned();
        let kept = fs::read_dir(&marks).ok()?.flatten();
        kept.filter_map(|file| fs::read_to_string(file.path()).ok())
            .any(|text| text.matches(&id).count() > 0)
            .then_some(())
    });
    first.client().clone().close().await.expect("it is closed");
    for number in 0..40 {
        say(&bob, &format!("in the night {number}.")).await;
    }
    sees(&bob, "in the night 39.").await;
    // Another device, which was never here.
    let second = device(&site, "9876543210fedcba9876543210", "diary").await;
    sees(&second, "in the night 39.").await;
    let line = "document.querySelector('.new-line').closest('.entry')";
    second
        .wait_until("there is a line", &format!("{line} !== null"))
        .await;
    assert_eq!(
        second
            .eval(&format!("{line}.textContent.includes('in the night 0.')"))
            .await,
        true
    );
    second
        .wait_until(
            "it is in sight, and the end is not",
            &format!("(e => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().top < innerHeight / 2)({line}) && !document.querySelector('#jump').hidden"),
        )
        .await;
    // What is below was not seen: it stays unread for others of hers.
    let third = device(&site, "00000000001111111111222222", "elsewhere").await;
    badge_is(&third, "diary", "40").await;
    click(&second, "#jump").await;
    badge_is(&third, "diary", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_one_notifies_and_none_while_the_room_is_looked_at() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    alice.run_first(NOTIFICATIONS).await;
    enter(&alice, &site, "alice", "desk").await;
    alice
        .eval("import('/js/preferences.js').then(m => m.setPreference('notify', true))")
        .await;
    alice.eval("Notification.permission = 'granted'").await;
    let one = alice.current_tab().await;
    let two = alice.open_tab("about:blank").await;
    alice.run_first(NOTIFICATIONS).await;
    alice.goto(&site.url("/?room=desk")).await;
    welcome(&alice).await;
    alice.eval("Notification.permission = 'granted'").await;
    enter(&bob, &site, "bob", "desk").await;
    let told = async |times: u64| {
        let mut all = 0;
        for tab in [&one, &two] {
            alice.bring(tab).await;
            all += alice
                .eval("notified.length")
                .await
                .as_u64()
                .expect("a number");
        }
        assert_eq!(all, times);
    };
    // Neither is looked at.
    for tab in [&one, &two] {
        alice.bring(tab).await;
        look(&alice, true).await;
    }
    say(&bob, "alice, the first").await;
    for tab in [&one, &two] {
        alice.bring(tab).await;
        sees(&alice, "the first").await;
    }
    // Longer than another tab has to say that it is being looked at.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    told(1).await;
    // The second is.
    alice.bring(&two).await;
    look(&alice, false).await;
    say(&bob, "alice, the second").await;
    sees(&alice, "the second").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    told(1).await;
    // Nobody is to be disturbed.
    alice.bring(&two).await;
    look(&alice, true).await;
    alice
        .eval("import('/js/preferences.js').then(m => m.setPreference('quiet', true))")
        .await;
    say(&bob, "alice, the third").await;
    sees(&alice, "the third").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    told(1).await;
}
