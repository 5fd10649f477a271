# Two commands matter: `make demo` and `make test`. Each installs what is missing (nothing, when nothing is) and needs no other.
.DEFAULT_GOAL := help
.PHONY: help demo test bench peers lint data setup

LISTEN ?= 127.0.0.1:8080
cargo := cargo --locked

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## build, import data/sample into ./wangge-demo.gpkg, serve it at http://127.0.0.1:8080
	@tools/setup build
	$(cargo) build --release
	@exec target/release/wangge demo --listen $(LISTEN)

test: ## every test: Rust, other programs reading our files, a browser using the page
	@tools/setup build clients web
	$(cargo) build --release
	$(cargo) test --release
	.venv/bin/python -m pytest -q tests/clients
	cd web && npm run --silent build && git diff --exit-code --stat -- dist
	cd web && npm test

bench: ## the benches, with ratios to the obvious way of doing it
	@tools/setup build
	$(cargo) bench

peers: ## install other programs that locate points, compare with them, write docs/COMPARE.md
	@tools/setup build peers
	$(cargo) bench --bench peers -- everyone

lint: ## formatting, clippy, types of the page, licences and bans
	@tools/setup build web deny
	$(cargo) fmt --check
	$(cargo) clippy --all-targets -- -D warnings
	cargo deny --locked check bans licenses sources
	cd web && npm run --silent check

data: ## write data/sample anew; the same bytes every time
	@tools/setup build
	$(cargo) run --release --example sample -- data/sample
	git diff --stat --exit-code -- data/sample

setup: ## install everything that any of these needs
	@tools/setup build clients web
