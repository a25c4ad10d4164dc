//! `--check`: looks at what a start would use, without serving.

use crate::cli::Ending;
use crate::config::Config;
use crate::net::tls;
use crate::process::privileges::may_become;

/// What would refuse the start, with its exit code. Ports are not bound.
pub fn verify(config: &Config) -> Ending {
    let tls = config.listen.tls.as_ref().map(tls::load).transpose();
    let tls = tls.map_err(|error| error.to_string());
    let mut users = config.user.iter().chain(config.route_users());
    let rights = users.try_for_each(|user| {
        may_become(user).map_err(|reason| format!("{}: {reason}", user.setting))
    });
    match (config.conflict(), tls.and(rights)) {
        (Some(conflict), _) => Ending::alone(4, &conflict),
        (None, Err(reason)) => Ending::alone(3, &reason),
        (None, Ok(())) => Ending::good("The configuration is sound."),
    }
}
