# What a person types. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# rustup's programs, also where no login shell set the path.
export PATH := $(PATH):$(HOME)/.cargo/bin
# Absolute, so that it means the same in every directory.
export CARGO_TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))
# Another build target would put the programs where nobody looks for them.
unexport CARGO_BUILD_TARGET
# Tests wait most of the time, for programs and browsers: with one for each processor, two processors are half idle.
export RUST_TEST_THREADS := $(or $(RUST_TEST_THREADS),$(shell expr $$(nproc) + 1))

CARGO ?= cargo
BIN := $(CARGO_TARGET_DIR)/bin

# Where `make run` listens and keeps its files.
ADDRESS ?= 127.0.0.1
PORT ?= 8080
# The administration's; empty: none.
PORT_ADMIN ?=
# Whether a new tree has accounts of the chat's own.
ACCOUNTS ?= no
VAR ?= var
HTDOCS ?= htdocs
run: PORT_ADMIN = 8081
run: ACCOUNTS = yes

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=

# Packages before builds before tests, also under -j; cargo is parallel by itself.
.NOTPARALLEL:
.PHONY: help run dev serve build static lint check test test-cluster-of-one stumbles torture cluster-torture fuzz api-fuzz firefox packages bench install stage package release image clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	  printf '  make %-19s %s\n' "$$name" "$$text"; done
	@printf '\n  make run ADDRESS=0.0.0.0 PORT=9000 VAR=/srv/chat   listens elsewhere, keeps its files elsewhere\n'

run: build serve ## build the chat, start it on http://127.0.0.1:8080/, its administration on :8081; Ctrl-C stops both

dev: ## the same from a debug build: rebuilt and restarted on change, pages reload themselves
	@ADDRESS=$(ADDRESS) PORT=$(PORT) VAR=$(VAR) HTDOCS=$(HTDOCS) tools/dev

# The administration, and what its plots are made of. Both end with this shell, also when that is killed.
ADMINISTRATION = { \
	  install -d $(VAR)/administration && install -m 755 $(BIN)/chat-web $(VAR)/administration/api; \
	  sed -e 's|^port = .*|port = $(PORT_ADMIN)|' -e 's|/usr/local/share/websocketd-rs/htdocs|$(abspath $(HTDOCS))|' \
	    -e 's|/usr/local/lib/websocketd-rs/administration|$(abspath $(VAR))/administration|' conf/administration.ini \
	    >$(VAR)/conf/administration.ini; \
	  echo 'its administration: http://127.0.0.1:$(PORT_ADMIN)/'; \
	  setpriv --pdeathsig TERM $(BIN)/websocketd-rs --config=$(VAR)/conf/administration.ini --loglevel=error & \
	  setpriv --pdeathsig TERM $(BIN)/chatctl sample --every=300 >/dev/null & }

# What `run` starts, without building; the tests of the pages start this too.
# The shell becomes the daemon: Ctrl-C and SIGTERM reach it, and it ends its handlers.
serve:
	@test -x $(BIN)/websocketd-rs || { echo 'nothing is built yet: make build' >&2; exit 1; }
	@install -d -m 750 $(addprefix $(VAR)/,rooms users state log run conf)
	@# The name of a session file is enough to be its owner.
	@install -d -m 700 $(VAR)/sessions
	@install -d $(VAR)/cgi
	@test -e $(VAR)/conf/chat.ini || sed -e 's|^BASE_DIR=.*|BASE_DIR=..|' $(if $(filter yes,$(ACCOUNTS)),-e 's|^; ACCOUNTS=no|ACCOUNTS=yes|') \
	  -e 's|^; PAGES_DIR=.*|PAGES_DIR=$(abspath $(HTDOCS))|' conf/chat.ini | \
	  install -m 640 /dev/stdin $(VAR)/conf/chat.ini
	@install -m 755 $(BIN)/chat-cgi $(VAR)/cgi/api
	@echo 'the chat: http://$(ADDRESS):$(PORT)/   its files: $(VAR)/   Ctrl-C stops it'
	@export CHAT_CONFIG=$(abspath $(VAR)/conf/chat.ini); \
	 code=$$($(BIN)/chatctl first-code --if-none | head -1) || :; \
	 [[ -z $$code ]] || echo "make the administrator, once: http://$(ADDRESS):$(PORT)/$$code"; \
	 [[ -z '$(PORT_ADMIN)' ]] || $(ADMINISTRATION); \
	 exec $(BIN)/websocketd-rs --address=$(ADDRESS) --port=$(PORT) --sameorigin --pingms=9000 \
	   --staticdir=$(HTDOCS) --cgidir=$(VAR)/cgi --hidepath=/api/v1/in/ --passenv=CHAT_CONFIG \
	   --header-http='X-Frame-Options: DENY' --header-http="Content-Security-Policy: frame-ancestors 'none'" \
	   $(BIN)/chat-handler

build: ## the programs, for release, into target/bin
	@CARGO='$(CARGO)' tools/build

# Slower where very many short lines pass (docs/decisions.md), so not for those who build on the machine that serves.
static: ## the programs as they run on any Linux of this architecture, into target/static
	@CARGO='$(CARGO)' tools/build static

