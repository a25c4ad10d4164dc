//! The environment of a program that serves a connection without HTTP: the variables of UCSPI
//! (<https://cr.yp.to/ucspi-tcp/environment.html>), of ucspi-ssl and of ucspi-unix, and nothing of CGI. Pure.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Builder, Environment, TooLarge};

/// A connection, as far as its program gets to know it.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'a> {
    /// Over what it came, and from whom.
    pub way: Way<'a>,
    /// `PROXY_ADDR`: the trusted proxy that named the client.
    pub proxy: Option<IpAddr>,
    /// `UNIQUE_ID`.
    pub unique_id: &'a str,
    /// What `--passenv` lets through.
    pub inherited: &'a [(OsString, OsString)],
    /// Most bytes of all variables, `--maxenvbytes`.
    pub max_bytes: usize,
}

/// Over what a connection came.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// TCP, or TLS over it.
    Internet {
        /// The client.
        remote: SocketAddr,
        /// Its name, where names are looked up.
        host: Option<&'a str>,
        /// The address that it came to.
        local: SocketAddr,
        /// What was agreed on by TLS.
        tls: Option<&'a TlsFacts>,
    },
    /// A Unix socket.
    Unix {
        /// Its path.
        path: &'a Path,
        /// The client's process, user and group.
        client: Option<Credentials>,
    },
}

/// What was agreed on in a TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// `SSL_PROTOCOL`, as `mod_ssl` writes it.
    pub protocol: &'static str,
    /// `SSL_CIPHER`, by the name that IANA has for it.
    pub cipher: String,
    /// `SSL_TLS_SNI`: the name that the client asked for.
    pub server_name: Option<String>,
    /// `SSL_PEER_CERT_HASH`, as s6-networking writes it: `SHA256:` and hexadecimal digits.
    pub peer_hash: Option<String>,
}

/// Who connected to a Unix socket (`SO_PEERCRED`, unix(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// `UNIXREMOTEPID`.
    pub pid: i32,
    /// `UNIXREMOTEEUID`.
    pub uid: u32,
    /// `UNIXREMOTEEGID`.
    pub gid: u32,
}

/// The environment of the program.
///
/// # Errors
/// When it is over `max_bytes`, or one variable over [`super::MAX_VARIABLE`].
pub fn connection(connection: &Connection<'_>) -> Result<Environment, TooLarge> {
    let mut builder = Builder::default();
    match connection.way {
        Way::Internet {
            remote,
            host,
            local,
            tls,
        } => {
            builder.add("PROTO", if tls.is_some() { b"SSL" } else { b"TCP" });
            builder.add_addresses("TCP", remote, host, local);
            if let Some(tls) = tls {
                // Programs of ucspi-tcp find theirs, as with `sslserver -e`.
                builder.add_addresses("SSL", remote, host, local);
                builder.add_tls(tls);
            }
        }
        Way::Unix { path, client } => {
            builder.add("PROTO", b"UNIX");
            builder.add("UNIXLOCALPATH", path.as_os_str().as_bytes());
            if let Some(Credentials { pid, uid, gid }) = client {
                builder.add("UNIXREMOTEPID", pid.to_string().as_bytes());
                builder.add("UNIXREMOTEEUID", uid.to_string().as_bytes());
                builder.add("UNIXREMOTEEGID", gid.to_string().as_bytes());
            }
        }
    }
    if let Some(proxy) = connection.proxy {
        builder.add("PROXY_ADDR", proxy.to_string().as_bytes());
    }
    builder.add("UNIQUE_ID", connection.unique_id.as_bytes());
    let own = builder.variables.len();
    builder.inherit(connection.inherited, own);
    builder.check(connection.max_bytes)
}

impl Builder {
    fn add_addresses(
        &mut self,
        prefix: &str,
        remote: SocketAddr,
        host: Option<&str>,
        local: SocketAddr,
    ) {
        for (side, address) in [("REMOTE", remote), ("LOCAL", local)] {
            let ip = address.ip().to_canonical().to_string();
            self.add(&format!("{prefix}{side}IP"), ip.as_bytes());
            let port = address.port().to_string();
            self.add(&format!("{prefix}{side}PORT"), port.as_bytes());
        }
        if let Some(host) = host {
            // In small letters, as UCSPI wants it.
            let host = host.to_ascii_lowercase();
            self.add(&format!("{prefix}REMOTEHOST"), host.as_bytes());
        }
    }

    fn add_tls(&mut self, tls: &TlsFacts) {
        self.add("SSL_PROTOCOL", tls.protocol.as_bytes());
        self.add("SSL_CIPHER", tls.cipher.as_bytes());
        for (name, value) in [
            ("SSL_TLS_SNI", &tls.server_name),
            ("SSL_PEER_CERT_HASH", &tls.peer_hash),
        ] {
            if let Some(value) = value {
                self.add(name, value.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(way: Way<'_>) -> Vec<String> {
        let inherited = [("PATH", "/bin"), ("PROTO", "mine")];
        let inherited = inherited.map(|(name, value)| (name.into(), value.into()));
        let made = connection(&Connection {
            way,
            proxy: None,
            unique_id: "abc",
            inherited: &inherited,
            max_bytes: 4096,
        });
        let made = made.unwrap().into_iter();
        made.map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect()
    }

    #[test]
    fn the_variables_of_ucspi() {
        let way = Way::Internet {
            remote: "[::ffff:192.0.2.7]:5".parse().unwrap(),
            host: Some("Client.Example"),
            local: "[2001:db8::1]:7000".parse().unwrap(),
            tls: None,
        };
        assert_eq!(
            lines(way),
            [
                "PROTO=TCP",
                "TCPREMOTEIP=192.0.2.7",
                "TCPREMOTEPORT=5",
                "TCPLOCALIP=2001:db8::1",
                "TCPLOCALPORT=7000",
                "TCPREMOTEHOST=client.example",
                "UNIQUE_ID=abc",
                "PATH=/bin"
            ]
        );
    }

    #[test]
    fn tls_has_the_names_of_both() {
        let tls = TlsFacts {
            protocol: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            server_name: Some("a.example".to_owned()),
            peer_hash: None,
        };
        let address = "192.0.2.7:5".parse().unwrap();
        let way = Way::Internet {
            remote: address,
            host: None,
            local: address,
            tls: Some(&tls),
        };
        let lines = lines(way);
        for wanted in [
            "PROTO=SSL",
            "TCPREMOTEIP=192.0.2.7",
            "SSLREMOTEIP=192.0.2.7",
            "SSL_PROTOCOL=TLSv1.3",
            "SSL_TLS_SNI=a.example",
        ] {
            assert!(lines.iter().any(|line| line == wanted), "{lines:?}");
        }
    }

    #[test]
    fn a_unix_socket_knows_its_clients_user() {
        let way = Way::Unix {
            path: Path::new("/run/x"),
            client: Some(Credentials {
                pid: 1,
                uid: 2,
                gid: 3,
            }),
        };
        assert_eq!(
            lines(way)[..5],
            [
                "PROTO=UNIX",
                "UNIXLOCALPATH=/run/x",
                "UNIXREMOTEPID=1",
                "UNIXREMOTEEUID=2",
                "UNIXREMOTEEGID=3"
            ]
        );
    }
}
