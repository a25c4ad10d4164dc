//! Any account's file: no panic, what is read is written and read again as the same, and a line of it never becomes two.

use chat_store::accounts::Account;

pub fn run(file: &[u8]) {
    let Some(account) = Account::parse(file) else {
        return;
    };
    let text = account.text();
    let again = Account::parse(&text).expect("what was written is an account");
    assert_eq!(again.text(), text);
    assert_eq!(again.name, account.name);
    assert_eq!(
        again.disabled, account.disabled,
        "nobody is enabled by that"
    );
    assert_eq!(
        again.groups, account.groups,
        "nobody is in another group by that"
    );
    assert_eq!(again.generation, account.generation);
    assert!(text.split(|byte| *byte == b'\n').count() <= file.len() + 8);
}
