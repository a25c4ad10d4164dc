//! A whole site: what `make run` serves, the chat behind Apache and nginx with php-fpm, calls through coturn.

mod certificates;
mod client_library;
mod files;
mod hosts;
mod ilias;
mod make_dev;
mod make_run;
mod relay;
mod web_servers;