lint: ## formatting, clippy and the pages' types, without a warning
	@$(CARGO) fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@$(CARGO) clippy --version >/dev/null 2>&1 || rustup component add clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@# It has a lock file of its own, which no other build would find stale.
	$(CARGO) metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check; fi
	@if command -v npm >/dev/null; then tests/pages/check lint; else echo 'no npm: the pages are not checked' >&2; fi

check: lint ## lint and unit tests; warm, after a change, under a minute (18 s of one processor)
	$(CARGO) test --locked --workspace --exclude e2e --lib --bins

packages: ## the Debian packages that the tests need
	tests/install-packages

test: packages build static lint ## everything, from a clean checkout
	tests/pages/check test
	$(CARGO) test --locked --workspace --no-fail-fast
	@# What is most another with a relay: acks, what is said twice, what changes a record, when it is on the disk. The rest
	@# is test-cluster-of-one, which takes as long as all of the above. By --workspace nothing is built anew.
	CHAT_CLUSTER=one $(CARGO) test --locked --workspace --test program -- amending:: conversation:: moderation:: power::

stumbles: packages build ## what people once tripped over: a test for each (tests/stumbles)
	tests/stumbles

# What `test` does in moments, for as long as one likes: 2,000 kills in place of its 200, and so on.
torture: build ## people who talk while processes are killed, ten times as long as in `test`
	TORTURE_ROUNDS=$${TORTURE_ROUNDS:-2000} $(CARGO) test --locked -p e2e --test chat torture:: -- --nocapture

# Needs a while: it builds the earlier programs, into target/upgrade.
upgrade-test: build ## the programs of an earlier commit and these in one tree, there and back: FROM=COMMIT
	tests/upgrade $(FROM)

# As root. Two hours and a half: SEEDS=100 SECONDS_EACH=72 of them, JOBS=1 at the same time (JOBS=4, on two processors that
# have nothing else to do: 40 minutes), with PEOPLE of them or a number that the seed draws; KEEP=DIR for what the machines
# had where something was wrong. The handler is not the static one of `build`: that would not go by the machine's clock.
# tests/cluster-torture.md
cluster-torture: build ## a chat on three machines that lose power, room and time, are killed, stopped and cut off
	$(CARGO) build --locked --release -p chat-handler --bin chat-handler
	env CLUSTER_SEEDS=$${SEEDS:-100} CLUSTER_SECONDS=$${SECONDS_EACH:-72} CLUSTER_JOBS=$${JOBS:-1} \
	  $${PEOPLE:+CLUSTER_PEOPLE=$$PEOPLE} $${KEEP:+CLUSTER_KEEP=$$KEEP} \
	  CLUSTER_REPORT=$(CURDIR)/tests/cluster-torture.md RELEASED_PROGRAMS=1 \
	  CHAT_HANDLER_UNDER_TEST=$(CARGO_TARGET_DIR)/release/chat-handler \
	  unshare --mount $(CARGO) test --locked -p e2e --test chat_cluster torture:: -- --nocapture

# ENGINE=redis: with a Redis for each chat. TARGETS='chat-handler/program ...': these alone.
test-cluster-of-one: packages build static ## the suite with a relay beside each chat; tests/cluster-of-one.md
	CARGO='$(CARGO)' tests/cluster-of-one $(or $(ENGINE),one) $(TARGETS)

fuzz: ## each parser on changed inputs, SECONDS_EACH=60, JOBS=1; fuzz/REPORT.md
	fuzz/run

# Its tool is fetched into target/: python3-venv and the network, which nothing else here needs.
api-fuzz: build ## a real daemon asked all that docs/openapi.json allows and forbids; fuzz/api/REPORT.md
	fuzz/api/run

firefox: build ## client library, a room's page and the widget in Debian's Firefox (250 MB); tests/firefox/REPORT.md
	tests/install-packages firefox-esr
	tests/firefox/run

# Peers that nothing but the bench needs: a process for each connection without WebSocket, and chat servers. What
# several machines take is measured as root alone.
bench: build ## measures beside other servers, some thirty minutes; bench/REPORT.md
	tests/install-packages ucspi-tcp prosody ejabberd redis-server redis-sentinel
	bench/run --full

install: build stage ## into PREFIX (/usr/local), DESTDIR before it

