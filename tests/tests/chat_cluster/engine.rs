//! The engine as conf/cluster/ has it: three of Debian's Redis with Sentinel, before any relay is asked.

use e2e::cluster::Cluster;
use e2e::cluster::cables::Network;
use e2e::cluster::machine::Engine;
use e2e::deadline::eventually;

/// Three engines that copy each other.
fn engines() -> Cluster {
    let mut cluster = Cluster::lay(3, Engine::Sentinel, "");
    for machine in &mut cluster.machines {
        machine.start_engine();
    }
    for machine in &cluster.machines {
        machine.wait_for_copies();
    }
    eventually("the first is copied by two", || {
        let said = cluster.machines[0].redis("chat", &["wait", "2", "100"]);
        (said.trim() == "2").then_some(())
    });
    cluster
}

#[test]
fn another_engine_takes_over_when_its_machine_is_cut_off_and_the_old_one_takes_nothing() {
    let cluster = engines();
    let [one, two, _] = &cluster.machines[..] else {
        panic!("three machines")
    };
    assert_eq!(one.redis("chat", &["set", "{chat}:x", "1"]).trim(), "OK");
    cluster.cables.cut(0, Network::Machines);
    let next = eventually("another is chosen", || {
        two.primary().filter(|it| it != "10.0.0.1")
    });
    eventually("nobody copies the old one, so it takes nothing", || {
        let said = one.redis("chat", &["set", "{chat}:x", "2"]);
        said.contains("NOREPLICAS").then_some(())
    });
    let at = usize::from(next == "10.0.0.3") + 1;
    let newer = &cluster.machines[at];
    let said = eventually("the new one takes it", || {
        let said = newer.redis("chat", &["set", "{chat}:x", "3"]);
        (said.trim() == "OK").then_some(said)
    });
    assert_eq!(said.trim(), "OK");
    cluster.cables.mend(0, Network::Machines);
    eventually("the old one copies the new one", || {
        let role = one.redis("chat", &["role"]);
        let value = one.redis("chat", &["get", "{chat}:x"]);
        (role.starts_with("slave") && value.trim() == "3").then_some(())
    });
}

#[test]
fn the_chat_s_user_reaches_its_own_keys_and_nothing_else() {
    let cluster = engines();
    let ask = |words: &[&str]| cluster.machines[0].redis("chat", words).trim().to_owned();
    assert_eq!(ask(&["hset", "{chat}:h", "last", "1"]), "1");
    assert_eq!(ask(&["publish", "{chat}:to:one", "x"]), "0");
    assert!(
        ask(&["eval", "return redis.call('time')[1]", "0"])
            .parse::<u64>()
            .is_ok()
    );
    for words in [
        &["set", "{other}:h", "1"][..],
        &["publish", "{other}:to:one", "x"],
        &["keys", "*"],
        &["flushall"],
        &["config", "get", "*"],
        &["acl", "list"],
        &["shutdown"],
        &["script", "flush"],
        &["eval", "return redis.call('get', '{other}:h')", "0"],
    ] {
        let said = ask(words);
        let is_refused = said.contains("NOPERM") || said.contains("can't access");
        assert!(
            is_refused || said.contains("No permissions"),
            "{words:?}: {said}"
        );
    }
    let own = cluster.machines[0].run("redis-cli", &["-h", "10.0.0.1", "ping"]);
    assert!(own.contains("NOAUTH"), "{own}");
}