# What `install` puts where, without building; the package and the tests of web servers start from this.
# A configuration that is there already stays; a newer one goes beside it, as FILE.new.
CONF := administration.ini apache.conf apache-sites.conf behind-a-proxy.ini chat.ini nginx.conf nginx-sites.conf sites.ini stand-alone.ini turnserver.conf
UNITS := websocketd-rs.service websocketd-rs.socket websocketd-rs@.service chat-expire.service chat-expire.timer
UNITS += chat-jwks@.service chat-jwks@.timer chat-expire@.service chat-expire@.timer chat-filter@.service
UNITS += chat-hooks.service chat-hooks@.service chat-relay.service chat-relay@.service
UNITS += chat-metrics.service chat-metrics@.service
UNITS += chat-web.service chat-sample.service chat-sample.timer chat-web@.service chat-sample@.service chat-sample@.timer
SHARE := $(DESTDIR)$(PREFIX)/share
# chat.ini may hold the relay's secret: for the service and nobody else. Only root can give a file to a group.
SECRET_GROUP = $$([[ $$mode != 640 || $$EUID -ne 0 ]] || echo -g www-data)
# The files in conf/ name the places of a plain `make install`.
AT_ITS_PLACE = sed -e 's|^; PAGES_DIR=$$|PAGES_DIR=/usr/local/share/websocketd-rs/htdocs|' -e 's|/usr/local/|$(PREFIX)/|g' -e 's|/etc/websocketd-rs|$(SYSCONFDIR)/websocketd-rs|g'
stage:
	install -D -t $(DESTDIR)$(PREFIX)/bin $(addprefix $(BIN)/,websocketd-rs chat-handler chatctl chat-opensso chat-hooks chat-relay)
	install -D $(BIN)/chat-cgi $(DESTDIR)$(PREFIX)/lib/websocketd-rs/cgi/api
	ln -sf api $(DESTDIR)$(PREFIX)/lib/websocketd-rs/cgi/Heartbeat
	install -D $(BIN)/chat-web $(DESTDIR)$(PREFIX)/lib/websocketd-rs/administration/api
	rm -rf $(SHARE)/websocketd-rs/htdocs $(SHARE)/websocketd-rs/php
	cd htdocs && find . -type f ! -path './php/*' -exec install -D -m 644 {} $(SHARE)/websocketd-rs/htdocs/{} ';'
	install -D -m 644 -t $(SHARE)/websocketd-rs/php htdocs/php/*.php
	$(AT_ITS_PLACE) conf/certbot-hook | install -m 755 /dev/stdin $(SHARE)/websocketd-rs/certbot-hook
	install -D -m 644 -t $(SHARE)/websocketd-rs/fail2ban conf/fail2ban/*.conf
	install -D -m 644 -t $(SHARE)/websocketd-rs/apparmor conf/apparmor/websocketd-rs-chat
	install -D -m 644 -t $(SHARE)/websocketd-rs/prometheus conf/prometheus/alerts.yml
	install -D -m 644 -t $(SHARE)/websocketd-rs/grafana conf/grafana/dashboard.json
	install -D -t $(SHARE)/websocketd-rs/hooks conf/hooks/words.py conf/hooks/penalties.py conf/hooks/slack.py conf/hooks/links.php
	install -D -m 644 -t $(SHARE)/websocketd-rs/hooks conf/hooks/hook.py
	for name in $(notdir $(wildcard conf/cluster/*)); do \
	  $(AT_ITS_PLACE) conf/cluster/$$name | install -D -m 644 /dev/stdin $(SHARE)/websocketd-rs/cluster/$$name; done
	install -D -m 644 -t $(SHARE)/man/man1 docs/man/*.1
	install -D -m 644 -t $(SHARE)/man/man5 docs/man/*.5
	$(AT_ITS_PLACE) conf/sites.conf | install -m 644 /dev/stdin $(SHARE)/websocketd-rs/sites.conf
	install -D -m 644 -t $(SHARE)/bash-completion/completions conf/completions/*.bash
	for name in chatctl websocketd-rs; do \
	  mv $(SHARE)/bash-completion/completions/$$name.bash $(SHARE)/bash-completion/completions/$$name; done
	install -D -m 644 -t $(SHARE)/zsh/vendor-completions conf/completions/_*
	install -D -m 644 -t $(SHARE)/fish/vendor_completions.d conf/completions/*.fish
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(SYSCONFDIR)/websocketd-rs/sites.d $(DESTDIR)$(SYSCONFDIR)/logrotate.d
	for unit in $(UNITS); do \
	  $(AT_ITS_PLACE) conf/$$unit | install -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit; done
	put() { file=$(DESTDIR)$(SYSCONFDIR)/$$2; mode=$${3:-644}; text=$$($(AT_ITS_PLACE) $$1; echo .); \
	  if [[ -e $$file ]]; then \
	    cmp -s $$file <(printf %s "$${text%.}") && return; echo "$$file stays as it is; see $$file.new"; file=$$file.new; fi; \
	  printf %s "$${text%.}" | install $(SECRET_GROUP) -m $$mode /dev/stdin $$file; }; \
	for name in $(filter-out chat.ini,$(CONF)); do put conf/$$name websocketd-rs/$$name; done; \
	put conf/chat.ini websocketd-rs/chat.ini 640; \
	put logrotate/websocketd-rs-chat logrotate.d/websocketd-rs-chat

package: build ## a Debian package, target/websocketd-rs_VERSION_ARCH.deb
	packaging/build

release: static ## an archive to unpack at / on another machine, with its SHA-256 sum, in target/
	packaging/release

image: static ## an image for containers, by podman, buildah or docker; IMAGE=debian: one with a shell
	IMAGE='$(IMAGE)' packaging/image

clean: ## what was built; var/ stays
	$(CARGO) clean
